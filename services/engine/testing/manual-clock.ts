import type { Cancel, Clock } from "../src/ports.ts";

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/** Time that moves when a test says so. */
export class ManualClock implements Clock {
  #now = 1_000;
  readonly #tasks = new Set<Task>();

  /** Tasks that wait. */
  get taskCount(): number {
    return this.#tasks.size;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const task = { at: this.#now + Math.max(0, delayMs), run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  /** Moves time on, task by task; what promises await happens between them. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#tasks.delete(next);
      this.#now = next.at;
      next.run();
      await settled();
    }
    this.#now = end;
  }

  #next(end: number): Task | undefined {
    let next: Task | undefined;
    for (const task of this.#tasks) {
      if (task.at <= end && (next === undefined || task.at < next.at)) next = task;
    }
    return next;
  }
}

/** Resolves when all that promises have led to so far is done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
