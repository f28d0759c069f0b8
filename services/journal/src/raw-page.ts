/** A page as Avro has it, and as it is used: names in place of indexes, exact numbers. */
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
  type JournalSkip,
} from "@millrace/engine";
import type { JournalPage } from "./journal-page.ts";

/** Why decoded data is no page all the same. */
export class PageFault extends Error {
  override readonly name = "PageFault";
}

/**
 * The page that was decoded by the journal's schema.
 * @throws PageFault for an index of no text, a number beyond 2^53, an unknown outcome.
 */
export function pageOf(data: unknown): JournalPage {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- it was read as JOURNAL_SCHEMA
  const raw = data as RawPage;
  const named = namesOf(raw.texts);
  return {
    target: asTarget(raw.target),
    entries: raw.entries.map((entry) => entryOf(entry, named)),
    skipped: raw.skipped.map((skip) => skipOf(skip, named)),
  };
}

/** Index of a text. */
type Index = number;
type Long = number | bigint;

interface RawPage {
  readonly target: string;
  readonly entries: readonly RawEntry[];
  readonly skipped: readonly RawSkip[];
  readonly texts: readonly string[];
}

interface RawEntry {
  readonly topic: Index;
  readonly partition: number;
  readonly offset: Long;
  readonly epoch: Long;
  readonly key: string | { readonly hex: string } | null;
  readonly id: string | null;
  readonly source: Index | null;
  readonly type: Index | null;
  readonly tenant: Index;
  readonly outcome: Index;
  readonly reason: Index | null;
  readonly detail: string | null;
  readonly mappingRevision: Index;
  readonly settledAt: Long;
  readonly traceId: string | null;
  readonly attemptCount: number;
  readonly attempts: readonly RawAttempt[];
  readonly job: Index | null;
  readonly request: RawBody | null;
}

interface RawAttempt {
  readonly startedAt: Long;
  readonly durationMs: Long;
  readonly end: Index;
  readonly status: number | null;
  readonly requestId: string | null;
  readonly answer: RawBody | null;
}

interface RawBody {
  readonly text: string | null;
  readonly byteCount: Long;
  readonly withheld: Index | null;
}

interface RawSkip {
  readonly topic: Index;
  readonly partition: number;
  readonly from: Long;
  readonly to: Long;
  readonly epoch: Long;
  readonly mappingRevision: Index;
}

type Named = (index: Index) => string;

function namesOf(texts: readonly string[]): Named {
  return (index) => {
    const text = texts[index];
    if (text === undefined) throw new PageFault("an index points at no text");
    return text;
  };
}

function entryOf(raw: RawEntry, named: Named): JournalEntry {
  const { partition, id, detail, traceId, attemptCount, source, type, reason, job } = raw;
  return {
    topic: asTopic(named(raw.topic)),
    partition: asPartition(partition),
    offset: asOffset(exact(raw.offset)),
    epoch: asEpoch(exact(raw.epoch)),
    key: keyOf(raw.key),
    id,
    source: source === null ? null : named(source),
    type: type === null ? null : named(type),
    tenant: named(raw.tenant),
    outcome: outcomeOf(named(raw.outcome)),
    reason: reason === null ? null : named(reason),
    detail,
    mappingRevision: named(raw.mappingRevision),
    settledAt: exact(raw.settledAt),
    traceId,
    attemptCount,
    attempts: raw.attempts.map((attempt) => attemptOf(attempt, named)),
    job: job === null ? null : asJob(named(job)),
    request: bodyOf(raw.request, named),
  };
}

function attemptOf(
  { startedAt, durationMs, end, status, requestId, answer }: RawAttempt,
  named: Named,
): JournalAttempt {
  return {
    ...{ startedAt: exact(startedAt), durationMs: exact(durationMs) },
    ...{ end: named(end), status, requestId, answer: bodyOf(answer, named) },
  };
}

function bodyOf(raw: RawBody | null, named: Named): JournalBody | null {
  if (raw === null) return null;
  const { text, byteCount, withheld } = raw;
  return {
    ...{ text, byteCount: exact(byteCount) },
    withheld: withheld === null ? null : named(withheld),
  };
}

function skipOf(raw: RawSkip, named: Named): JournalSkip {
  return {
    topic: asTopic(named(raw.topic)),
    partition: asPartition(raw.partition),
    from: asOffset(exact(raw.from)),
    to: asOffset(exact(raw.to)),
    epoch: asEpoch(exact(raw.epoch)),
    mappingRevision: named(raw.mappingRevision),
  };
}

function keyOf(key: RawEntry["key"]): JournalKey | null {
  return key === null || typeof key === "string" ? key : { hex: key.hex };
}

const OUTCOMES: ReadonlySet<string> = new Set<JournalEntry["outcome"]>([
  "delivered",
  "dead-lettered",
  "parked",
  "skipped",
  "failed",
]);

function outcomeOf(text: string): JournalEntry["outcome"] {
  if (!isOutcome(text)) throw new PageFault(`"${text}" is no outcome that this version knows`);
  return text;
}

function isOutcome(text: string): text is JournalEntry["outcome"] {
  return OUTCOMES.has(text);
}

function exact(value: Long): number {
  if (typeof value === "bigint") throw new PageFault("a number is beyond 2^53");
  return value;
}
