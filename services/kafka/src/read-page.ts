import { asOffset, type Offset, type SourceRecord } from "@millrace/engine";
import type { LogReader, ReadRange } from "./log-reader.ts";

/** How much a page holds at most: the record that reaches a bound is its last. */
export interface PageBounds {
  readonly countMax: number;
  /** Of keys and values; Infinity: no bound. */
  readonly bytesMax: number;
}

/** The first records of a range. */
export interface Page {
  readonly records: readonly SourceRecord[];
  /** Where the next page begins. */
  readonly next: Offset;
}

/**
 * Reads the first page of a range.
 * @throws MillraceError as `LogReader.read`.
 */
export async function readPage(
  reader: LogReader,
  range: ReadRange & { readonly to: Offset },
  { countMax, bytesMax }: PageBounds,
): Promise<Page> {
  const records: SourceRecord[] = [];
  let bytes = 0;
  for await (const batch of reader.read([range])) {
    for (const record of batch.records) {
      records.push(record);
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
      if (records.length < countMax && bytes < bytesMax) continue;
      return { records, next: asOffset(record.offset + 1) };
    }
  }
  return { records, next: range.to };
}
