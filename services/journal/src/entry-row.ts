/** An entry as a row of the table `entries`, and back. */
import {
  asEpoch,
  asJob,
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  type JournalAttempt,
  type JournalBody,
  type JournalEntry,
  type JournalKey,
} from "@millrace/engine";
import type { IndexedEntry } from "./indexed-entry.ts";
import type { SqlValue } from "./sqlite.ts";
import type { TextTable } from "./text-table.ts";

/** Where a page stands in the journal's topic. */
export interface PagePlace {
  readonly partition: number;
  readonly offset: number;
}

/** A row as the database gives it; texts by number. */
export interface EntryRow {
  readonly settled_at: number;
  readonly page_partition: number;
  readonly page_offset: number;
  readonly position: number;
  readonly target: number;
  readonly topic: number;
  readonly partition: number;
  readonly offset: number;
  readonly epoch: number;
  readonly key: string | Uint8Array | null;
  readonly event_id: string | null;
  readonly source: number | null;
  readonly type: number | null;
  readonly tenant: number;
  readonly outcome: number;
  readonly reason: number | null;
  readonly detail: string | null;
  readonly revision: number;
  readonly trace_id: string | null;
  readonly attempt_count: number;
  readonly attempts: string;
  readonly job: number | null;
  readonly request: string | null;
}

/** Takes the values of {@link entryValues}. */
export const INSERT_ENTRY = `INSERT INTO entries (
  settled_at, page_partition, page_offset, position, target, topic, partition, offset, epoch, key, event_id, source, type,
  tenant, outcome, reason, detail, revision, trace_id, attempt_count, attempts, status, job, request
) VALUES (${Array.from({ length: 24 }, () => "?").join(", ")})`;

/** An entry as the values of its row, in the order of {@link INSERT_ENTRY}. */
export function entryValues(
  entry: JournalEntry,
  at: { readonly place: PagePlace; readonly position: number; readonly target: number },
  texts: TextTable,
): SqlValue[] {
  const { source, type, reason, job, attempts } = entry;
  return [
    ...[entry.settledAt, at.place.partition, at.place.offset, at.position],
    ...[at.target, texts.idOf(entry.topic), entry.partition, entry.offset, entry.epoch],
    keyValue(entry.key),
    entry.id,
    source === null ? null : texts.idOf(source),
    type === null ? null : texts.idOf(type),
    ...[texts.idOf(entry.tenant), texts.idOf(entry.outcome)],
    reason === null ? null : texts.idOf(reason),
    entry.detail,
    texts.idOf(entry.mappingRevision),
    ...[entry.traceId, entry.attemptCount, attemptsText(attempts, entry.settledAt)],
    attempts.at(-1)?.status ?? null,
    job === null ? null : texts.idOf(job),
    entry.request === null ? null : JSON.stringify(bodyRow(entry.request)),
  ];
}

/** A key that is no text is told apart from a text by being bytes: those of its hex. */
export function keyValue(key: JournalKey | null): SqlValue {
  return key === null || typeof key === "string" ? key : Buffer.from(key.hex);
}

/** The entry of a row. */
export function entryOf(row: EntryRow, texts: TextTable): IndexedEntry {
  const { source, type, reason, job } = row;
  return {
    target: asTarget(texts.textOf(row.target)),
    topic: asTopic(texts.textOf(row.topic)),
    partition: asPartition(row.partition),
    offset: asOffset(row.offset),
    epoch: asEpoch(row.epoch),
    key: keyOf(row.key),
    id: row.event_id,
    source: source === null ? null : texts.textOf(source),
    type: type === null ? null : texts.textOf(type),
    tenant: texts.textOf(row.tenant),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- checked when the page was read
    outcome: texts.textOf(row.outcome) as JournalEntry["outcome"],
    reason: reason === null ? null : texts.textOf(reason),
    detail: row.detail,
    mappingRevision: texts.textOf(row.revision),
    settledAt: row.settled_at,
    traceId: row.trace_id,
    attemptCount: row.attempt_count,
    attempts: attemptsOf(row.attempts, row.settled_at),
    job: job === null ? null : asJob(texts.textOf(job)),
    request: requestOf(row.request),
  };
}

function keyOf(value: EntryRow["key"]): JournalKey | null {
  return value instanceof Uint8Array ? { hex: Buffer.from(value).toString() } : value;
}

/** Text, bytes, and why there is no text. */
type BodyRow = readonly [string | null, number, string | null];
/** How long before the end it started, how long it took, how it ended, with what status; id of the call and answer, if any. */
type AttemptRow = readonly [number, number, string, number | null, (string | null)?, BodyRow?];

function attemptsText(attempts: readonly JournalAttempt[], settledAt: number): string {
  return JSON.stringify(
    attempts.map(({ startedAt, durationMs, end, status, requestId, answer }): AttemptRow => {
      const row = [settledAt - startedAt, durationMs, end, status] as const;
      if (answer !== null) return [...row, requestId, bodyRow(answer)];
      return requestId === null ? row : [...row, requestId];
    }),
  );
}

function bodyRow({ text, byteCount, withheld }: JournalBody): BodyRow {
  return [text, byteCount, withheld];
}

function bodyOf([text, byteCount, withheld]: BodyRow): JournalBody {
  return { text, byteCount, withheld };
}

function requestOf(text: string | null): JournalBody | null {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- what entryValues has written
  return text === null ? null : bodyOf(JSON.parse(text) as BodyRow);
}

function attemptsOf(text: string, settledAt: number): readonly JournalAttempt[] {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- what attemptsText has written
  const rows = JSON.parse(text) as readonly AttemptRow[];
  return rows.map(([beforeMs, durationMs, end, status, requestId = null, answer]) => ({
    ...{ startedAt: settledAt - beforeMs, durationMs, end, status, requestId },
    answer: answer === undefined ? null : bodyOf(answer),
  }));
}
