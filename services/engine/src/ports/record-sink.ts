import type { Offset, PartitionId, Topic } from "../core/lanes/identity.ts";
import type { RecordHeaders } from "./record-source.ts";

/** A record to write. */
export interface SinkRecord {
  readonly topic: Topic;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  /** Where it must go; left out, the key decides (murmur2, as Kafka's own clients). */
  readonly partition?: PartitionId;
}

/** Where an acknowledged record stands. */
export interface RecordPosition {
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly offset: Offset;
}

/** Acknowledged writes (acks=all, idempotent). */
export interface RecordSink {
  /**
   * Writes records; positions come in the order given, once all are acknowledged. Records of one key keep the order
   * of the calls. After a rejection any part may stand in the log; writing again is safe for readers that dedupe.
   * @throws MillraceError `PRODUCE_FAILED` (retry) or `PRODUCE_REFUSED` (dead-letter: this record can never be written).
   */
  append(records: readonly SinkRecord[]): Promise<readonly RecordPosition[]>;
  /** Flushes and disconnects. Idempotent. */
  close(): Promise<void>;
}
