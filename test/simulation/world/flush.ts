/**
 * Runs what promises wait for, between two events. Only where a promise has come up or settled since the last time: the
 * engine is used through promises around port calls alone, and most events touch none.
 */
import { promiseHooks } from "node:v8";

/** Whether anything may wait for its microtask. */
export class PromiseWatch {
  #hasMoved = true;
  readonly #stop: () => void;

  constructor() {
    const note = (): void => {
      this.#hasMoved = true;
    };
    const stops: unknown[] = [promiseHooks.onInit(note), promiseHooks.onSettled(note)];
    this.#stop = () => {
      for (const stop of stops) if (isStop(stop)) stop();
    };
  }

  get hasMoved(): boolean {
    return this.#hasMoved;
  }

  /** Everything that follows from what has happened has happened when `then` is called. */
  flush(then: () => void): void {
    setImmediate(() => {
      this.#hasMoved = false;
      then();
    });
  }

  /** Ends the watch. */
  stop(): void {
    this.#stop();
  }
}

function isStop(stop: unknown): stop is () => void {
  return typeof stop === "function";
}
