/** What the story of one event is told from: the log, the journal, the control topic, groups and processes, as of one moment. */
import type { JournalEntry, Order } from "@millrace/engine";
import type { TargetFacts } from "../causes/facts.ts";

/** Everything that is known of an event at one place of the log. Times are epoch ms. */
export interface EventFacts {
  readonly at: number;
  readonly place: PlaceFact;
  /** Where the same event stands besides, as {@link PlaceFact}s. */
  readonly otherPlaces: readonly PlaceFact[];
  /** The record, or why there is none: retention deleted it, or the log has none there (compaction, a transaction's end). */
  readonly record: RecordFact | "gone" | "none";
  readonly journal: JournalFact;
  /** Targets that read the topic, in the configuration's order, and those that the journal knows besides. */
  readonly targets: readonly DeliveryFacts[];
}

/** A place in the log. */
export interface PlaceFact {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What a record's coordinates and headers say. */
export interface RecordFact {
  /** The brokers' time. */
  readonly at: number;
  /** Null: it has none. */
  readonly key: string | null;
  /** Null: its headers are no envelope. */
  readonly envelope: EnvelopeFact | null;
}

/** An event's attributes. */
export interface EnvelopeFact {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | null;
  /** When it happened, as its source says, RFC 3339. */
  readonly time: string | null;
  readonly causationId: string | null;
  readonly correlationId: string | null;
  /** W3C Trace Context. */
  readonly traceparent: string | null;
}

/** What the journal can tell at all. */
export interface JournalFact {
  /** When the oldest entry that it still has settled; null: it has none. */
  readonly from: number | null;
  /** Records of it that cannot be read. */
  readonly unreadableCount: number;
  /** Why it could not be read to its end; null: it was. */
  readonly failure: string | null;
}

/** What is known of the event at one target. */
export interface DeliveryFacts {
  readonly target: string;
  readonly order: Order;
  /** In any order; those of replays too. One may stand twice. */
  readonly entries: readonly JournalEntry[];
  readonly skips: readonly SkipFact[];
  /** The last one before it in its lane, as it first settled; null where the journal knows none. */
  readonly earlier: JournalEntry | null;
  /** Null: the target is not in the configuration. */
  readonly reading: ReadingFact | null;
  readonly pauses: readonly PauseSpan[];
  /** Its dead letters, one for each time it was given up. */
  readonly letters: readonly LetterFact[];
  /** Where it stands in the parked topic, `<topic>:<partition>:<offset>`; null where it does not, or was not looked for. */
  readonly parked: string | null;
  /** How its lane is set aside now; null: it is not. */
  readonly marker: MarkerFact | null;
  readonly resolution: ResolutionFact | null;
  /** Redrives of its lane that were asked for, of its own dead letter or of one before it. */
  readonly redrives: readonly RedriveFact[];
  /** Wishes that its key goes on without it, behind a dead letter. */
  readonly drops: readonly RedriveFact[];
  readonly jobs: readonly JobFact[];
  /** Rewinds of its group that went over it. */
  readonly rewinds: readonly PassedRewindFact[];
  /** What is known of the target itself; null where the event is settled. */
  readonly now: TargetFacts | null;
}

/** A filter that left it out. */
export interface SkipFact {
  /** When the journal was told. */
  readonly at: number;
  readonly mappingRevision: string;
}

/**
 * How far the target has come: `before-start`: it began above the event. `settled`: below the committed offset, or done above it.
 * `gone`: retention deleted it before. `open`: neither. `not-started`: the target has begun nowhere in the partition yet.
 */
export interface ReadingFact {
  readonly state: "before-start" | "gone" | "not-started" | "open" | "settled";
  readonly committed: number | null;
  /** Records between the committed offset and the event that are not settled. */
  readonly waitingBefore: number;
}

/** A time in which someone held the target. */
export interface PauseSpan {
  readonly from: number;
  /** Null: it stands. */
  readonly to: number | null;
  readonly by: string;
  readonly reason: string;
}

/** A dead letter of the event. */
export interface LetterFact {
  /** Where it stands, `<topic>:<partition>:<offset>`. */
  readonly place: string;
  readonly at: number;
  readonly reason: string;
  readonly error: string;
  readonly status: number | null;
  readonly attemptCount: number;
  /** How often the event had been redriven before. */
  readonly redriveCount: number;
}

/** A key that waits. */
export interface MarkerFact {
  readonly kind: "block" | "deferred" | "quarantine";
  /** Of its dead letter, or of the deferred event. */
  readonly offset: number;
}

/** Why its dead letter is open no more. */
export interface ResolutionFact {
  readonly kind: "dropped" | "redriven";
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** A redrive that someone asked for. */
export interface RedriveFact {
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** Offset of the dead letter. */
  readonly offset: number;
}

/** A rewind of the group that has the event between where the group was and where it went on. */
export interface PassedRewindFact {
  /** When the offsets were set, by whom and why. */
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  /** `back`: to the event or before it; `forward`: behind it. */
  readonly direction: "back" | "forward";
  /** Offset at which the group went on. */
  readonly to: number;
}

/** A replay with the event in its range. */
export interface JobFact {
  readonly job: string;
  readonly mode: "repair" | "reprocess";
  /** When it was asked for or changed last, by whom and why. */
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  readonly wanted: "cancel" | "pause" | "run";
  /** `passed`: it has done with this event. */
  readonly state: "ended" | "open" | "passed";
}
