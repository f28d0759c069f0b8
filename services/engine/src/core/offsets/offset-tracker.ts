/**
 * Which offsets of a partition are settled, from the committable one up. Owns nothing else.
 *
 * Tracked offsets ascend; each has a sequence number, consecutive from 0, by which it is settled in constant time.
 * Offsets that were never tracked (compaction, transactions) count as settled once a higher one is tracked. What an
 * earlier owner settled is carried: it stays in the done set until it is tracked here, however late that is.
 *
 * I1: `committable` is the lowest unsettled offset, else the highest settled + 1; it never goes back.
 */
import { assert } from "../../errors.ts";
import { asOffset, type Offset } from "../lanes/identity.ts";
import { encodeDoneSet, type DoneRun } from "./done-set.ts";

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
  #runCount = 0;
  #next: Offset;
  #highestSettled = -1;
  readonly #carried: readonly DoneRun[];
  /** First element of `#carried` that ends above `#next`. */
  #carriedIndex = 0;

  /**
   * @param committed the committed offset: the next one to read.
   * @param carried settled by earlier owners above it; ascending, disjoint.
   */
  constructor(committed: Offset, carried: readonly DoneRun[] = []) {
    this.#next = committed;
    this.#carried = carried;
  }

  /** The lowest offset that may still be tracked: one above the highest tracked so far. */
  get nextOffset(): Offset {
    return this.#next;
  }

  /** Tracked and not settled. */
  get unsettledCount(): number {
    return this.#unsettledCount;
  }

  /** Tracked and settled, above the committable offset. */
  get settledAbove(): number {
    return this.#offsets.length - this.#head - this.#unsettledCount;
  }

  /** Runs of settled offsets between tracked unsettled ones: what the done set's length grows with. */
  get runCount(): number {
    return this.#runCount;
  }

  /** Elements in memory, settled ones that wait to be cut off included. */
  get heldCount(): number {
    return this.#offsets.length;
  }

  /** The next offset to read, were the process to end now (I1). */
  get committable(): Offset {
    const lowest = this.#offsets[this.#head];
    if (lowest !== undefined) return asOffset(lowest);
    const carried = this.#carried[this.#carriedIndex];
    return asOffset(carried !== undefined && carried.from <= this.#next ? carried.to : this.#next);
  }

  /** Offsets from the committable one to the highest settled one tracked, both counted; 0 when there is none. */
  get span(): number {
    return Math.max(0, this.#highestSettled - this.committable + 1);
  }

  /** Whether an earlier owner settled this offset. */
  wasDone(offset: Offset): boolean {
    let index = this.#carriedIndex;
    while ((this.#carried[index]?.to ?? Infinity) <= offset) index += 1;
    return (this.#carried[index]?.from ?? Infinity) <= offset;
  }

  /** Offsets from one to below another that no earlier owner settled; nothing of them is tracked here. */
  undoneCount(from: Offset, to: Offset): number {
    let count = Math.max(0, to - from);
    for (const run of this.#carried) {
      count -= Math.max(0, Math.min(run.to, to) - Math.max(run.from, from));
    }
    return count;
  }

  /** Takes up an offset; gives its sequence number. */
  track(offset: Offset, isSettled: boolean): number {
    assert(offset >= this.#next, "I1: offsets are tracked once, ascending");
    const last = this.#offsets.length - 1;
    const isAdjacent = this.#offsets[last] === offset - 1;
    if (this.#settled[last] === false && (isSettled || !isAdjacent)) this.#runCount += 1;
    this.#offsets.push(offset);
    this.#settled.push(isSettled);
    this.#next = asOffset(offset + 1);
    while ((this.#carried[this.#carriedIndex]?.to ?? Infinity) <= this.#next)
      this.#carriedIndex += 1;
    if (isSettled) this.#noteSettled(offset);
    else this.#unsettledCount += 1;
    const sequence = this.#base + this.#offsets.length - 1;
    this.#advance();
    return sequence;
  }

  /** Settles a tracked offset, once. */
  settle(sequence: number): void {
    const index = sequence - this.#base;
    assert(index >= this.#head && this.#settled[index] === false, "I3: an offset settles once");
    if (this.#endsBeforeRun(index)) this.#runCount -= 1;
    this.#settled[index] = true;
    if (this.#settled[index - 1] === false && this.#isAdjacent(index - 1)) this.#runCount += 1;
    this.#unsettledCount -= 1;
    this.#noteSettled(this.#offsets[index] ?? -1);
    this.#advance();
  }

  /** The done set as commit metadata: what is settled above the committable offset. */
  metadata(): string {
    return encodeDoneSet(this.committable, this.#doneRuns());
  }

  /** Settled runs above the committable offset, ascending: those between tracked offsets, then the carried ones. */
  *#doneRuns(): Generator<DoneRun> {
    let from: number = this.committable;
    // Searched natively: a slow head leaves a span of a hundred thousand offsets, gone through at each commit.
    const nextUnsettled = (from: number): number => this.#settled.indexOf(false, from);
    for (let index = nextUnsettled(this.#head); index !== -1; index = nextUnsettled(index + 1)) {
      const unsettled = this.#offsets[index] ?? 0;
      if (unsettled > from) yield { from, to: unsettled };
      from = unsettled + 1;
    }
    if (this.#next > from) yield { from, to: this.#next };
    for (let index = this.#carriedIndex; index < this.#carried.length; index += 1) {
      const { from: start, to } = this.#carried[index] ?? { from: 0, to: 0 };
      from = Math.max(start, this.#next);
      if (from > this.committable) yield { from, to };
    }
  }

  #noteSettled(offset: number): void {
    if (offset > this.#highestSettled) this.#highestSettled = offset;
  }

  /** Whether a run of settled or never tracked offsets begins behind an unsettled element. */
  #endsBeforeRun(index: number): boolean {
    if (index + 1 >= this.#offsets.length) return false;
    return this.#settled[index + 1] === true || !this.#isAdjacent(index);
  }

  /** Whether the element behind an element is the next offset. */
  #isAdjacent(index: number): boolean {
    return (this.#offsets[index] ?? 0) + 1 === this.#offsets[index + 1];
  }

  #advance(): void {
    while (this.#settled[this.#head] === true) this.#head += 1;
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#offsets.length) return;
    this.#offsets = this.#offsets.slice(this.#head);
    this.#settled = this.#settled.slice(this.#head);
    this.#base += this.#head;
    this.#head = 0;
  }
}
