import {
  asOffset,
  type DoneRun,
  type Offset,
  type RecordBatch,
  type SourceRecord,
  type TopicPartition,
} from "@millrace/engine";
import type { LogReader, ReadRange } from "@millrace/kafka";

/** How long a batch may take to come, ms: a person waits for it. */
const READ_TIMEOUT_MS = 5_000;

/** A part of a partition, and what of it is settled. */
export interface Line extends TopicPartition {
  readonly from: Offset;
  /** Not part of it. */
  readonly to: Offset;
  /** Ascending, disjoint. */
  readonly doneRuns: readonly DoneRun[];
}

/**
 * - `record`: the first that is not settled.
 * - `none`: no record is left: compaction and transactions leave offsets without one.
 * - `unread`: nothing came in time from `from` on: a transaction is open there, or brokers do not answer.
 */
export type LineHead =
  | { readonly kind: "record"; readonly record: SourceRecord }
  | { readonly kind: "none" }
  | { readonly kind: "unread"; readonly from: Offset };

/** Finds the head of a line. Settled runs are jumped over, not read. @throws MillraceError as `LogReader.read`. */
export async function headOfLine(
  reader: Pick<LogReader, "read">,
  line: Line,
  timeout: () => AbortSignal = () => AbortSignal.timeout(READ_TIMEOUT_MS),
): Promise<LineHead> {
  const { topic, partition, to, doneRuns } = line;
  let from = line.from;
  for (;;) {
    from = firstOpen(doneRuns, from);
    if (from >= to) return { kind: "none" };
    const patience = timeout();
    const batch = await firstBatch(reader, { topic, partition, from, to }, patience);
    if (batch === null) return patience.aborted ? { kind: "unread", from } : { kind: "none" };
    const record = batch.records.find(({ offset }) => firstOpen(doneRuns, offset) === offset);
    if (record !== undefined) return { kind: "record", record };
    from = asOffset((batch.records.at(-1)?.offset ?? from) + 1);
  }
}

async function firstBatch(
  reader: Pick<LogReader, "read">,
  range: ReadRange,
  patience: AbortSignal,
): Promise<RecordBatch | null> {
  for await (const batch of reader.read([range], patience)) return batch;
  return null;
}

/** The lowest offset from `offset` on that is in no run. */
function firstOpen(runs: readonly DoneRun[], offset: Offset): Offset {
  const run = runs.find(({ from, to }) => from <= offset && offset < to);
  return run === undefined ? offset : asOffset(run.to);
}
