/**
 * What a verdict is made from and what it says. Nothing here or in the checks reads a clock, a file or a network:
 * a verdict is a function of the three records and the description of the run, and of what commands answered, where
 * that is judged too.
 */
import type { Answers } from "./answers.ts";
import type { AcknowledgedEvent, ApiRecord, TopicScan } from "./records.ts";

/** The call that an event must become at a target. */
export interface ExpectedCall {
  readonly method: string;
  readonly path: string;
  /** Byte for byte. */
  readonly body: string;
}

/** What the scene says must reach a target: the call of an event, or null when the target must not get it. */
export type Expectation = (target: string, event: AcknowledgedEvent) => ExpectedCall | null;

/** Faults the run set out to make at a target; a run that made none proves nothing. */
export interface PlannedFaults {
  /** A share of the calls is answered with 5xx. */
  readonly serverErrors: boolean;
  /** It refuses connections for a while. */
  readonly outage: boolean;
  /** It refuses some events for good, until it is mended. */
  readonly refusals: boolean;
}

/** What the run was, apart from its records. */
export interface RunDescription {
  readonly run: string;
  readonly scene: string;
  readonly seed: number;
  /** Events the run set out to emit. */
  readonly eventCount: number;
  readonly topics: readonly string[];
  readonly brokers: readonly string[];
  readonly targets: Readonly<
    Record<string, { readonly log: string; readonly faults: PlannedFaults }>
  >;
  /** How often the delivery process was to be killed. */
  readonly killsPlanned: number;
  /** Times it was killed, epoch ms. */
  readonly kills: readonly number[];
  /** Null: the run had nobody on call. */
  readonly onCall: OnCallRun | null;
}

/** A run in which someone on call mends the trouble of one target. */
export interface OnCallRun {
  readonly troubled: string;
  /** A target that must notice nothing of it. The trouble lasts until it has all there is. */
  readonly neighbour: string;
}

/** Everything a verdict is made from. */
export interface Evidence {
  readonly run: RunDescription;
  readonly expect: Expectation;
  readonly acknowledged: readonly AcknowledgedEvent[];
  readonly scan: TopicScan;
  readonly apis: readonly ApiRecord[];
  /** Null: the run had nobody on call. */
  readonly answers: Answers | null;
}

/** Kinds of problems. */
export type Check =
  | "emitted"
  | "log"
  | "lost"
  | "order"
  | "repeat"
  | "effect"
  | "foreign"
  | "key"
  | "request"
  | "answer"
  | "isolation"
  | "fault";

/** One thing that is wrong, and how one can tell. */
export interface Problem {
  readonly check: Check;
  readonly target: string | null;
  readonly eventId: string | null;
  readonly detail: string;
}

/** Figures of one target. */
export interface TargetFigures {
  /** Acknowledged events that must reach it. */
  readonly emitted: number;
  readonly delivered: number;
  /** Calls that arrived. */
  readonly attempts: number;
  /** Arrivals of an event beyond its first. */
  readonly repeats: number;
  /** Repeats of what was answered 2xx just before the delivery process was killed, too late to be committed. */
  readonly repeatsAcrossKill: number;
  readonly unjustifiedRepeats: number;
  readonly orderViolations: number;
  readonly lost: number;
  /** From the record's time in the topic to the answer, ms; null when nothing was delivered. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** Faults that the records show. */
export interface FaultFigures {
  readonly serverErrors: number;
  /** Answers that refused an event for good. */
  readonly refusals: number;
  readonly callsCut: number;
  readonly connectionsRefused: number;
  readonly outageMs: number;
  readonly kills: number;
  /** Calls open at a target when the delivery process was killed. */
  readonly openAtKill: number;
}

/** What someone on call had to do with. */
export interface OnCallFigures {
  /** Keys that were refused, and waited until they were redriven. */
  readonly stuckKeys: number;
  /** Events that the neighbour got while the target in trouble was away. */
  readonly deliveredWhileAway: number;
}

/** The judgement of a run. */
export interface Verdict {
  readonly scene: string;
  readonly seed: number;
  readonly verdict: "ok" | "failed";
  readonly targets: Readonly<Record<string, TargetFigures>>;
  readonly faults: FaultFigures;
  /** Null: the run had nobody on call. */
  readonly onCall: OnCallFigures | null;
  readonly problems: readonly Problem[];
}
