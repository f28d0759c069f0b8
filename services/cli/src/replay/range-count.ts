import { runLengths } from "@millrace/control";
import { journalKey, type JournalKey, type SourceRecord } from "@millrace/engine";
import type { ReadRange } from "@millrace/kafka";
import { OffsetSet } from "./offset-set.ts";
import type { PlannedRange } from "./saved-plan.ts";

/** Keys of all ranges that are told apart; of further ones only their events are counted. */
export const KEYS_MAX = 500_000;

/** What is left of {@link KEYS_MAX}; below 0: not all keys are known. */
export interface KeyBudget {
  left: number;
}

/** What a replay of a range would send. */
export interface CountedRange {
  readonly planned: PlannedRange;
  /** Where the events that are meant stand. */
  readonly offsets: OffsetSet;
  /** How many of them a key has, by {@link keyName}. */
  readonly keys: ReadonlyMap<string, number>;
}

/** Tells keys apart, as far as the journal does. */
export function keyName(key: JournalKey): string {
  return typeof key === "string" ? `"${key}` : key.hex;
}

/** A key as people read it: its text, or hex. */
export function keyOfName(name: string): string {
  return name.startsWith('"') ? name.slice(1) : name;
}

/** What a range's counting shares with others, and whether it notes at which offsets the events stand. */
export interface CountOptions {
  readonly budget: KeyBudget;
  readonly notesRuns: boolean;
}

/** Counts one range while it is read. */
export class RangeCount {
  readonly #range: Required<ReadRange>;
  readonly #budget: KeyBudget;
  readonly #runs: { from: number; to: number }[] | null;
  readonly #offsets = new OffsetSet();
  readonly #keys = new Map<string, number>();
  #wasMeant = false;
  #records = 0;
  #events = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  constructor(range: Required<ReadRange>, { budget, notesRuns }: CountOptions) {
    this.#range = range;
    this.#budget = budget;
    this.#runs = notesRuns ? [] : null;
  }

  /** Takes a record of the range; offsets ascend. */
  note({ key, offset, timestampMs }: SourceRecord, isMeant: boolean): void {
    this.#records += 1;
    if (this.#runs !== null) this.#noteRun(this.#runs, offset, isMeant);
    if (!isMeant) return;
    this.#events += 1;
    this.#offsets.add(offset);
    this.#firstMs = Math.min(this.#firstMs, timestampMs);
    this.#lastMs = Math.max(this.#lastMs, timestampMs);
    const known = journalKey(key);
    if (known !== null) this.#noteKey(keyName(known));
  }

  get counted(): CountedRange {
    const { topic, partition, from, to } = this.#range;
    const time = (ms: number): string | null =>
      this.#events === 0 ? null : new Date(ms).toISOString();
    return {
      planned: {
        ...{ topic, partition, from: String(from), to: String(to) },
        ...{ records: this.#records, events: this.#events },
        ...{ first: time(this.#firstMs), last: time(this.#lastMs), firstTime: null },
        only: this.#runs === null ? null : runLengths(from, this.#runs),
      },
      offsets: this.#offsets,
      keys: this.#keys,
    };
  }

  /** No record lies between two that follow each other, so that a run may go over a gap. */
  #noteRun(runs: { from: number; to: number }[], offset: number, isMeant: boolean): void {
    const last = this.#wasMeant ? runs.at(-1) : undefined;
    if (isMeant && last !== undefined) last.to = offset + 1;
    else if (isMeant) runs.push({ from: offset, to: offset + 1 });
    this.#wasMeant = isMeant;
  }

  #noteKey(name: string): void {
    const count = this.#keys.get(name);
    if (count === undefined) this.#budget.left -= 1;
    if (count !== undefined || this.#budget.left >= 0) this.#keys.set(name, (count ?? 0) + 1);
  }
}
