/** What a delivery waited for before it was attempted, and where people held the target meanwhile. */
import type { DeliveryFacts, PauseSpan, PlaceFact } from "./event-facts.ts";
import type { StoryStep } from "./event-story.ts";
import { liveEntries } from "./live-entries.ts";
import { placeText, timeText } from "./place-text.ts";

/** A wait that nothing explains is told of from here on, ms: what is shorter is the way through. */
export const UNEXPLAINED_MIN_MS = 1_000;

/** A time that was waited. */
interface Wait {
  readonly from: number;
  readonly to: number;
  readonly behind: Extract<StoryStep, { kind: "waited" }>["behind"];
}

/** The times of an event, epoch ms. */
export interface EventTimes {
  /** Null where that is not known, and so is no wait. */
  readonly producedAt: number | null;
  /** When it was looked at; null: it is not open. */
  readonly openAt: number | null;
}

/** Waits of a delivery that are over, by when they began. */
export function waitSteps(
  facts: DeliveryFacts,
  place: PlaceFact,
  { producedAt, openAt }: EventTimes,
): readonly StoryStep[] {
  const [first] = liveEntries(facts);
  if (producedAt === null) return [];
  if (first === undefined) {
    if (openAt === null) return [];
    const span = { from: producedAt, to: openAt };
    const ended = facts.pauses.filter(({ to }) => to !== null);
    return [...behindEarlier(facts, place, span), ...behindPauses(ended, span)].map(stepOf);
  }
  const begunAt = first.attempts[0]?.startedAt ?? first.settledAt;
  const waits = [
    ...behindEarlier(facts, place, { from: producedAt, to: begunAt }),
    ...behindPauses(facts.pauses, { from: producedAt, to: first.settledAt }),
  ];
  const explainedTo = Math.max(producedAt, ...waits.map(({ to }) => to));
  const isUnexplained = begunAt - explainedTo >= UNEXPLAINED_MIN_MS;
  const rest: readonly Wait[] = isUnexplained
    ? [{ from: explainedTo, to: begunAt, behind: { kind: "unknown" } }]
    : [];
  return [...waits, ...rest].map(stepOf);
}

function stepOf({ from, to, behind }: Wait): StoryStep {
  return { kind: "waited", at: timeText(from), forMs: to - from, behind };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function behindEarlier(
  { earlier }: DeliveryFacts,
  place: PlaceFact,
  { from, to }: Span,
): readonly Wait[] {
  if (earlier === null || earlier.settledAt <= from || earlier.offset >= place.offset) return [];
  const { offset, outcome } = earlier;
  const behind = {
    kind: "earlier-event",
    place: placeText({ ...place, offset }),
    outcome,
  } as const;
  return [{ from, to: Math.min(to, earlier.settledAt), behind }].filter((one) => one.to > from);
}

function behindPauses(pauses: readonly PauseSpan[], { from, to }: Span): readonly Wait[] {
  return pauses.flatMap((pause): readonly Wait[] => {
    const { by, reason } = pause;
    const wait = { from: Math.max(from, pause.from), to: Math.min(to, pause.to ?? to) };
    return wait.to > wait.from ? [{ ...wait, behind: { kind: "pause", by, reason } }] : [];
  });
}
