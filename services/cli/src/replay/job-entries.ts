/** What the journal knows of a replay's events. It informs: the counts that hold are those that the owners wrote. */
import type { IndexedEntry, JournalCursor, JournalIndex } from "@millrace/journal";
import { LIMIT_MAX } from "@millrace/journal";
import { setImmediate } from "node:timers/promises";
import { OffsetSet } from "./offset-set.ts";

/** Failed events that are named. */
const FAILURES_MAX = 100;

/** The journal's count of one partition: each event once, by its last entry. */
export interface JournalCount {
  readonly sent: number;
  readonly failed: number;
}

/** What is known of a job. */
export interface JobEntries {
  /** By `<topic>/<partition>`. */
  readonly counts: ReadonlyMap<string, JournalCount>;
  /** Some of the events that failed, the newest first. */
  readonly failures: readonly IndexedEntry[];
}

/** Reads the entries of a job, the newest first. */
export async function entriesOf(
  index: Pick<JournalIndex, "find">,
  job: string,
): Promise<JobEntries> {
  const counts = new Map<string, { sent: number; failed: number }>();
  const seen = new Map<string, OffsetSet>();
  const failures: IndexedEntry[] = [];
  let after: JournalCursor | null = null;
  do {
    const query = { job, limit: LIMIT_MAX, ...(after === null ? {} : { after }) };
    const answer = index.find(query);
    for (const entry of answer.entries) {
      const place = `${entry.topic}/${entry.partition}`;
      const offsets = seen.get(place) ?? new OffsetSet();
      seen.set(place, offsets);
      // Written again by a later owner: that one counted it.
      if (offsets.has(entry.offset)) continue;
      offsets.add(entry.offset);
      const count = counts.get(place) ?? { sent: 0, failed: 0 };
      counts.set(place, count);
      if (entry.outcome === "delivered") count.sent += 1;
      if (entry.outcome !== "failed") continue;
      count.failed += 1;
      if (failures.length < FAILURES_MAX) failures.push(entry);
    }
    after = answer.next;
    await setImmediate();
  } while (after !== null);
  return { counts, failures };
}
