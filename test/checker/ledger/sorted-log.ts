import type { Ledger } from "./ledger.ts";
import type { SourceRecord, Stream } from "./rows.ts";

/** Puts each stream's records in order. */
export function sortLog({ streams }: Ledger): void {
  for (const stream of streams) stream.logged = sortedRecords(stream);
}

function sortedRecords({ records }: Stream): SourceRecord[] {
  const logged: SourceRecord[] = [];
  let isAscending = true;
  for (const record of records.values()) {
    if (record.logCount === 0) continue;
    if (record.offset < (logged.at(-1)?.offset ?? 0)) isAscending = false;
    logged.push(record);
  }
  return isAscending ? logged : logged.sort((a, b) => a.offset - b.offset);
}
