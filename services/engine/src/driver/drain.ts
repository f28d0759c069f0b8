import type { Clock } from "../ports.ts";

/** What an abandoned attempt's result and the last commit get, once the budget of a drain is over, ms. */
const DRAIN_GRACE_MS = 500;

/** What a drain works with. */
export interface DrainPorts {
  readonly clock: Clock;
  /** The budget is over: what is open is to be given up. */
  readonly giveUp: () => void;
  /** It is over; called once. */
  readonly onEnd: () => void;
}

/** A drain under way: over when someone says so, or a little later than its budget. */
export class Drain {
  /** Resolves when it is over. */
  readonly ended: Promise<void>;
  readonly #ports: DrainPorts;
  readonly #resolve: () => void;
  #hasEnded = false;

  constructor(ports: DrainPorts) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#ports = ports;
    this.ended = promise;
    this.#resolve = () => resolve(undefined);
  }

  /** Ends it. Idempotent. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#ports.onEnd();
    this.#resolve();
  }

  /** Has what is open given up when the budget is over, and ends a little later. May be called again. @param budgetMs may be Infinity. */
  bound(budgetMs: number): void {
    if (budgetMs === Infinity) return;
    const { clock, giveUp } = this.#ports;
    const cancel = clock.schedule(budgetMs, () => {
      if (this.#hasEnded) return;
      giveUp();
      const cancelEnd = clock.schedule(DRAIN_GRACE_MS, () => this.end());
      void this.ended.then(cancelEnd);
    });
    void this.ended.then(cancel);
  }
}
