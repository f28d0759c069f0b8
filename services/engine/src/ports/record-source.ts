import type { Offset, PartitionId, Topic, TopicPartition } from "../core/lanes/identity.ts";

/** Header values of a record; a name that stands more than once has an array, in order. */
export type RecordHeaders = Readonly<
  Record<string, Uint8Array | readonly Uint8Array[] | undefined>
>;

/** A record as it lies in the log. */
export interface SourceRecord extends TopicPartition {
  readonly offset: Offset;
  /** The broker's timestamp, epoch milliseconds. */
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  /** Bytes that key, value and headers take in the log; left out, the bytes of each are counted. */
  readonly byteCount?: number;
  /** Tells each header as text (UTF-8), in order, without an object of each; left out, `headers` are gone through. */
  eachHeaderText?(tell: (name: string, text: string) => void): void;
  /**
   * The same record with bytes of its own: what a fetch gives are views into its whole answer, and one record that waits
   * would keep megabytes of others in memory. Left out where its bytes are its own.
   */
  detached?(): SourceRecord;
}

/** Consecutive records of one partition, offsets ascending; gaps (compaction, transactions) may stand between. */
export interface RecordBatch extends TopicPartition {
  readonly records: readonly SourceRecord[];
  /** The log end offset (next offset to be written) as of this fetch. */
  readonly logEndOffset: Offset;
}

/** An offset to commit: the next offset to read, and the done set's encoding (at most 4,000 characters). */
export interface OffsetCommit extends TopicPartition {
  readonly offset: Offset;
  readonly metadata: string;
}

/** A partition that this member now owns, as read from the group and the log before any record of it. */
export interface AssignedPartition extends TopicPartition {
  /** What the group has committed, or null when it has no offset. */
  readonly committed: { readonly offset: Offset; readonly metadata: string } | null;
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
  /** True when this member owned it in the generation directly before: epoch, state and attempts live on. */
  readonly isContinued: boolean;
}

/** One generation's assignment: everything this member owns now; what is not in it is gone. */
export interface Assignment {
  readonly memberId: string;
  readonly generation: number;
  readonly partitions: readonly AssignedPartition[];
  /** All partitions of each subscribed topic, owned or not: the limits are shared by this. */
  readonly partitionCounts: ReadonlyMap<Topic, number>;
}

/** Why a partition stopped: records between its next offset and the log are gone. Nothing is skipped. */
export interface PartitionHalt extends TopicPartition {
  readonly reason: "log-start-beyond-offset" | "offset-beyond-log-end" | "committed-offset-gone";
  readonly nextOffset: Offset;
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
}

/** What a source tells its user. The source never decides; it reports and waits. */
export interface GroupListener {
  /**
   * A generation began. Awaited before the first fetch: the listener claims, resolves start offsets and calls
   * {@link RecordSource.seek} for every partition that is not continued. A rejection stops the source.
   */
  assigned(assignment: Assignment): Promise<void>;
  /**
   * A rebalance or shutdown is pending and membership is still valid: stop dispatching, wait for what is in flight
   * until `budgetMs` is over, commit. The source heartbeats by hand meanwhile and rejoins (or leaves) after it.
   */
  draining(reason: "rebalance" | "shutdown", budgetMs: number): Promise<void>;
  /** Membership is lost or unproven: fence now, synchronously. Nothing may be sent or committed until `assigned`. */
  lost(reason: string): void;
  /** Records fetched. Taken whole, synchronously; {@link RecordSource.pause} holds further ones back. */
  records(batch: RecordBatch): void;
  /** A partition stopped because its data or its offsets are gone; it is not fetched until an operator acts. */
  halted(halt: PartitionHalt): void;
  /** The source stopped by itself for good (not by `stop`), e.g. an error no retry heals. */
  failed(error: Error): void;
}

/** Where a partition starts, as `startAt` says it. */
export type StartPosition =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest" }
  | { readonly kind: "time"; readonly epochMs: number };

/** A member of one consumer group: what the engine reads from and commits to. */
export interface RecordSource {
  /** Connects and joins the group; resolves when the first assignment was handed over. Retries while brokers are away. */
  start(listener: GroupListener): Promise<void>;
  /**
   * Commits offsets, all in one request, under the generation in which the partitions were assigned.
   * @throws MillraceError `COMMIT_FENCED` (abandon: the generation is over, or is about to be, since only that keeps a commit
   * without an answer from taking effect behind a later one) or `COMMIT_FAILED` (retry: it was not carried out).
   */
  commit(offsets: readonly OffsetCommit[], generation: number): Promise<void>;
  /**
   * Whether membership is proven at this moment: false from 80 % of the session after the last acknowledged heartbeat,
   * also in a process that has just woken and whose timers have not run yet. Asked before every step; cheap.
   */
  isProven(): boolean;
  /** Stops fetching a partition; idempotent. Records already fetched may still arrive. */
  pause(partition: TopicPartition): void;
  /** Fetches a paused partition again; idempotent. */
  resume(partition: TopicPartition): void;
  /** Sets the next offset to fetch. Only inside `assigned`. */
  seek(partition: TopicPartition, offset: Offset): void;
  /** The offset at which a position stands now: for a time, the first record at or after it, else the log end. */
  offsetAt(partition: TopicPartition, position: StartPosition): Promise<Offset>;
  /** Drains (through the listener), leaves the group and disconnects. Idempotent. */
  stop(): Promise<void>;
}

/** Log start and end of a partition. */
export interface PartitionRange {
  readonly partition: PartitionId;
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
}
