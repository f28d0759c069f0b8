/**
 * Which offsets of a partition are settled, from the committable one up. Owns nothing else.
 *
 * Tracked offsets ascend; each has a sequence number, consecutive from 0, by which it is settled in constant time.
 * Offsets that were never tracked (compaction, transactions) count as settled once a higher one is tracked.
 *
 * I1: `committable` is the lowest unsettled offset, else the highest tracked + 1; it never goes back.
 */
import { assert } from "../errors.ts";
import { asOffset, type Offset } from "./identity.ts";
import { encodeDoneSet } from "./done-set.ts";

/** Settled prefixes longer than this are cut from the arrays. */
const COMPACT_AT = 1_024;

/** Tracks one partition's offsets in one epoch. */
export class OffsetTracker {
  #offsets: number[] = [];
  #settled: boolean[] = [];
  /** Sequence number of element 0 of the arrays. */
  #base = 0;
  /** Index of the lowest unsettled element, or the arrays' length. */
  #head = 0;
  #unsettledCount = 0;
  #next: Offset;
  #highestSettled = -1;

  /** @param committed the committed offset: the next one to read. */
  constructor(committed: Offset) {
    this.#next = committed;
  }

  /** The lowest offset that may still be tracked: one above the highest tracked so far. */
  get nextOffset(): Offset {
    return this.#next;
  }

  /** Tracked and not settled. */
  get unsettledCount(): number {
    return this.#unsettledCount;
  }

  /** The next offset to read, were the process to end now (I1). */
  get committable(): Offset {
    return asOffset(this.#offsets[this.#head] ?? this.#next);
  }

  /** Offsets from the committable one to the highest settled one, both counted; 0 when none is settled above. */
  get span(): number {
    return Math.max(0, this.#highestSettled - this.committable + 1);
  }

  /** Takes up an offset; gives its sequence number. */
  track(offset: Offset, isSettled: boolean): number {
    assert(offset >= this.#next, "I1: offsets are tracked once, ascending");
    this.#offsets.push(offset);
    this.#settled.push(isSettled);
    this.#next = asOffset(offset + 1);
    if (isSettled) this.#noteSettled(offset);
    else this.#unsettledCount += 1;
    this.#advance();
    return this.#base + this.#offsets.length - 1;
  }

  /** Settles a tracked offset, once. */
  settle(sequence: number): void {
    const index = sequence - this.#base;
    assert(index >= this.#head && this.#settled[index] === false, "I3: an offset settles once");
    this.#settled[index] = true;
    this.#unsettledCount -= 1;
    this.#noteSettled(this.#offsets[index] ?? -1);
    this.#advance();
    this.#compact();
  }

  /** The done set as commit metadata: what is settled above the committable offset. */
  metadata(): string {
    if (this.span === 0) return "";
    return encodeDoneSet(this.committable, this.#highestSettled, this.#unsettledFrom());
  }

  *#unsettledFrom(): Generator<number> {
    for (let index = this.#head; index < this.#offsets.length; index += 1) {
      if (this.#settled[index] === false) yield this.#offsets[index] ?? 0;
    }
  }

  #noteSettled(offset: number): void {
    if (offset > this.#highestSettled) this.#highestSettled = offset;
  }

  #advance(): void {
    while (this.#settled[this.#head] === true) this.#head += 1;
  }

  #compact(): void {
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#offsets.length) return;
    this.#offsets = this.#offsets.slice(this.#head);
    this.#settled = this.#settled.slice(this.#head);
    this.#base += this.#head;
    this.#head = 0;
  }
}
