/** What to do about an event at a target. */
import type { DeliveryFacts, PlaceFact } from "./event-facts.ts";
import type { StoryOutcome } from "./event-story.ts";
import { placeText } from "./place-text.ts";

/** The event, as commands name it. */
export interface NamedEvent {
  readonly place: PlaceFact;
  /** Null where it is not known. */
  readonly id: string | null;
}

/** What to do; null: nothing, or what the causes say. */
export function nextStep(
  outcome: StoryOutcome,
  facts: DeliveryFacts,
  event: NamedEvent,
): string | null {
  switch (outcome) {
    case "dead-lettered":
      return nextOfDeadLetter(facts, event);
    case "parked":
      return nextOfParked(facts, event);
    case "gone":
      return `it is lost to ${facts.target}: emit it again if it is still wanted`;
    case "before-start":
      return `nothing; ${facts.target} begins above it by its startAt`;
    case "delivered":
    case "skipped":
    case "settled":
    case "in-progress":
    case "waiting":
    case "not-read":
    case "unknown":
      return null;
  }
}

function nextOfDeadLetter(
  { target, marker, resolution, redrives, reading }: DeliveryFacts,
  { id }: NamedEvent,
): string | null {
  if (resolution?.kind === "dropped" || reading === null) return null;
  const named = id === null ? "" : ` --id ${id}`;
  if (marker === null) {
    return `its key went on without it: millrace dlq drop --target ${target}${named} --reason TXT, or a replay of it`;
  }
  const again = redrives.length > 0 ? "once it is mended: " : "";
  return `${again}millrace dlq redrive --target ${target}${named} --reason TXT`;
}

function nextOfParked({ marker }: DeliveryFacts, { place }: NamedEvent): string | null {
  if (marker === null) return null;
  if (marker.kind === "deferred") return "nothing: a slow key goes on by itself, behind the others";
  const before = placeText({ ...place, offset: marker.offset });
  return `millrace why ${before} says why that was given up, and how it is redriven`;
}
