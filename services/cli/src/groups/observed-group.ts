import type { TargetConfig } from "@millrace/config";
import type { MillraceError, Offset, PartitionId, SourceRecord, Topic } from "@millrace/engine";
import type { Owner } from "./owner.ts";
import type { PartitionLag } from "./partition-lag.ts";
import type { WaitReason } from "./wait-reason.ts";

/** A target, as far as looking at its group needs it. */
export type ObservedTarget = Pick<TargetConfig, "name" | "topics" | "order">;

/** The record at the head of a partition's line: the lowest that is not settled. */
export interface Head {
  readonly record: SourceRecord;
  readonly waitsFor: WaitReason;
}

/** A source partition of a target. */
export interface ObservedPartition extends PartitionLag {
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly committed: Offset | null;
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
  /** Whom Kafka has assigned it to; null: nobody, or the group is dividing its partitions. */
  readonly owner: Owner | null;
  /** Null where no record waits, or where it could not be read. */
  readonly head: Head | null;
  /** From where on no record came in time; null where what there is was read. */
  readonly unreadFrom: Offset | null;
}

/** A target's group. */
export interface ObservedGroup {
  readonly kind: "observed";
  readonly target: ObservedTarget;
  readonly groupId: string;
  /** Kafka's word; `none` where Kafka does not know the group. */
  readonly state: string;
  readonly memberCount: number;
  /** By topic, in the configuration's order, and number. */
  readonly partitions: readonly ObservedPartition[];
}

/** A target one of whose topics does not exist. */
export interface UnobservedGroup {
  readonly kind: "topic-missing";
  readonly target: ObservedTarget;
  readonly error: MillraceError;
}
