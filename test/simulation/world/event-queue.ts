/** Time of a simulation: a heap of (time, order), moved from event to event. Nothing else in a world knows the time. */
import type { Cancel } from "@millrace/engine";

/**
 * Times are whole multiples of this many parts of a ms, so that they add up exactly: an event never comes too early by
 * an error of rounding, which the engine would answer by asking for it again, without end.
 */
const PARTS = 1_024;

/** Something that happens at a time. */
interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** The one queue of a world. Events of one time run in the order in which they were planned. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #now = 0;
  #order = 0;
  #ranCount = 0;

  /** Simulated milliseconds since the run began, with fractions. */
  get now(): number {
    return this.#now;
  }

  /** Events that have run. */
  get ranCount(): number {
    return this.#ranCount;
  }

  /** When the next event runs; Infinity when none is planned. */
  get nextAt(): number {
    this.#dropCancelled();
    return this.#heap[0]?.at ?? Infinity;
  }

  /** Plans `run` in `delayMs` or a trifle later; less than 0 counts as 0. */
  after(delayMs: number, run: () => void): Cancel {
    this.#order += 1;
    const at = this.#now + Math.ceil(Math.max(0, delayMs) * PARTS) / PARTS;
    const event: Event = { at, order: this.#order, run, isCancelled: false };
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Runs the next event; false when none is left. */
  runNext(): boolean {
    this.#dropCancelled();
    const event = this.#pop();
    if (event === undefined) return false;
    this.#now = event.at;
    this.#ranCount += 1;
    event.run();
    return true;
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.isCancelled === true) this.#pop();
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = heap[leftIndex];
      if (left === undefined) break;
      const right = heap[leftIndex + 1];
      const isRight = right !== undefined && isBefore(right, left);
      const least = isRight ? right : left;
      if (isBefore(last, least)) break;
      heap[index] = least;
      index = isRight ? leftIndex + 1 : leftIndex;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
