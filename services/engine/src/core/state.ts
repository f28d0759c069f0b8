import type { EngineConfig } from "./config.ts";
import { DueHeap } from "./due-heap.ts";
import { Fifo } from "./fifo.ts";
import type { PartitionId, Topic } from "./identity.ts";
import type { Lane } from "./lane.ts";
import type { PartitionState } from "./partition.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Why the whole target waits. */
export type Hold =
  | { readonly kind: "none" }
  /** 429, or 503 with Retry-After. */
  | { readonly kind: "throttled"; readonly until: number }
  /** 401, 403, 3xx, TLS, blocked address: one attempt at a time tries again. */
  | { readonly kind: "misconfigured"; readonly until: number; readonly isProbing: boolean };

/** What the group allows this process to do. */
export type Membership = "none" | "active" | "draining";

/**
 * One target in one process. Changed only by `step`; everyone else reads.
 *
 * Owns: partitions with their lanes and offsets, the queues of lanes, slots, the commit in flight. Does not own:
 * payloads, connections, timers.
 */
export interface EngineState<Payload> {
  readonly config: EngineConfig;
  readonly partitions: Map<string, PartitionState<Payload>>;
  /** Lanes whose head waits for its first charged attempt. */
  readonly ready: Fifo<Lane<Payload>>;
  /** Lanes whose head has failed and is due again. */
  readonly retries: Fifo<Lane<Payload>>;
  /** Lanes whose head has failed and waits. */
  readonly waiting: DueHeap<Lane<Payload>>;
  readonly bucket: TokenBucket;
  readonly dirty: Set<PartitionState<Payload>>;
  membership: Membership;
  generation: number;
  hold: Hold;
  /** Failures in a row that told no time to wait, of the whole target. */
  throttleCount: number;
  /** Attempts in flight, those of ended epochs included: they still load the target. */
  inFlightCount: number;
  retryInFlightCount: number;
  /** Attempts in flight that this process may have: its share of the target's. */
  slotCount: number;
  writingCount: number;
  /** The commit in flight and what it covers, or null when none is. */
  committing: {
    readonly id: number;
    readonly partitions: readonly PartitionState<Payload>[];
  } | null;
  commitCount: number;
  commitNotBefore: number;
  commitFailureCount: number;
  /** The time last asked for; Infinity when none. */
  wakeAt: number;
}

/** A target before its first assignment. */
export function createState<P>(config: EngineConfig, now: number): EngineState<P> {
  return {
    config,
    partitions: new Map(),
    ready: new Fifo(),
    retries: new Fifo(),
    waiting: new DueHeap(),
    bucket: new TokenBucket(config.rate, now),
    dirty: new Set(),
    membership: "none",
    generation: -1,
    hold: { kind: "none" },
    throttleCount: 0,
    inFlightCount: 0,
    retryInFlightCount: 0,
    slotCount: config.concurrencyMax,
    writingCount: 0,
    committing: null,
    commitCount: 0,
    commitNotBefore: 0,
    commitFailureCount: 0,
    wakeAt: Infinity,
  };
}

/** The name of a partition in `EngineState.partitions`. */
export function partitionName(topic: Topic, partition: PartitionId): string {
  return `${topic}/${partition}`;
}
