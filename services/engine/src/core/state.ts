import { createDeferral, type Deferral } from "./aside/deferral.ts";
import { createConcurrencyLimit, type ConcurrencyLimit } from "./guards/concurrency-limit.ts";
import type { EngineConfig } from "./config.ts";
import { createHold, type Hold } from "./guards/hold.ts";
import type { Detour } from "./aside/detour.ts";
import { DueHeap } from "./lanes/due-heap.ts";
import { createFloodGuard, type FloodGuard } from "./guards/flood-guard.ts";
import { Fifo } from "./lanes/fifo.ts";
import type { PartitionId, Topic } from "./lanes/identity.ts";
import type { Lane } from "./lanes/lane.ts";
import type { PartitionState } from "./lanes/partition.ts";
import { createProgress, type Progress } from "./aside/progress.ts";
import { createReplays, type Replays } from "./replay/replay.ts";
import { TokenBucket } from "./guards/token-bucket.ts";

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
  /** Lanes whose head is to be written somewhere, not sent. */
  readonly owing: Fifo<Lane<Payload>>;
  /** Detours that are to read on. */
  readonly detours: Fifo<Detour<Payload>>;
  /** Detours that read or have events in memory. */
  seatCount: number;
  readonly progress: Progress<Payload>;
  readonly replays: Replays<Payload>;
  /** Partitions near a bound. */
  readonly pressed: Set<PartitionState<Payload>>;
  readonly deferral: Deferral<Payload>;
  readonly bucket: TokenBucket;
  readonly dirty: Set<PartitionState<Payload>>;
  membership: Membership;
  generation: number;
  /** The broker refused a commit of this generation: nothing starts or is committed until the next. */
  isGenerationOver: boolean;
  readonly hold: Hold<Payload>;
  /** Attempts in flight, those of ended epochs included: they still load the target. */
  inFlightCount: number;
  /** Attempts that have ended. */
  endedCount: number;
  retryInFlightCount: number;
  /** The last attempt that started was a retry. */
  wasRetry: boolean;
  readonly flood: FloodGuard;
  readonly limit: ConcurrencyLimit;
  /** The part of the target's partitions that this process owns, above 0 and at most 1. */
  share: number;
  /** Attempts that this process may have in flight now (slots.ts). */
  slotCount: number;
  /** Dead letters, markers and runs to park that are being written, those of ended epochs included. */
  writingCount: number;
  /** Enough lanes or events wait (bounds.ts): no partition is fetched for now. */
  isSated: boolean;
  /** Monotonic ms since when so many events are unsettled that few lanes are enough; null when they are not. */
  deepSince: number | null;
  /** The commit in flight, or null when none is. */
  committing: SentCommit<Payload> | null;
  commitCount: number;
  commitNotBefore: number;
  commitFailureCount: number;
  /** The time last asked for; Infinity when none. */
  wakeAt: number;
}

/** A commit in flight, and what it covers. */
export interface SentCommit<Payload> {
  readonly id: number;
  readonly generation: number;
  readonly partitions: readonly PartitionState<Payload>[];
}

/** A target before its first assignment. */
export function createState<P>(config: EngineConfig, now: number): EngineState<P> {
  return {
    config,
    partitions: new Map(),
    ready: new Fifo(),
    retries: new Fifo(),
    waiting: new DueHeap(),
    owing: new Fifo(),
    detours: new Fifo(),
    seatCount: 0,
    progress: createProgress(),
    replays: createReplays(),
    pressed: new Set(),
    deferral: createDeferral(),
    bucket: new TokenBucket(config.rate, now),
    dirty: new Set(),
    membership: "none",
    generation: -1,
    isGenerationOver: false,
    hold: createHold(),
    inFlightCount: 0,
    endedCount: 0,
    retryInFlightCount: 0,
    wasRetry: false,
    flood: createFloodGuard(),
    limit: createConcurrencyLimit(config.concurrencyMax, now),
    share: 1,
    slotCount: config.concurrencyMax,
    writingCount: 0,
    isSated: false,
    deepSince: null,
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
