/** Runs many seeds on a few processes. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SeedRange } from "./seed-worker.ts";
import { Tally, type FailedSeed, type TallyFigures } from "./tally.ts";

/** Seeds handed to a process at once. */
const RANGE_COUNT = 25;

/** A range takes a second or a few; a process that says nothing for so long never ends it, ms. */
const SILENCE_MS_MAX = 180_000;

const WORKER = fileURLToPath(new URL("./seed-worker.ts", import.meta.url));
const HOOK = new URL("./engine-hook.mjs", import.meta.url).href;

/** What to run, and for how long. */
export interface PoolOptions {
  readonly from: number;
  /** Infinity: until the time is over. */
  readonly count: number;
  readonly workerCount: number;
  /** Ends when so much time is over, ms; Infinity: never. */
  readonly msMax: number;
  /** Ends once there is a failed seed of this kind. */
  readonly stopsAt: (failed: FailedSeed) => boolean;
  /** A copy of the engine's workspace to run instead of it; null: none. */
  readonly enginePath: string | null;
  readonly onProgress: (tally: Tally) => void;
}

/**
 * Runs seeds until there are no more or the time is over.
 * @throws when a process ends by itself, its standard error says why, or does not end its range.
 */
export function runSeeds(options: PoolOptions): Promise<Tally> {
  return new Promise((resolve, reject) => {
    new Pool(options, resolve, reject).start();
  });
}

class Pool {
  readonly #options: PoolOptions;
  readonly #resolve: (tally: Tally) => void;
  readonly #reject: (error: Error) => void;
  readonly #tally = new Tally();
  readonly #endsAt: number;
  readonly #workers = new Set<ChildProcess>();
  readonly #watches = new Map<ChildProcess, NodeJS.Timeout>();
  #next: number;

  constructor(
    options: PoolOptions,
    resolve: (tally: Tally) => void,
    reject: (error: Error) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#next = options.from;
    this.#endsAt = performance.now() + options.msMax;
  }

  start(): void {
    const { workerCount, enginePath } = this.#options;
    const engine = enginePath === null ? {} : { MILLRACE_SIM_ENGINE: enginePath };
    for (let index = 0; index < workerCount; index += 1) {
      const worker = fork(WORKER, [], {
        execArgv: ["--conditions=millrace-source", "--import", HOOK],
        env: { ...process.env, ...engine },
      });
      this.#workers.add(worker);
      worker.on("message", (figures: TallyFigures) => this.#take(worker, figures));
      worker.on("exit", (code) => this.#ended(worker, code));
      this.#hand(worker);
    }
  }

  #hand(worker: ChildProcess): void {
    clearTimeout(this.#watches.get(worker));
    const { from, count, stopsAt } = this.#options;
    const left = from + count - this.#next;
    const isOver = performance.now() >= this.#endsAt;
    if (left <= 0 || isOver || this.#tally.failed.some(stopsAt)) {
      worker.disconnect();
      return;
    }
    const range: SeedRange = { from: this.#next, count: Math.min(RANGE_COUNT, left) };
    this.#next += range.count;
    this.#watches.set(
      worker,
      setTimeout(() => worker.kill("SIGKILL"), SILENCE_MS_MAX),
    );
    worker.send(range);
  }

  #take(worker: ChildProcess, figures: TallyFigures): void {
    this.#tally.merge(figures);
    this.#options.onProgress(this.#tally);
    this.#hand(worker);
  }

  #ended(worker: ChildProcess, code: number | null): void {
    this.#workers.delete(worker);
    clearTimeout(this.#watches.get(worker));
    if (code !== 0) {
      for (const other of this.#workers) other.disconnect();
      this.#reject(new Error(`a process of the simulation ended with ${String(code)}`));
    }
    if (this.#workers.size === 0) this.#resolve(this.#tally);
  }
}
