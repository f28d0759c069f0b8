import type { Cancel, Clock } from "@millrace/engine";
import type { Attempt } from "./attempt.ts";

/** Which attempts are open, and what becomes of one whose deadline has come. */
export interface DeadlineOwner {
  /** May change while it is gone through. */
  readonly open: Iterable<Attempt>;
  readonly onDue: (attempt: Attempt) => void;
}

/**
 * The deadlines of all open attempts by one timer, set for the earliest: nearly every attempt is over long before, and a
 * timer of its own would be most of what it costs here.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #owner: DeadlineOwner;
  #setFor = Infinity;
  #cancel: Cancel = () => undefined;

  constructor(clock: Clock, owner: DeadlineOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Watches an attempt that has just been opened. */
  watch({ deadlineAt }: Attempt): void {
    if (deadlineAt < this.#setFor) this.#set(deadlineAt);
  }

  /** Watches nothing any more. */
  close(): void {
    this.#cancel();
    this.#setFor = -Infinity;
  }

  /**
   * In a process that stood still, timers come before sockets: what has been answered meanwhile is read first, or a
   * stall would repeat every call that was open.
   */
  #set(at: number): void {
    this.#cancel();
    this.#setFor = at;
    this.#cancel = this.#clock.schedule(at - this.#clock.now(), () => {
      const now = this.#clock.now();
      this.#cancel = this.#clock.schedule(0, () => this.#look(now));
    });
  }

  /** @param dueBy when the sockets had not been read yet: what became due since is due once they are read again. */
  #look(dueBy: number): void {
    this.#setFor = Infinity;
    let next = Infinity;
    for (const attempt of this.#owner.open) {
      if (attempt.deadlineAt <= dueBy) this.#owner.onDue(attempt);
      else next = Math.min(next, attempt.deadlineAt);
    }
    if (next < this.#setFor) this.#set(next);
  }
}
