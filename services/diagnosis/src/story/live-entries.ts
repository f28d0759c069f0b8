import type { JournalEntry } from "@millrace/engine";
import type { DeliveryFacts } from "./event-facts.ts";

/** Entries, each once: a page may have been written twice. */
export function distinctEntries(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const named = entries.map((entry) => {
    const { epoch, job, outcome, settledAt } = entry;
    return [[epoch, job ?? "", outcome, settledAt].join("/"), entry] as const;
  });
  return [...new Map(named).values()];
}

/** Entries of the delivery itself, replays aside, in the order in which they settled. */
export function liveEntries({ entries }: Pick<DeliveryFacts, "entries">): readonly JournalEntry[] {
  return entries
    .filter(({ job }) => job === null)
    .sort((one, other) => one.settledAt - other.settledAt);
}
