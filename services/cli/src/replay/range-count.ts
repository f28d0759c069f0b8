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

/** Counts one range while it is read. */
export class RangeCount {
  readonly #range: Required<ReadRange>;
  readonly #wanted: ReadonlySet<string> | null;
  readonly #budget: KeyBudget;
  readonly #offsets = new OffsetSet();
  readonly #keys = new Map<string, number>();
  #records = 0;
  #events = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  /** @param wanted record keys as UTF-8; null: all. */
  constructor(
    range: Required<ReadRange>,
    of: { readonly wanted: ReadonlySet<string> | null; readonly budget: KeyBudget },
  ) {
    this.#range = range;
    this.#wanted = of.wanted;
    this.#budget = of.budget;
  }

  note({ key, offset, timestampMs }: SourceRecord): void {
    this.#records += 1;
    const wanted = this.#wanted;
    if (wanted !== null && (key === null || !wanted.has(Buffer.from(key).toString()))) return;
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
      },
      offsets: this.#offsets,
      keys: this.#keys,
    };
  }

  #noteKey(name: string): void {
    const count = this.#keys.get(name);
    if (count === undefined) this.#budget.left -= 1;
    if (count !== undefined || this.#budget.left >= 0) this.#keys.set(name, (count ?? 0) + 1);
  }
}
