import { asEpoch, asJob, asOffset, asPartition, asTarget, asTopic } from "@millrace/engine";
import type { IndexedEntry, JournalQuery } from "@millrace/journal";
import { describe, expect, it } from "vitest";
import type { AskedEvent } from "./asked-event.ts";
import { earlierEntry } from "./earlier-entry.ts";

function entry(offset: number, settledAt: number, of: Partial<IndexedEntry> = {}): IndexedEntry {
  return {
    ...{ target: asTarget("crm"), topic: asTopic("users"), partition: asPartition(3) },
    ...{ offset: asOffset(offset), epoch: asEpoch(1), key: "k", id: null, source: null },
    ...{ type: null, tenant: "default", outcome: "delivered", reason: null, detail: null },
    ...{ mappingRevision: "r", settledAt, traceId: null, attemptCount: 0, attempts: [] },
    ...{ job: null, request: null },
    ...of,
  };
}

/** A journal that has these; it knows what it is asked for. */
function journalOf(entries: readonly IndexedEntry[]) {
  return {
    find({ key, place, target, from = 0, to = Infinity }: JournalQuery) {
      const found = entries.filter(
        (one) =>
          one.target === target &&
          one.settledAt >= from &&
          one.settledAt < to &&
          (key === undefined || one.key === key) &&
          (place === undefined ||
            (one.partition === place.partition && one.offset === place.offset)),
      );
      return { entries: found, skipped: [], next: null };
    },
  };
}

const event: AskedEvent = {
  ...{ place: { topic: "users", partition: 3, offset: 42 }, key: "k", producedAt: 100 },
  told: { entries: [], skipped: [], next: null },
};
const offsetOf = (entries: readonly IndexedEntry[], order: "key" | "none" | "partition") => {
  const found = earlierEntry(journalOf(entries), event, { name: "crm", order });
  return found === null ? null : [found.offset, found.settledAt];
};

describe("the event before one in its lane", () => {
  it("is the last of its key, as it settled first", () => {
    const entries = [entry(38, 110), entry(40, 130), entry(40, 120), entry(43, 90)];

    expect(offsetOf(entries, "key")).toEqual([40, 120]);
  });

  it("is none of another key, partition or target, none of a replay, and none that settled before the event was there", () => {
    const entries = [
      entry(41, 120, { key: "other" }),
      entry(41, 120, { partition: asPartition(4) }),
      entry(41, 120, { target: asTarget("audit") }),
      entry(41, 120, { job: asJob("j") }),
      entry(41, 99),
    ];

    expect(offsetOf(entries, "key")).toBeNull();
  });

  it("is none that settled after the event itself had", () => {
    const journal = journalOf([entry(40, 150), entry(38, 110)]);
    const told = { ...event.told, entries: [entry(42, 130)] };

    const found = earlierEntry(journal, { ...event, told }, { name: "crm", order: "key" });
    expect(found?.offset).toBe(38);
  });

  it("is the one before it in the log where the partition is in order, whatever its key", () => {
    const entries = [entry(39, 130, { key: "other" }), entry(20, 110)];

    expect(offsetOf(entries, "partition")).toEqual([39, 130]);
    expect(offsetOf([entry(20, 110)], "partition")).toBeNull();
  });

  it("is not there where nothing is in order", () => {
    expect(offsetOf([entry(41, 120)], "none")).toBeNull();
  });
});
