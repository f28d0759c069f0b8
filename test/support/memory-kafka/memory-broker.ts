import {
  MillraceError,
  asPartition,
  type Clock,
  type Offset,
  type SinkRecord,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import { MemoryGroup } from "./memory-group.ts";
import { MemoryLog } from "./memory-log.ts";

/** The largest record it takes, bytes of key and value; as Kafka's own default of a batch. */
const RECORD_BYTES_MAX = 1_048_576;

/** A small Kafka in memory: topics and groups. Nothing in it waits but by its clock. */
export class MemoryBroker {
  readonly clock: Clock;
  readonly #topics = new Map<Topic, readonly MemoryLog[]>();
  readonly #groups = new Map<string, MemoryGroup>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  createTopic(topic: Topic, partitionCount: number): void {
    const logs = Array.from(
      { length: partitionCount },
      (_, partition) => new MemoryLog({ topic, partition: asPartition(partition) }),
    );
    this.#topics.set(topic, logs);
  }

  /** @throws MillraceError `TOPIC_MISSING`. */
  logs(topic: Topic): readonly MemoryLog[] {
    const logs = this.#topics.get(topic);
    if (logs === undefined) {
      throw new MillraceError("TOPIC_MISSING", `topic does not exist: ${topic}; run millrace init`);
    }
    return logs;
  }

  /** @throws MillraceError `TOPIC_MISSING`. */
  log({ topic, partition }: TopicPartition): MemoryLog {
    const log = this.logs(topic)[partition];
    if (log === undefined) {
      throw new MillraceError("TOPIC_MISSING", `partition does not exist: ${topic}/${partition}`);
    }
    return log;
  }

  /** Appends one record. @throws MillraceError `PRODUCE_REFUSED` when it is too large. */
  append(partition: TopicPartition, record: SinkRecord): Offset {
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (bytes > RECORD_BYTES_MAX) {
      throw new MillraceError("PRODUCE_REFUSED", `record is too large: ${bytes} bytes`);
    }
    return this.log(partition).append(record, this.clock.wallNow());
  }

  group(groupId: string): MemoryGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new MemoryGroup(this.clock, (topic) => this.logs(topic).map(({ place }) => place));
      this.#groups.set(groupId, group);
    }
    return group;
  }

  /** Forgets a group with all it committed, as Kafka does with one that has been idle for a week. */
  forgetGroup(groupId: string): void {
    this.#groups.delete(groupId);
  }
}
