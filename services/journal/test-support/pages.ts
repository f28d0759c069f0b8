/** Entries, runs and pages with defaults, so that a test says only what matters. */
import {
  asEpoch,
  asOffset,
  asPartition,
  asTopic,
  JournalPageBuilder,
  type JournalEntry,
  type JournalSkip,
} from "@millrace/engine";

/** When the world of these tests is, epoch ms. */
export const T0 = Date.UTC(2026, 0, 1);

/** An event that was delivered by its first attempt. */
export function delivered(part: Partial<JournalEntry> = {}): JournalEntry {
  const { offset = asOffset(0), settledAt = T0 + offset } = part;
  return {
    topic: asTopic("users"),
    partition: asPartition(0),
    epoch: asEpoch(1),
    key: `user-${offset}`,
    id: `id-${offset}`,
    source: "/orders",
    type: "users.ProfileUpdated",
    tenant: "default",
    outcome: "delivered",
    reason: null,
    detail: null,
    mappingRevision: "r1",
    traceId: null,
    attemptCount: 1,
    attempts: [
      {
        ...{ startedAt: settledAt - 5, durationMs: 5, end: "delivered", status: 204 },
        ...{ requestId: null, answer: null },
      },
    ],
    ...{ job: null, request: null },
    ...part,
    offset,
    settledAt,
  };
}

/** An event that was given up after a refusal. */
export function rejected(part: Partial<JournalEntry> = {}): JournalEntry {
  const entry = delivered(part);
  const attempt = { startedAt: entry.settledAt - 5, durationMs: 5, end: "HTTP_REJECTED" };
  return {
    ...entry,
    outcome: "dead-lettered",
    reason: "HTTP_REJECTED",
    detail: "HTTP 422",
    attempts: [{ ...attempt, status: 422, requestId: null, answer: null }],
    ...part,
  };
}

/** Offsets of topic `users`, partition 0, that a filter left out. */
export function skipped(from: number, to: number, part: Partial<JournalSkip> = {}): JournalSkip {
  return {
    topic: asTopic("users"),
    partition: asPartition(0),
    from: asOffset(from),
    to: asOffset(to),
    epoch: asEpoch(1),
    mappingRevision: "r1",
    ...part,
  };
}

/** What a page is made of. */
export interface PageParts {
  /** Default: `crm`. */
  readonly target?: string;
  readonly entries?: readonly JournalEntry[];
  readonly skipped?: readonly JournalSkip[];
}

/** A record's value, as the engine writes it. */
export function pageBytes({ target = "crm", entries = [], skipped: runs = [] }: PageParts): Buffer {
  const builder = new JournalPageBuilder(target);
  for (const entry of entries) builder.add(entry);
  for (const run of runs) builder.skip(run);
  return builder.finish(SCHEMA_ID);
}

/** The id of the journal's schema in a fresh memory registry. */
export const SCHEMA_ID = 1;
