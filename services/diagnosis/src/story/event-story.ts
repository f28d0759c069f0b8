/** The story of one event over all targets, as programs read it. The text for people is made from it alone. */
import type { Cause } from "../causes/cause.ts";
import type { LaneView } from "../view/partition-view.ts";

/** Ends, and states on the way there, in no order. */
export const STORY_OUTCOMES = [
  "delivered",
  /** The target's filter leaves it out, or people had its key go on without it. */
  "skipped",
  "dead-lettered",
  "parked",
  /** It is settled, and how is not known: the journal has lost it. */
  "settled",
  /** The target began above it. */
  "before-start",
  /** Retention deleted it before it was delivered. */
  "gone",
  /** It was attempted, and is not settled. */
  "in-progress",
  /** A process of the target has read it and has not attempted it. */
  "waiting",
  "not-read",
  /** The target is not in the configuration, and the journal does not say. */
  "unknown",
] as const;

/** One of the outcomes. */
export type StoryOutcome = (typeof STORY_OUTCOMES)[number];

/** An event at one place of the log. Times are RFC 3339, spans ms, offsets text, places `<topic>:<partition>:<offset>`. */
export interface EventStory {
  /** When all this was looked at. */
  readonly at: string;
  readonly place: string;
  /** Where the same event stands besides: it was emitted more than once. */
  readonly otherPlaces: readonly string[];
  /** `gone`: retention deleted it. `none`: the log has none there. */
  readonly record: "gone" | "none" | "present";
  /** When the brokers took it; null where the record is not there. */
  readonly producedAt: string | null;
  /** Null: it has none, or that is not known. */
  readonly key: string | null;
  /** Null: it has no envelope, or nothing that is left tells of it. */
  readonly event: StoryEvent | null;
  readonly chain: StoryChain;
  readonly journal: StoryJournal;
  readonly targets: readonly TargetStory[];
}

/** Who it is. */
export interface StoryEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string | null;
  readonly subject: string | null;
  /** When it happened, as its source says. */
  readonly time: string | null;
}

/** What it belongs to; null where it does not say. */
export interface StoryChain {
  /** Id of the event that caused it. */
  readonly causationId: string | null;
  readonly correlationId: string | null;
  readonly traceId: string | null;
}

/** How much the journal can tell. */
export interface StoryJournal {
  /** When the oldest entry settled that it still has; null: it has none. */
  readonly from: string | null;
  readonly unreadable: number;
  /** Why it could not be read to its end; null: it was. */
  readonly failure: string | null;
}

/** The event at one target. */
export interface TargetStory {
  readonly target: string;
  readonly outcome: StoryOutcome;
  /** When it settled, or was set aside; null where it is not settled, or that is not known. */
  readonly settledAt: string | null;
  /** Attempts that the journal and the process know of, those of replays not among them. */
  readonly attempts: number;
  /** What happened, in the order of time. */
  readonly steps: readonly StoryStep[];
  /** How far the target has come; null where it is not in the configuration, or has begun nowhere. */
  readonly reading: StoryReading | null;
  /** What its owner says of it; null where it says nothing. */
  readonly lane: StoryLane | null;
  /** An earlier event of its key that it waits behind: not settled, or a dead letter; null where none is known. */
  readonly behind: string | null;
  /** Why it waits, the worst first; empty where it is settled. */
  readonly causes: readonly Cause[];
  /** What to do: a command, or what to look at; null: nothing. */
  readonly next: string | null;
}

/** How far a target has come in the partition. */
export interface StoryReading {
  readonly committed: string;
  /** Records from there to the event that are not settled. */
  readonly waitingBefore: number;
}

/** The event at the head of its lane, in the process that has it. */
export interface StoryLane extends Pick<
  LaneView,
  "attempts" | "lastFailure" | "nextAttemptMs" | "state"
> {
  readonly process: string;
}

/** Kinds of what may happen to an event at a target. */
export const STEP_KINDS = [
  "waited",
  "attempt",
  "attempts-left-out",
  "skipped",
  "delivered",
  "dead-lettered",
  "parked",
  "redrive-wanted",
  "drop-wanted",
  "redriven",
  "dropped",
  "replay-wanted",
  "replayed",
  "rewound",
] as const;

