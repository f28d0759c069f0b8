import type { Offset, TopicPartition } from "../core/lanes/identity.ts";
import type { SourceRecord } from "./record-source.ts";

/** A bounded part of a source partition. */
export interface ReplayRange extends TopicPartition {
  readonly from: Offset;
  /** One above the last. */
  readonly to: Offset;
}

/** How much of a range one reading gives. */
export interface ReplayPage {
  readonly countMax: number;
  /** Keys and values; the record that exceeds it is the last one. */
  readonly bytesMax: number;
}

/** What a reading gives. */
export type ReplaySlice =
  /** Offsets ascending; may be empty where the range holds nothing more. `next` is where to go on, at most `to`. */
  | {
      readonly kind: "records";
      readonly records: readonly SourceRecord[];
      readonly next: Offset;
    }
  /** The log does not hold the whole range, as of now: retention has passed its beginning, or it ends below `to`. */
  | {
      readonly kind: "gone";
      readonly logStartOffset: Offset;
      readonly logEndOffset: Offset;
    };

/** Reads ranges of source partitions beside the group: no member of it, and of no effect on what it has committed. */
export interface ReplayLog {
  /**
   * Reads a range from its beginning on.
   * @throws MillraceError `BROKER_UNREACHABLE` (retry), `TOPIC_MISSING`, `LOG_UNREADABLE`.
   */
  read(range: ReplayRange, page: ReplayPage): Promise<ReplaySlice>;
  /** Disconnects. Idempotent. */
  close(): Promise<void>;
}
