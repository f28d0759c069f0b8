/** A story as lines for people, from its JSON alone. */
import { causeText } from "../causes/cause-text.ts";
import type { EventStory, StoryLane, StoryOutcome, TargetStory } from "./event-story.ts";
import { spanText } from "./span-text.ts";
import { bodyTexts } from "./body-text.ts";
import { countText, stepText } from "./step-text.ts";

/** The lines of a story, unended. Texts of events are in them as they are. */
export function storyText(story: EventStory): readonly string[] {
  const targets = story.targets.map((target) => ["", ...targetLines(target, story)]);
  const none = ["", "no target reads its topic"];
  return [...eventLines(story), ...(targets.length === 0 ? none : targets.flat())];
}

function eventLines(story: EventStory): readonly string[] {
  const { event, place, key, producedAt, record, chain, otherPlaces, journal } = story;
  const name = event === null ? "event without an envelope" : `event ${event.id}`;
  const type = event === null || event.type === null ? "" : `, ${event.type}`;
  const happened = event === null || event.time === null ? "" : ` (it happened ${event.time})`;
  const by = event === null ? "" : ` by ${event.source}`;
  return [
    `${name}${type}`,
    `${place}, ${key === null ? "no key" : `key ${key}`}`,
    record === "present" && producedAt !== null
      ? `produced ${producedAt}${by}${happened}`
      : `${MISSING[record]}${by === "" ? "" : `; it was produced${by}`}`,
    ...optional(chain.causationId, (id) => `caused by event ${id}: millrace why ${id}`),
    ...optional(chain.correlationId, (id) => `correlation ${id}`),
    ...optional(chain.traceId, (id) => `trace ${id}`),
    ...(otherPlaces.length === 0 ? [] : [`the same event stands at ${otherPlaces.join(", ")} too`]),
    ...optional(journal.failure, (failure) => `the journal could not be read: ${failure}`),
  ];
}

const MISSING: Readonly<Record<EventStory["record"], string>> = {
  present: "its time is not known",
  gone: "its record is gone by retention",
  none: "the log has no record there (compaction, or the end of a transaction)",
};

function optional(text: string | null, line: (text: string) => string): readonly string[] {
  return text === null ? [] : [line(text)];
}

function targetLines(target: TargetStory, story: EventStory): readonly string[] {
  const steps = target.steps.flatMap((step, index) => [
    `  ${step.at}  ${stepText(step)}`,
    ...bodyTexts(step, target.steps[index - 1]).map((text) => `    ${text}`),
  ]);
  const { outcome, lane, behind, causes, next } = target;
  return [
    `${target.target}: ${HEADLINES[outcome](target, story)}`,
    ...steps,
    ...(lane === null ? [] : [`  ${laneText(lane)}`]),
    ...optional(outcome === "parked" ? null : behind, (place) => {
      return `  waits behind ${place}, an earlier event of its key`;
    }),
    ...causes.flatMap((cause) => [`  ${causeText(cause)}`, `    next: ${cause.next}`]),
    ...optional(next, (what) => `  next: ${what}`),
  ];
}

type Headline = (target: TargetStory, story: EventStory) => string;

const HEADLINES: Readonly<Record<StoryOutcome, Headline>> = {
  delivered: (target, story) => `delivered${sinceText(target)}${afterText(target, story)}`,
  skipped: ({ steps }) =>
    steps.some((step) => step.kind === "skipped" && step.reason !== null)
      ? "skipped, its key went on without it"
      : "skipped, its filter leaves it out",
  "dead-lettered": (target) => `dead-lettered${sinceText(target)}`,
  parked: (target) => `parked${behindText(target)}${sinceText(target)}`,
  settled: (_, story) => `settled, and how is not known: ${lostText(story)}`,
  "before-start": () => "never meant for it: it began above this event",
  gone: () => "lost: retention deleted it before it was delivered",
  "in-progress": (target) => `in progress, ${countText(target.attempts, "attempt")} so far`,
  waiting: (target) => `read by its owner, and not attempted yet${lagText(target)}`,
  "not-read": (target) => `not read yet${lagText(target)}`,
  unknown: (_, story) => `not in the configuration, and ${lostText(story)}`,
};

function behindText({ behind }: TargetStory): string {
  return behind === null ? "" : ` behind ${behind},`;
}

function sinceText({ settledAt }: TargetStory): string {
  return settledAt === null ? "" : ` ${settledAt}`;
}

function afterText({ settledAt, attempts }: TargetStory, { producedAt }: EventStory): string {
  const count = attempts === 0 ? "" : `, ${countText(attempts, "attempt")}`;
  if (settledAt === null || producedAt === null) return count;
  const spanMs = Math.max(0, Date.parse(settledAt) - Date.parse(producedAt));
  return `${count}, ${spanText(spanMs)} after it was produced`;
}

function lagText({ reading }: TargetStory): string {
  if (reading === null) return "; the target has committed nothing in its partition";
  const { committed, waitingBefore } = reading;
  const before =
    waitingBefore === 0
      ? "it is the next one"
      : `${countText(waitingBefore, "record")} before it wait`;
  return `: the committed offset is ${committed}, ${before}`;
}

/** What the journal cannot tell, and since when it could. */
function lostText({ journal: { from, failure, unreadable } }: EventStory): string {
  if (failure !== null) return "the journal could not be read";
  const bad = unreadable === 0 ? "" : `, ${countText(unreadable, "record")} of it cannot be read`;
  if (from === null) return `the journal has no entries${bad}`;
  return `the journal has nothing of it (its oldest entry is of ${from}${bad})`;
}

function laneText({ process, state, attempts, nextAttemptMs, lastFailure }: StoryLane): string {
  const failed =
    lastFailure === null
      ? ""
      : `; the last one failed: ${lastFailure.detail} (${lastFailure.reason})`;
  const next = nextAttemptMs === null ? "" : `; next attempt in ${spanText(nextAttemptMs)}`;
  return `process ${process} has it: ${state}, ${countText(attempts, "attempt")}${failed}${next}`;
}
