import { isUtf8 } from "node:buffer";
import {
  asPartition,
  asRecordKey,
  asTopic,
  laneNameOf,
  type JournalEntry,
  type JournalKey,
  type Order,
  type RecordKey,
  type TopicPartition,
} from "@millrace/engine";
import type { EventPlace, JournalAnswer } from "@millrace/journal";

/** An event, with what the journal says at its place. */
export interface AskedEvent {
  readonly place: EventPlace;
  /** Null: it has none, or that is not known. */
  readonly key: JournalKey | null;
  /** Epoch ms; null where that is not known. */
  readonly producedAt: number | null;
  readonly told: JournalAnswer;
}

/** A record key as the journal has it. */
export function journalKeyOf(key: Uint8Array): JournalKey {
  const bytes = Buffer.from(key);
  return isUtf8(bytes) ? bytes.toString() : { hex: bytes.toString("hex") };
}

/** The key as the control and state topics name it. */
export function recordKeyOf({ key }: Pick<AskedEvent, "key">): RecordKey | null {
  if (key === null) return null;
  const bytes = typeof key === "string" ? Buffer.from(key) : Buffer.from(key.hex, "hex");
  return asRecordKey(bytes.toString("latin1"));
}

/** Name of the lane that an event is in at a target; null: it is ordered with no other. */
export function laneOf(event: Pick<AskedEvent, "key">, order: Order): string | null {
  return laneNameOf(order, recordKeyOf(event));
}

/** The partition of a place. */
export function partitionOf({ topic, partition }: EventPlace): TopicPartition {
  return { topic: asTopic(topic), partition: asPartition(partition) };
}

/** Whether something is of the partition of a place. */
export function isOfPartition(
  { topic, partition }: EventPlace,
  other: Pick<EventPlace, "partition" | "topic">,
): boolean {
  return topic === other.topic && partition === other.partition;
}

/** Entries of a delivery itself, not of its replays. */
export function isLive({ job }: JournalEntry): boolean {
  return job === null;
}
