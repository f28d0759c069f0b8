/** How a delivery ended, or where it is on the way there. What the journal says comes first: commits follow it. */
import type { Delivery } from "@millrace/engine";
import type { LaneView } from "../view/partition-view.ts";
import type { DeliveryFacts, PlaceFact } from "./event-facts.ts";
import type { StoryOutcome } from "./event-story.ts";
import { liveEntries } from "./live-entries.ts";

/** An outcome, and since when. */
export interface OutcomeFound {
  readonly outcome: StoryOutcome;
  /** Epoch ms; null where it is not settled, or that is not known. */
  readonly settledAt: number | null;
}

/** What the owner of a partition says of an event. */
export interface OwnerWord {
  readonly lane: LaneView | null;
  /** Whether it has read beyond the event. */
  readonly hasRead: boolean;
}

/** Decides. */
export function outcomeOf(facts: DeliveryFacts, place: PlaceFact, owner: OwnerWord): OutcomeFound {
  const told = toldByJournal(facts, place);
  if (told !== null) return told;
  const { reading, skips, letters } = facts;
  const [letter] = letters.toSorted((one, other) => other.at - one.at);
  if (reading?.state === "before-start") return open("before-start");
  const [skip] = skips;
  if (skip !== undefined) return { outcome: "skipped", settledAt: skip.at };
  if (letter !== undefined) return resolved(facts, letter.at);
  if (facts.parked !== null && isHeld(facts, place)) return open("parked");
  return open(byReading(facts, owner));
}

function toldByJournal(facts: DeliveryFacts, place: PlaceFact): OutcomeFound | null {
  const last = liveEntries(facts).at(-1);
  if (last === undefined) return null;
  const { settledAt } = last;
  switch (last.outcome) {
    case "dead-lettered":
      return resolved(facts, settledAt);
    case "parked":
      // Its key is free: it came back, and the journal has lost how that went.
      return isHeld(facts, place) ? { outcome: "parked", settledAt } : open("settled");
    case "delivered":
    case "skipped":
      return { outcome: last.outcome, settledAt };
    case "failed":
      return null;
  }
}

/** A dead letter that was delivered by a redrive is open no more; one that was dropped still is a dead letter. */
function resolved({ resolution }: DeliveryFacts, settledAt: number): OutcomeFound {
  return resolution?.kind === "redriven"
    ? { outcome: "delivered", settledAt: null }
    : { outcome: "dead-lettered", settledAt };
}

/** Whether its key waits for an event before it, or for itself. A target that is not configured is not looked at. */
function isHeld({ marker, reading }: DeliveryFacts, { offset }: PlaceFact): boolean {
  return reading === null || (marker !== null && marker.offset <= offset);
}

function byReading({ reading }: DeliveryFacts, { lane, hasRead }: OwnerWord): StoryOutcome {
  switch (reading?.state) {
    case undefined:
      return "unknown";
    case "before-start":
    case "settled":
    case "gone":
      return reading.state;
    case "not-started":
    case "open":
      if (lane !== null && isTried(lane)) return "in-progress";
      return lane !== null || hasRead ? "waiting" : "not-read";
  }
}

type LaneState = Delivery<unknown>["lane"]["state"];

const AT_WORK: ReadonlySet<LaneState> = new Set<LaneState>(["in-flight", "writing", "marking"]);

function isTried({ state, attempts }: LaneView): boolean {
  return attempts > 0 || AT_WORK.has(state);
}

function open(outcome: StoryOutcome): OutcomeFound {
  return { outcome, settledAt: null };
}
