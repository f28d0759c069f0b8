/** Keys of a plan that have had later events since: a target that keeps the last it is told would go back in time. */
import type { JournalEntry } from "@millrace/engine";
import { keyName, keyOfName, type CountedRange } from "./range-count.ts";

/** Keys that are named; further ones are counted. */
const NAMED_MAX = 20;

/** Keys that had live deliveries behind the range, as far as the journal knows. */
export interface LaterKeys {
  readonly count: number;
  /** Some of them, as UTF-8, else hex; not those that are personal data, unless asked for. */
  readonly keys: readonly string[];
  /** False: the plan has more keys than were looked for. */
  readonly isComplete: boolean;
}

/** Gathers the keys of one range, part by part. */
export class LaterKeyFinder {
  readonly #range: CountedRange;
  readonly #found = new Set<string>();

  constructor(range: CountedRange) {
    this.#range = range;
  }

  /** Takes what was delivered behind the range. */
  take(entries: readonly Pick<JournalEntry, "key" | "outcome">[]): void {
    for (const { key, outcome } of entries) {
      if (key === null || outcome !== "delivered") continue;
      const name = keyName(key);
      if (this.#range.keys.has(name)) this.#found.add(name);
    }
  }

  /** Whether every key of the range was found. */
  get hasAll(): boolean {
    return this.#found.size === this.#range.keys.size;
  }

  get keys(): readonly string[] {
    return Array.from(this.#found, keyOfName);
  }
}

/** Those of all ranges; of hidden ones the names are left out. */
export function laterKeysOf(
  found: readonly { readonly keys: readonly string[]; readonly isHidden: boolean }[],
  isComplete: boolean,
): LaterKeys {
  const shown = found.flatMap(({ keys, isHidden }) => (isHidden ? [] : keys.slice(0, NAMED_MAX)));
  return {
    count: found.reduce((sum, { keys }) => sum + keys.length, 0),
    keys: shown.slice(0, NAMED_MAX),
    isComplete,
  };
}

/** What a plan says of them; null where there is nothing to say. */
export function laterKeysText(later: LaterKeys, target: string): string | null {
  const { count, keys, isComplete } = later;
  if (count === 0) return null;
  const bound = isComplete ? "" : "at least ";
  const left = count - keys.length;
  const names = [...keys, ...(left > 0 && keys.length > 0 ? [`${left} more`] : [])].join(", ");
  const events = count === 1 ? "key has had later events" : "keys have had later events";
  return (
    `${bound}${count} ${events} than the range: where ${target} keeps the last it is told, it goes back in time ` +
    `(${names === "" ? "keys are personal data here: --unmask names them" : names})`
  );
}