/** One of the kinds. */
export type StepKind = (typeof STEP_KINDS)[number];

interface Wish {
  readonly by: string;
  readonly reason: string;
}

/** What happened. `at` of what lasts is its beginning. */
export type StoryStep = { readonly at: string } & (
  | { readonly kind: "waited"; readonly forMs: number; readonly behind: WaitedBehind }
  | AttemptStep
  /** The journal keeps the first attempts and the last ones. */
  | { readonly kind: "attempts-left-out"; readonly count: number; readonly job: string | null }
  /** `reason` is `DROPPED` where people ended its key's quarantine without it; null: the filter left it out. */
  | {
      readonly kind: "skipped";
      readonly mappingRevision: string;
      readonly reason: string | null;
    }
  | { readonly kind: "delivered" }
  | DeadLetterStep
  /** `behind` is the dead letter's event, null: it is deferred itself. `parked` is where it stands. */
  | {
      readonly kind: "parked";
      readonly reason: string | null;
      readonly behind: string | null;
      readonly parked: string | null;
    }
  /** `of` is the dead letter's event: this one, or an earlier one of its key. */
  | (Wish & { readonly kind: "redrive-wanted"; readonly of: string })
  /** Its key was to go on without the dead letter `of`, and without this event. */
  | (Wish & { readonly kind: "drop-wanted"; readonly of: string })
  /** It was delivered by a redrive, which the journal has lost. */
  | (Wish & { readonly kind: "redriven" })
  | (Wish & { readonly kind: "dropped" })
  | (Wish & {
      readonly kind: "replay-wanted";
      readonly job: string;
      readonly mode: "repair" | "reprocess";
      readonly wanted: "cancel" | "pause" | "run";
      readonly state: "ended" | "open" | "passed";
    })
  | {
      readonly kind: "replayed";
      readonly job: string;
      readonly outcome: string;
      readonly reason: string | null;
      readonly detail: string | null;
    }
  /** `to` is where the group went on: `back` at the event or before it, `forward` behind it. */
  | (Wish & {
      readonly kind: "rewound";
      readonly direction: "back" | "forward";
      readonly to: string;
    })
);

/** One call. */
export interface AttemptStep {
  readonly kind: "attempt";
  /** From 1 on; an owner counts anew, and so does a redrive. */
  readonly number: number;
  readonly durationMs: number;
  /** `delivered`, or why not: the code of a failure, `throttled`, `abandoned`. */
  readonly end: string;
  /** Null: no answer came. */
  readonly status: number | null;
  /** The id by which the target's own logs know the call; null where its answer named none. */
  readonly requestId: string | null;
  /** From its end to the next attempt; null where that is not known, or was none. */
  readonly retryInMs: number | null;
  /** The replay that made it; null: live. */
  readonly job: string | null;
  /** The bodies of its request and its answer; null where there was none, or the target's are not shown in the journal. */
  readonly request: StoryBody | null;
  readonly answer: StoryBody | null;
}

/** A body, masked and cut. */
export interface StoryBody {
  /** Null: nothing of it is shown. */
  readonly text: string | null;
  readonly byteCount: number;
  /** Why there is no text; null where there is one. */
  readonly withheld: string | null;
}

/** A delivery given up. */
export interface DeadLetterStep {
  readonly kind: "dead-lettered";
  readonly reason: string | null;
  readonly detail: string | null;
  /** Where the dead letter stands; null where it was not found. */
  readonly letter: string | null;
  /** How often it had been redriven before; null where it was not found. */
  readonly redrives: number | null;
}

/** What a wait was for. */
export type WaitedBehind =
  /** An earlier event of its key, and how that ended. */
  | { readonly kind: "earlier-event"; readonly place: string; readonly outcome: string }
  | ({ readonly kind: "pause" } & Wish)
  /** Nothing that is kept says what. */
  | { readonly kind: "unknown" };
