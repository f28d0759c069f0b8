/**
 * What the journal says of one delivery: identity, coordinates, outcome, attempts. No payload and nothing out of it, but for
 * the bodies that a target's configuration asks for: the record key is there because it is a coordinate.
 */
import { isUtf8 } from "node:buffer";
import { keptAttempts, type EndedAttempt } from "../../core/lanes/attempt-log.ts";
import type { Delivery } from "../../core/lanes/delivery.ts";
import type { Outcome } from "../../core/effect.ts";
import type { Epoch, JobId, Offset, PartitionId, Topic } from "../../core/lanes/identity.ts";
import type { ReplaySkip } from "../../core/replay/replay.ts";
import type { JournalBody, PreparedEvent } from "../../ports.ts";
import { bufferOf } from "../buffer-of.ts";
import type { AttemptBodies } from "./attempt-bodies.ts";

/** Longest text of an entry, characters; a longer one is cut. The coordinates still lead to the event. */
export const JOURNAL_TEXT_MAX = 512;

/** Why an event is parked: an earlier one of its key is a dead letter, or the key is slow. */
const KEY_QUARANTINED = "KEY_QUARANTINED";
const KEY_DEFERRED = "KEY_DEFERRED";
/** Why an event was not sent that waited: someone ended its key's quarantine without it. */
export const DROPPED = "DROPPED";

/** A record key: its text, or its bytes where they are no UTF-8. */
export type JournalKey = string | { readonly hex: string };

/** One attempt. */
export interface JournalAttempt {
  /** Epoch ms. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** `delivered`, or why not: the code of a failure, `throttled`, `abandoned`. */
  readonly end: string;
  /** Null where no answer came. */
  readonly status: number | null;
  /** The id by which the target's own logs know the call; null where its answer named none. */
  readonly requestId: string | null;
  /** The body of its answer; null where there was none, or none is shown. */
  readonly answer: JournalBody | null;
}

/** One settled delivery. Readers see one twice when its owner ended before its offset was committed. */
export interface JournalEntry {
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly offset: Offset;
  readonly epoch: Epoch;
  /** Null: the record has no key. */
  readonly key: JournalKey | null;
  /** Null where the record has no readable envelope; likewise the next two. */
  readonly id: string | null;
  readonly source: string | null;
  readonly type: string | null;
  readonly tenant: string;
  /** `failed`: of a replay, which writes no dead letter. */
  readonly outcome: Outcome | "failed";
  /** Why it was not delivered; null where it was. */
  readonly reason: string | null;
  readonly detail: string | null;
  readonly mappingRevision: string;
  /** Epoch ms. */
  readonly settledAt: number;
  readonly traceId: string | null;
  /** Attempts of this epoch, those left out included. */
  readonly attemptCount: number;
  /** In order; what is left out stands behind the first three. */
  readonly attempts: readonly JournalAttempt[];
  /** The replay job that it belongs to; null: live. */
  readonly job: JobId | null;
  /** The body of the request, the same for every attempt; null where there is none, or none is shown. */
  readonly request: JournalBody | null;
}

/** Offsets in a row that the filter left out. */
export interface JournalSkip {
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly from: Offset;
  /** One above the last. */
  readonly to: Offset;
  readonly epoch: Epoch;
  readonly mappingRevision: string;
}

/** How a delivery ended, and when. */
export interface JournalEnd {
  readonly outcome: JournalEntry["outcome"];
  /** Of an event of a replay that was not sent. */
  readonly skip?: ReplaySkip;
  readonly settledAt: number;
  readonly traceId: string | null;
}

/**
 * Makes the entry of a delivery that has just settled.
 * @param bodies of the target's attempts; null where none are shown.
 */
export function journalEntry(
  delivery: Delivery<PreparedEvent>,
  end: JournalEnd,
  bodies: AttemptBodies | null,
): JournalEntry {
  const { partition, offset, epoch, payload } = delivery;
  const { first, leftOutCount, last } = keptAttempts(delivery);
  const kept = first.length === 0 ? last : [...first, ...last];
  const { reason, detail } =
    end.skip === undefined ? reasonOf(delivery, end.outcome) : { reason: end.skip, detail: null };
  return {
    topic: partition.topic,
    partition: partition.partition,
    offset,
    epoch,
    key: journalKey(payload.record.key),
    id: payload.id === null ? null : journalText(payload.id),
    source: payload.source === null ? null : journalText(payload.source),
    type: payload.type === null ? null : journalText(payload.type),
    tenant: journalText(payload.tenant),
    outcome: end.outcome,
    reason,
    detail,
    mappingRevision: payload.mappingRevision,
    settledAt: Math.round(end.settledAt),
    traceId: end.traceId === null ? null : journalText(end.traceId),
    attemptCount: first.length + leftOutCount + last.length,
    attempts: kept.map((attempt) => journalAttempt(attempt, bodies)),
    job: delivery.lane.replay?.plan.job ?? null,
    request: bodies === null ? null : bodies.request(payload, kept),
  };
}

/** A text as the journal has it: cut where it is too long, and marked as such. */
export function journalText(text: string): string {
  return text.length > JOURNAL_TEXT_MAX ? `${text.slice(0, JOURNAL_TEXT_MAX)}…` : text;
}

function reasonOf(
  { givenUp, lane, offset, partition }: Delivery<PreparedEvent>,
  outcome: JournalEntry["outcome"],
): Pick<JournalEntry, "detail" | "reason"> {
  const aside = outcome === "parked" ? partition.aside.get(lane.name ?? "") : undefined;
  if (aside !== undefined) {
    const { kind, offset: first } = aside.marker;
    const reason = kind === "quarantine" ? KEY_QUARANTINED : KEY_DEFERRED;
    return { reason, detail: first === offset ? null : `behind offset ${first}` };
  }
  if (outcome === "skipped") return { reason: DROPPED, detail: null };
  if (givenUp === null) return { reason: null, detail: null };
  return { reason: givenUp.reason, detail: journalText(givenUp.detail) };
}

function journalAttempt(
  { startedAt, durationMs, result }: EndedAttempt,
  bodies: AttemptBodies | null,
): JournalAttempt {
  return {
    startedAt: Math.round(startedAt),
    durationMs: Math.round(durationMs),
    end: "reason" in result ? result.reason : result.kind,
    status: "status" in result ? result.status : null,
    requestId: result.requestId ?? null,
    answer: bodies === null ? null : bodies.takeAnswer(result),
  };
}

/** A record key as the journal has it; no more of it is decoded than is kept. */
export function journalKey(key: Uint8Array | null): JournalKey | null {
  if (key === null) return null;
  const bytes = bufferOf(key);
  if (isUtf8(bytes)) return journalText(bytes.toString("utf8", 0, JOURNAL_TEXT_MAX * 4));
  return { hex: journalText(bytes.toString("hex", 0, JOURNAL_TEXT_MAX)) };
}
