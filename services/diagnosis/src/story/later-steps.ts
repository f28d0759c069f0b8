/** What people wanted of an event later: redrives, that its key goes on without it, replays, rewinds, and that its dead letter is dropped. */
import type { DeliveryFacts, PlaceFact, ResolutionFact } from "./event-facts.ts";
import type { StoryStep } from "./event-story.ts";
import { liveEntries } from "./live-entries.ts";
import { placeText, timeText } from "./place-text.ts";

/** The steps, in no order. */
export function laterSteps(facts: DeliveryFacts, place: PlaceFact): readonly StoryStep[] {
  const redrives = facts.redrives.map(({ at, by, reason, offset }): StoryStep => {
    const of = placeText({ ...place, offset });
    return { kind: "redrive-wanted", at: timeText(at), by, reason, of };
  });
  const drops = facts.drops.map(({ at, by, reason, offset }): StoryStep => {
    const of = placeText({ ...place, offset });
    return { kind: "drop-wanted", at: timeText(at), by, reason, of };
  });
  const replays = facts.jobs.map(({ at, ...job }): StoryStep => {
    return { kind: "replay-wanted", at: timeText(at), ...job };
  });
  const rewinds = facts.rewinds.map(({ at, by, reason, direction, to }): StoryStep => {
    return { kind: "rewound", at: timeText(at), by, reason, direction, to: String(to) };
  });
  const resolution = facts.resolution === null ? [] : resolutionSteps(facts.resolution, facts);
  return [...redrives, ...drops, ...replays, ...rewinds, ...resolution];
}

function resolutionSteps(
  { kind, at, by, reason }: ResolutionFact,
  facts: DeliveryFacts,
): readonly StoryStep[] {
  if (kind === "dropped") return [{ kind, at: timeText(at), by, reason }];
  const isTold = liveEntries(facts).at(-1)?.outcome === "delivered";
  return isTold ? [] : [{ kind, at: timeText(at), by, reason }];
}
