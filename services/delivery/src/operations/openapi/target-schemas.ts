/** Schemas of a target as one process knows it: what holds it, its limits, its jobs. */
import {
  JOBS_MAX,
  type BreakerView,
  type HoldView,
  type JobPartView,
  type JobProgressView,
  type JobView,
  type TargetView,
} from "@millrace/diagnosis";
import type { Pauser, ReplayEnd, ReplayFailure, ReplaySkip } from "@millrace/engine";
import {
  always,
  count,
  counts,
  list,
  nullable,
  object,
  offset,
  oneWord,
  ref,
  text,
  waitMs,
  type Fields,
  type Schema,
} from "./json-schema.ts";

const target = object("What one process knows of a target now.", {
  name: text("Of the target."),
  group: text("Its consumer group."),
  process: text("Names this process in claims, logs and pauses."),
  membership: oneWord<TargetView["membership"]>("Of this process in the group.", {
    none: "it has none, and sends nothing",
    active: "it has its share",
    draining: "what is in flight ends, and nothing begins",
  }),
  generation: nullable(count("Of the group; null without a membership.")),
  share: {
    type: "number",
    description: "The part of the target's partitions that this process owns.",
    ...{ exclusiveMinimum: 0, maximum: 1 },
  },
  holds: list("Why nothing, or only a probe, is sent; empty while it goes on.", ref("Hold")),
  breaker: ref("Breaker"),
  attempts: ref("Attempts"),
  partitions: list("Those that this process owns.", ref("Partition")),
  halts: list("Partitions that stand still.", ref("Halt")),
  jobs: list("Replays, those that go on first.", ref("Job"), JOBS_MAX),
  jobCount: count("How many there are."),
} satisfies Fields<TargetView>);

type HoldOf<Kind extends HoldView["kind"]> = Extract<HoldView, { readonly kind: Kind }>;

const UNTIL = "Until something is sent again, if only a probe";
const untilAsked = nullable(waitMs(`${UNTIL}; null: a probe is out`));

/** Each kind that the view knows has one. */
const HOLDS: { readonly [Kind in HoldView["kind"]]: Schema } = {
  paused: object("Somebody wants it so.", {
    kind: always("paused"),
    by: oneWord<Pauser>("Who.", {
      operator: "people",
      guard: "the guard that found too many dead letters",
    }),
    waitMs: { type: "null", description: "Not by itself." },
  } satisfies Fields<HoldOf<"paused">>),
  throttled: object("It asked for time: 429, or 503 with Retry-After.", {
    kind: always("throttled"),
    waitMs: waitMs(UNTIL),
    toldBy: nullable(text("The process that was asked; null: this one.")),
  } satisfies Fields<HoldOf<"throttled">>),
  misconfigured: object(
    "It does not take us as we are configured: 401, 403, 3xx, TLS, a blocked address.",
    { kind: always("misconfigured"), waitMs: untilAsked } satisfies Fields<HoldOf<"misconfigured">>,
  ),
  "breaker-open": object("It, or the way to it, fails.", {
    kind: always("breaker-open"),
    waitMs: untilAsked,
  } satisfies Fields<HoldOf<"breaker-open">>),
};

const breaker = object("The circuit breaker in this process.", {
  stage: oneWord<BreakerView["stage"]>("Where it stands.", {
    closed: "nothing is known against the target",
    open: "the target is left alone",
    "half-open": "one probe is out",
    "slow-start": "the target has answered, and gets more calls by and by",
  }),
  nextProbeMs: nullable(
    waitMs("Until the target may be asked again; null: it is not open, or a probe is out"),
  ),
} satisfies Fields<BreakerView>);

const attempts = object("The limiter: attempts at once, and a second.", {
  inFlight: count("Now, retries among them."),
  retriesInFlight: count("Now."),
  allowed: count("In flight at most, in this process."),
  limit: count("In flight at most, over all processes: adapts to the target's answers."),
  limitMax: count("The cap above it (`concurrency.max`)."),
  ratePerSecond: nullable({
    type: "number",
    description: "Over all processes; null: no rate is set.",
    exclusiveMinimum: 0,
  }),
  rateWaitMs: nullable(waitMs("Until the rate lets the next one start; null: at once")),
} satisfies Fields<TargetView["attempts"]>);

const job = object("A replay, as far as this process has to do with it.", {
  job: text("Its id."),
  mode: oneWord<JobView["mode"]>("With which Idempotency-Keys.", {
    repair: "those of the live deliveries",
    reprocess: "new ones",
  }),
  wanted: oneWord<JobView["wanted"]>("What people want of it.", {
    run: "go on",
    pause: "begin nothing",
    cancel: "end",
  }),
  parts: list("Its ranges, one for each partition.", ref("JobPart")),
} satisfies Fields<JobView>);

const jobPart = object("A range of a partition that a job sends once more.", {
  topic: text("Source topic."),
  partition: count("Of the source topic."),
  from: offset("The first."),
  to: offset("One above the last."),
  stage: oneWord<JobPartView["stage"]>("Where it stands.", {
    waiting: "for a seat, for live events, or for being resumed",
    running: "reads and sends",
    stopping: "begins nothing more; what is in flight ends",
    ending: "how it ended is being written",
    elsewhere: "another process has the partition, or none",
    ended: "it is over",
  }),
  progress: nullable(ref("JobProgress")),
} satisfies Fields<JobPartView>);

const jobProgress = object(
  "How far a range has been sent. Of a part that has not begun, or is elsewhere, it is null.",
  {
    next: offset("Everything of the range below has ended."),
    sent: count("Events that were delivered."),
    skipped: counts<ReplaySkip>("Events that were not sent, by reason.", {
      FILTERED: "The target's filter leaves them out.",
      KEY_SET_ASIDE: "Their key is in quarantine, or blocked.",
      KEY_FAILED: "An earlier event of their key failed in this job.",
    }),
    failed: counts<ReplayFailure>("Events that failed for good, by reason.", {
      HTTP_REJECTED: "The target refused them.",
      RETRIES_EXHAUSTED: "They were tried for as long as they may be.",
      DECODE_FAILED: "They are no valid events.",
      SCHEMA_UNKNOWN: "The registry does not have their schema.",
      ENVELOPE_MISSING: "They have no envelope.",
      MAPPING_FAILED: "No request could be made of them.",
      RANGE_GONE: "The log no longer has them.",
    }),
    end: nullable(
      oneWord<ReplayEnd>("How it ended; null while it goes on.", {
        done: "all of it was sent, skipped or failed",
        cancelled: "people ended it",
        "range-gone": "the log has lost the rest of the range",
        "too-many-keys-failed": "too many keys failed",
      }),
    ),
  } satisfies Fields<JobProgressView>,
);

/** By their names in the document. */
export const TARGET_SCHEMAS: Readonly<Record<string, Schema>> = {
  Target: target,
  Hold: { description: "Why a target waits in this process.", oneOf: Object.values(HOLDS) },
  Breaker: breaker,
  Attempts: attempts,
  Job: job,
  JobPart: jobPart,
  JobProgress: jobProgress,
};
