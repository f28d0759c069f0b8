/* eslint-disable @typescript-eslint/no-unsafe-type-assertion -- the one place where plain values become identifiers */
/**
 * The identifiers that travel through the engine. Kafka's words mean what Kafka says; `Offset` is a safe integer
 * `number` in code (a string only in JSON).
 */
declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Name of a Kafka topic. */
export type Topic = Brand<string, "Topic">;
/** Partition number within a topic, from 0. */
export type PartitionId = Brand<number, "PartitionId">;
/** Position of a record in its partition, from 0. */
export type Offset = Brand<number, "Offset">;
/** Name of a target; it is the target's identity: renaming makes a new target. */
export type TargetId = Brand<string, "TargetId">;
/** A record key as a lane name: the key's bytes read as latin1, so that any bytes map one to one. */
export type RecordKey = Brand<string, "RecordKey">;
/** One unbroken ownership of a partition: the offset of its claim in the state topic. Greater is later. */
export type Epoch = Brand<number, "Epoch">;

/** Name of a replay job: letters, digits, `.`, `_` and `-`, at most 64. */
export type JobId = Brand<string, "JobId">;

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: Topic;
  readonly partition: PartitionId;
}

/** Names a plain string a topic. */
export const asTopic = (name: string): Topic => name as Topic;
/** Names a plain number a partition. */
export const asPartition = (partition: number): PartitionId => partition as PartitionId;
/** Names a plain number an offset. */
export const asOffset = (offset: number): Offset => offset as Offset;
/** Names a plain string a target. */
export const asTarget = (name: string): TargetId => name as TargetId;
/** Names a latin1 string of key bytes a record key. */
export const asRecordKey = (latin1: string): RecordKey => latin1 as RecordKey;
/** Names a plain number an epoch. */
export const asEpoch = (epoch: number): Epoch => epoch as Epoch;
/** Names a plain string a job. */
export const asJob = (id: string): JobId => id as JobId;
