/** Posts bodies through undici's `dispatch`, without promises: what a careful hand-written loop does. */
import { Pool, type Dispatcher } from "undici";

/** Posts a body; `onEnd` is told once, when it was answered 2xx. Anything else ends the program. */
export type Post = (body: string, idempotencyKey: string, onEnd: () => void) => void;

class Exchange implements Dispatcher.DispatchHandler {
  readonly #onEnd: () => void;
  #status = 0;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  onRequestStart(): void {
    // Nothing of it is needed.
  }

  onResponseStart(_controller: unknown, status: number): void {
    this.#status = status;
  }

  onResponseData(): void {
    // A target that answers 204 has nothing to say.
  }

  onResponseEnd(): void {
    if (this.#status >= 300) fail(`answered ${this.#status}`);
    this.#onEnd();
  }

  onResponseError(_controller: unknown, error: Error): void {
    fail(error.message);
  }
}

/** Opens a pool of so many connections. `more` is sent with every request. */
export function openPool(url: string, connections: number, more: readonly string[] = []): Post {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections, headersTimeout: 0, bodyTimeout: 0 });
  return (body, idempotencyKey, onEnd) => {
    const headers = [
      ...["content-type", "application/json", "idempotency-key", idempotencyKey],
      ...more,
    ];
    pool.dispatch({ method: "POST", path, headers, body }, new Exchange(onEnd));
  };
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
