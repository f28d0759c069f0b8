/** Facts of an event with defaults, so that a test says only what matters. */
import {
  asEpoch,
  asOffset,
  asPartition,
  asTopic,
  createState,
  DEFAULTS,
  type JournalAttempt,
  type JournalEntry,
} from "@millrace/engine";
import type { TargetFacts } from "../src/causes/facts.ts";
import type { TargetStory } from "../src/story/event-story.ts";
import { tellStory } from "../src/story/tell-story.ts";
import type {
  DeliveryFacts,
  EventFacts,
  ReadingFact,
  RecordFact,
} from "../src/story/event-facts.ts";
import type { LaneView, PartitionView } from "../src/view/partition-view.ts";
import { viewTarget, type TargetView } from "../src/view/target-view.ts";

/** When the event was produced, epoch ms. */
export const T0 = Date.UTC(2026, 0, 1, 10);

/** So many ms after that, as stories write it. */
export const at = (afterMs: number): string => new Date(T0 + afterMs).toISOString();

/** The place of the event: `users:3:42`. */
export const PLACE = { topic: "users", partition: 3, offset: 42 };

/** A record with an envelope. */
export const RECORD: RecordFact = {
  at: T0,
  key: "cust-42",
  envelope: {
    ...{ id: "e-42", source: "/orders", type: "users.ProfileUpdated", subject: null },
    ...{ time: "2026-01-01T09:59:59Z", causationId: null, correlationId: null },
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  },
};

/** A call that began so many ms after the event was produced. */
export function attempt(startsMs: number, of: Partial<JournalAttempt> = {}): JournalAttempt {
  const call = { startedAt: T0 + startsMs, durationMs: 80, end: "delivered" };
  return { ...call, status: 204, requestId: null, answer: null, ...of };
}

/** An entry of the event, which was delivered after a second by its first attempt. */
export function entry(of: Partial<JournalEntry> = {}): JournalEntry {
  const attempts = of.attempts ?? [attempt(920)];
  return {
    ...{ topic: asTopic("users"), partition: asPartition(3), offset: asOffset(42) },
    ...{ epoch: asEpoch(1), key: "cust-42", id: "e-42", source: "/orders" },
    ...{ type: "users.ProfileUpdated", tenant: "default", outcome: "delivered" },
    ...{ reason: null, detail: null, mappingRevision: "r1", settledAt: T0 + 1_000 },
    ...{ traceId: null, attemptCount: attempts.length, attempts, job: null, request: null },
    ...of,
  };
}

/** The target has gone on beyond the event. */
export const SETTLED: ReadingFact = { state: "settled", committed: 43, waitingBefore: 0 };
/** It has not: two records are before it. */
export const OPEN: ReadingFact = { state: "open", committed: 40, waitingBefore: 2 };

/** A target of which nothing is known. */
export function delivery(of: Partial<DeliveryFacts> = {}): DeliveryFacts {
  return {
    ...{ target: "crm", order: "key", entries: [], skips: [], earlier: null, reading: SETTLED },
    ...{ pauses: [], letters: [], parked: null, marker: null, resolution: null },
    ...{ redrives: [], drops: [], jobs: [], rewinds: [], now: null },
    ...of,
  };
}

/** An event at one target. */
export function facts(of: Partial<DeliveryFacts> = {}, and: Partial<EventFacts> = {}): EventFacts {
  return {
    ...{ at: T0 + 60_000, place: PLACE, otherPlaces: [], record: RECORD },
    journal: { from: T0 - 3_600_000, unreadableCount: 0, failure: null },
    targets: [delivery(of)],
    ...and,
  };
}

const IDLE: TargetView = viewTarget(
  {
    name: "crm",
    group: "ns.crm",
    process: "p1",
    state: createState(DEFAULTS, 0),
    halts: [],
    replays: [],
  },
  { now: 0, wallNow: 0 },
);

/** The event's own lane, which has failed once. */
export function lane(of: Partial<LaneView> = {}): LaneView {
  return {
    ...{ offset: "42", key: "cust-42", id: "e-42", type: "users.ProfileUpdated", since: at(0) },
    ...{ state: "waiting", attempts: 1, nextAttemptMs: 4_000 },
    lastFailure: { reason: "HTTP_STATUS", status: 503, detail: "HTTP 503" },
    ...of,
  };
}

/** Its partition, as its owner has it: read beyond the event. */
export function owned(of: Partial<PartitionView> = {}): PartitionView {
  return {
    ...{ topic: "users", partition: 3, epoch: 1, committed: "40", committable: "40", next: "50" },
    ...{ unsettled: 3, span: 0, fetching: "on", lanes: 1, head: null },
    ...{
      setAside: { block: 0, deferred: 0, quarantine: 0 },
      setAsideKeys: [],
      failing: [],
      failingCount: 0,
    },
    ...of,
  };
}

/** What is known of the target now: one process has the partition. */
export function now(
  view: Partial<TargetView> = { partitions: [owned()] },
  of: Partial<TargetFacts> = {},
): TargetFacts {
  return {
    ...{
      target: "crm",
      group: "millrace.crm",
      at: at(60_000),
      pauses: [],
      rewind: null,
      groupState: "Stable",
      setAside: [],
    },
    members: [{ process: "p1", view: { ...IDLE, ...view }, failure: null }],
    partitions: [],
    ...of,
  };
}

/** It was rejected and dead-lettered. */
export const rejected = entry({
  ...{ outcome: "dead-lettered", reason: "HTTP_REJECTED", detail: "HTTP 422" },
  attempts: [attempt(920, { end: "HTTP_REJECTED", status: 422 })],
});
/** It was parked behind `users:3:40`. */
export const parked = entry({
  ...{ outcome: "parked", reason: "KEY_QUARANTINED", detail: "behind offset 40" },
  attempts: [],
});
/** Its dead letter. */
export const letter = {
  ...{ place: "ns.crm.dead:0:7", at: T0 + 990, reason: "HTTP_REJECTED", error: "HTTP 422" },
  ...{ status: 422, attemptCount: 1, redriveCount: 0 },
};
/** Its key waits for `users:3:40`. */
export const quarantine = { kind: "quarantine", offset: 40 } as const;
/** Someone who acts five seconds later. */
export const dana = { at: T0 + 5_000, by: "dana", reason: "mapping fixed" };

/** The story at the only target. */
export function only(of: Partial<DeliveryFacts>, and: Partial<EventFacts> = {}): TargetStory {
  const [target] = tellStory(facts(of, and)).targets;
  if (target === undefined) throw new Error("a target has no story");
  return target;
}
