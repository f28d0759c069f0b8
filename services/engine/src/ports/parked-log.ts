import type { Offset, TopicPartition } from "../core/lanes/identity.ts";
import type { SourceRecord } from "./record-source.ts";

/** A part of a log, as it stands now. */
export interface LogSlice {
  /** Offsets ascending; may be empty where nothing is left to read. */
  readonly records: readonly SourceRecord[];
  /** Where to go on. */
  readonly next: Offset;
  /** Nothing stands at or behind `next`, as of a moment after the call. */
  readonly isEnd: boolean;
}

/** Reads a target's own topics back, and single records of its sources, without being a member of anything. */
export interface ParkedLog {
  /**
   * Reads from an offset on; from the log's start where that lies beyond it. Everything that was acknowledged before the
   * call is there to be read.
   * @param countMax at most so many records.
   * @throws MillraceError `BROKER_UNREACHABLE`, `TOPIC_MISSING`.
   */
  read(partition: TopicPartition, from: Offset, countMax: number): Promise<LogSlice>;
  /** Disconnects. Idempotent. */
  close(): Promise<void>;
}
