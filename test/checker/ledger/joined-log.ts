import type { Emission } from "./emissions.ts";
import type { Ledger } from "./ledger.ts";
import { NONE, type SourceRecord, type Stream } from "./rows.ts";

/** Puts each stream's records in order and tells each emission where the log holds it. */
export function joinLog({ streams, emissions }: Ledger): void {
  for (const stream of streams) {
    stream.logged = sortedRecords(stream);
    for (const { identity, offset } of stream.logged) {
      const emission = identity === NONE ? undefined : emissions.all.get(identity);
      if (emission !== undefined) find(emission, stream.partition, offset);
    }
  }
}

function find(emission: Emission, partition: number, offset: number): void {
  emission.foundCount += 1;
  if (emission.foundCount > 1) return;
  emission.foundPartition = partition;
  emission.foundOffset = offset;
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
