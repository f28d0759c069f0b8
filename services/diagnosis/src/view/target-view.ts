/**
 * What one process knows of a target now, for people and programs: why it waits, what it owns, and what stands at the head of each
 * partition. A picture of one moment; it changes nothing, and costs as much as there are lanes with work.
 */
import type { EngineState, PartitionHalt, PreparedEvent, ReplayStatus } from "@millrace/engine";
import { viewBreaker, type BreakerView } from "./breaker-view.ts";
import { holdsOf, type HoldView } from "./hold-view.ts";
import { viewJobs, type JobView } from "./job-view.ts";
import type { Moment } from "./moment.ts";
import { viewPartition, type PartitionView } from "./partition-view.ts";

/** A target in one process. Times are RFC 3339, offsets text, waits ms from now. */
export interface TargetView {
  readonly name: string;
  readonly group: string;
  /** Names this process in claims, logs and pauses. */
  readonly process: string;
  readonly membership: "none" | "active" | "draining";
  readonly generation: number | null;
  /** The part of the target's partitions that this process owns, above 0 and at most 1. */
  readonly share: number;
  /** Why nothing, or only a probe, is sent; empty while it goes on. */
  readonly holds: readonly HoldView[];
  readonly breaker: BreakerView;
  readonly attempts: {
    /** In flight now, retries among them. */
    readonly inFlight: number;
    readonly retriesInFlight: number;
    /** That this process may have in flight. */
    readonly allowed: number;
    /** Over all processes: the adaptive limit, and the cap above it. */
    readonly limit: number;
    readonly limitMax: number;
    /** Over all processes: attempts a second at most; null: no rate is set. */
    readonly ratePerSecond: number | null;
    /** Until the rate lets the next one start; null: at once. */
    readonly rateWaitMs: number | null;
  };
  readonly partitions: readonly PartitionView[];
  /** Partitions that stand still because their records or offsets are gone. */
  readonly halts: readonly HaltView[];
  /** Replays, those that go on first, and how many there are. */
  readonly jobs: readonly JobView[];
  readonly jobCount: number;
}

/** A partition that stands still. */
export interface HaltView {
  readonly topic: string;
  readonly partition: number;
  readonly reason: PartitionHalt["reason"];
  readonly nextOffset: string;
  readonly logStart: string;
  readonly logEnd: string;
  /** Records that are gone, where that is known. */
  readonly gone: number | null;
}

/** What is looked at. */
export interface ViewedTarget {
  readonly name: string;
  readonly group: string;
  readonly process: string;
  readonly state: Readonly<EngineState<PreparedEvent>>;
  readonly halts: readonly PartitionHalt[];
  readonly replays: readonly ReplayStatus[];
}

/** Takes the picture. */
export function viewTarget(target: ViewedTarget, moment: Moment): TargetView {
  const { name, group, process, state, halts, replays } = target;
  const { membership, generation, share, config, bucket, limit } = state;
  const { now } = moment;
  return {
    ...{ name, group, process, membership, share },
    generation: membership === "none" ? null : generation,
    holds: holdsOf(state.hold, moment),
    breaker: viewBreaker(state.hold.breaker, moment),
    attempts: {
      inFlight: state.inFlightCount,
      retriesInFlight: state.retryInFlightCount,
      allowed: state.slotCount === Infinity ? config.concurrencyMax : state.slotCount,
      limit: Math.floor(limit.value),
      limitMax: config.concurrencyMax,
      ratePerSecond: config.rate.kind === "limited" ? config.rate.perSecond : null,
      rateWaitMs: bucket.has(now) ? null : Math.ceil(bucket.nextAt(now) - now),
    },
    partitions: Array.from(state.partitions.values(), (partition) =>
      viewPartition(partition, config.order, moment),
    ),
    halts: halts.map(viewHalt),
    ...viewJobs(replays),
  };
}

function viewHalt(halt: PartitionHalt): HaltView {
  const { topic, partition, reason, nextOffset, logStartOffset, logEndOffset } = halt;
  return {
    ...{ topic, partition, reason },
    nextOffset: String(nextOffset),
    logStart: String(logStartOffset),
    logEnd: String(logEndOffset),
    gone: reason === "log-start-beyond-offset" ? logStartOffset - nextOffset : null,
  };
}
