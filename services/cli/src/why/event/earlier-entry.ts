import type { JournalEntry, Order } from "@millrace/engine";
import { LIMIT_MAX } from "@millrace/journal";
import type { Journal } from "../../journal-access.ts";
import { isLive, isOfPartition, type AskedEvent } from "./asked-event.ts";

/** Offsets that are looked at before an event whose target wants the whole partition in order. */
const BEFORE_MAX = 16;

/** A target that an event goes to. */
export interface EntryTarget {
  readonly name: string;
  readonly order: Order;
}

/** The entry of the last event before this one in its lane, as it first settled; null where the journal knows none. */
export function earlierEntry(
  journal: Pick<Journal, "find">,
  event: AskedEvent,
  { name, order }: EntryTarget,
): JournalEntry | null {
  switch (order) {
    case "none":
      return null;
    case "key":
      return earlierOfKey(journal, event, name);
    case "partition":
      return earlierOfPartition(journal, event, name);
  }
}

/** One that settled before the event was produced, or after it had settled, held nothing up and is not looked for. */
function earlierOfKey(
  journal: Pick<Journal, "find">,
  { key, place, producedAt, told }: AskedEvent,
  target: string,
): JournalEntry | null {
  if (key === null || producedAt === null) return null;
  const own = firstOf(told.entries.filter((one) => one.target === target && isLive(one)));
  const until = own === null ? {} : { to: own.settledAt + 1 };
  const { entries } = journal.find({ key, target, from: producedAt, ...until, limit: LIMIT_MAX });
  const before = entries.filter((entry) => {
    return isOfPartition(place, entry) && entry.offset < place.offset && isLive(entry);
  });
  const offset = Math.max(...before.map((entry) => entry.offset));
  return firstOf(before.filter((entry) => entry.offset === offset));
}

function earlierOfPartition(
  journal: Pick<Journal, "find">,
  { place }: AskedEvent,
  target: string,
): JournalEntry | null {
  const end = Math.max(0, place.offset - BEFORE_MAX);
  for (let offset = place.offset - 1; offset >= end; offset -= 1) {
    const { entries } = journal.find({ place: { ...place, offset }, target, limit: LIMIT_MAX });
    const found = firstOf(entries.filter(isLive));
    if (found !== null) return found;
  }
  return null;
}

function firstOf(entries: readonly JournalEntry[]): JournalEntry | null {
  return entries.toSorted((one, other) => one.settledAt - other.settledAt)[0] ?? null;
}
