import type { Cancel, Clock } from "@millrace/engine";

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time of a simulation: moves from task to task, and what promises await happens in between. */
export class SimulatedClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #tasks = new Set<Task>();

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    this.#order += 1;
    const task = { at: this.#now + Math.max(0, delayMs), order: this.#order, run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  /** Runs the next task; false when none is left. */
  async step(): Promise<boolean> {
    await quiet();
    let next: Task | undefined;
    for (const task of this.#tasks) if (next === undefined || isBefore(task, next)) next = task;
    if (next === undefined) return false;
    this.#tasks.delete(next);
    this.#now = next.at;
    next.run();
    return true;
  }

  /** A clock of one process: the same time, until it dies with all that it has planned. */
  forProcess(): ProcessClock {
    return new ProcessClock(this);
  }
}

/** The clock of a process that may be killed. */
export class ProcessClock implements Clock {
  readonly #clock: SimulatedClock;
  #isDead = false;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  now(): number {
    return this.#clock.now();
  }

  wallNow(): number {
    return this.#clock.wallNow();
  }

  schedule(delayMs: number, run: () => void): Cancel {
    return this.#clock.schedule(delayMs, () => {
      if (!this.#isDead) run();
    });
  }

  /** Nothing planned happens any more, nor anything planned later. */
  kill(): void {
    this.#isDead = true;
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}

/** Resolves when nothing more follows from what has happened. */
function quiet(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
