import { isRunning, killProcess, stopProcess, type KnownProcess } from "./known-process.ts";
import { startServer, waitReady, type ServerCommand } from "./server-process.ts";
import type { ServerState } from "./home.ts";

/** A server that ran and answered already is given this long to answer again before it counts as hung. */
const HUNG_MS = 30_000;

/** What one server is made from. */
export interface ServerParts {
  readonly name: string;
  readonly log: string;
  readonly port: number;
  /** The process that already serves, where there is one. */
  readonly known: KnownProcess | null;
  readonly answers: () => Promise<boolean>;
  /** Writes what it needs and gives the command, before each start. */
  readonly prepare: () => Promise<ServerCommand>;
}

/** One server of a stack: started, found again, ended, started again on the same port and data. */
export class Server {
  readonly #parts: ServerParts;
  #known: KnownProcess | null;
  #isOurs = false;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#known = parts.known;
  }

  get port(): number {
    return this.#parts.port;
  }

  /** What the state file says of it; pid 0 where it does not run. */
  get state(): ServerState {
    const known = this.#known ?? { pid: 0, startedAt: "" };
    return { pid: known.pid, startedAt: known.startedAt, port: this.port, log: this.#parts.log };
  }

  get isRunning(): boolean {
    return this.#known !== null && isRunning(this.#known);
  }

  /** Whether this call's stack started it, and so ends it. */
  get isOurs(): boolean {
    return this.#isOurs;
  }

  /**
   * Starts it, unless it runs. `onSpawn` is told of the process before it opens its data.
   * @throws StackError `START_FAILED`.
   */
  async start(onSpawn: (known: KnownProcess) => void, signal?: AbortSignal): Promise<void> {
    if (this.isRunning) return;
    const known = startServer(await this.#parts.prepare(), (spawned) => {
      this.#known = spawned;
      this.#isOurs = true;
      onSpawn(spawned);
    });
    await waitReady({ ...this.#parts, ...known }, this.#parts.answers, { signal });
  }

  /** Ends it: in order, or as a crash. */
  async end(how: "SIGTERM" | "SIGKILL"): Promise<void> {
    const known = this.#known;
    this.#known = null;
    if (known === null) return;
    await (how === "SIGTERM" ? stopProcess(known) : killProcess(known));
  }
}

/**
 * Whether a server of the state file still serves. One that runs but does not answer, and does not come to, is ended:
 * it would keep its data locked.
 */
export async function isServing(
  server: ServerState,
  answers: (port: number) => Promise<boolean>,
): Promise<boolean> {
  if (!isRunning(server)) return false;
  const named = { ...server, name: "the server" };
  try {
    await waitReady(named, () => answers(server.port), { msMax: HUNG_MS });
    return true;
  } catch {
    await stopProcess(server);
    return false;
  }
}
