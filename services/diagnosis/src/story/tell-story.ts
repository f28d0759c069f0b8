/** From facts to the story of an event. Pure. */
import type { JournalEntry } from "@millrace/engine";
import { diagnose } from "../causes/diagnose.ts";
import type { DeliveryFacts, EventFacts, PlaceFact, RecordFact } from "./event-facts.ts";
import type {
  EventStory,
  StoryChain,
  StoryEvent,
  StoryLane,
  StoryOutcome,
  StoryReading,
  TargetStory,
} from "./event-story.ts";
import { journalSteps } from "./journal-steps.ts";
import { laterSteps } from "./later-steps.ts";
import { distinctEntries } from "./live-entries.ts";
import { narrowedFacts } from "./narrowed-facts.ts";
import { nextStep } from "./next-step.ts";
import { outcomeOf } from "./outcome.ts";
import { ownersWord, type OwnersWord } from "./owner-word.ts";
import { placeText, timeText } from "./place-text.ts";
import { waitSteps } from "./wait-steps.ts";

/** Tells the story. */
export function tellStory(facts: EventFacts): EventStory {
  const { place, record, journal } = facts;
  const found = typeof record === "string" ? null : record;
  const entries = facts.targets.flatMap((one) => one.entries);
  const event = eventOf(found, entries);
  const subject: Subject = {
    place,
    id: event?.id ?? null,
    key: found === null ? keyOf(entries) : found.key,
    producedAt: found?.at ?? null,
    lookedAt: facts.at,
  };
  return {
    at: timeText(facts.at),
    place: placeText(place),
    otherPlaces: facts.otherPlaces.map(placeText),
    record: typeof record === "string" ? record : "present",
    producedAt: found === null ? null : timeText(found.at),
    key: subject.key,
    event,
    chain: chainOf(found, entries),
    journal: {
      from: journal.from === null ? null : timeText(journal.from),
      unreadable: journal.unreadableCount,
      failure: journal.failure,
    },
    targets: facts.targets.map((one) =>
      tellTarget({ ...one, entries: distinctEntries(one.entries) }, subject),
    ),
  };
}

/** The event that it is about. */
interface Subject {
  readonly place: PlaceFact;
  readonly id: string | null;
  readonly key: string | null;
  readonly producedAt: number | null;
  readonly lookedAt: number;
}

/** What is neither settled nor lost. */
const OPEN: ReadonlySet<StoryOutcome> = new Set<StoryOutcome>([
  "in-progress",
  "waiting",
  "not-read",
]);

function tellTarget(facts: DeliveryFacts, subject: Subject): TargetStory {
  const { place, producedAt, lookedAt } = subject;
  const word = ownersWord(facts.now, subject, facts.order);
  const { outcome, settledAt } = outcomeOf(facts, place, word);
  const isOpen = OPEN.has(outcome);
  const steps = [
    ...waitSteps(facts, place, { producedAt, openAt: isOpen ? lookedAt : null }),
    ...journalSteps(facts, place),
    ...laterSteps(facts, place),
  ].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  const isWaiting = isOpen && facts.now !== null;
  return {
    ...{ target: facts.target, outcome },
    settledAt: settledAt === null ? null : timeText(settledAt),
    attempts: attemptsOf(facts, isOpen ? word : null),
    steps,
    reading: readingOf(facts),
    lane: isOpen ? laneOf(word) : null,
    behind: behindOf({ outcome, facts, word, place }),
    causes: isWaiting ? diagnose(narrowedFacts(facts.now, subject)) : [],
    next: nextStep(outcome, facts, subject),
  };
}

function attemptsOf({ entries }: DeliveryFacts, word: OwnersWord | null): number {
  const told = entries.filter(({ job }) => job === null);
  const open = word?.lane?.attempts ?? 0;
  return told.reduce((sum, { attemptCount }) => sum + attemptCount, open);
}

function behindOf(of: {
  readonly outcome: StoryOutcome;
  readonly facts: DeliveryFacts;
  readonly word: OwnersWord;
  readonly place: PlaceFact;
}): string | null {
  const { outcome, facts, word, place } = of;
  const isOpen = OPEN.has(outcome);
  if (!isOpen && outcome !== "parked") return null;
  const asideOffset = facts.marker?.offset ?? null;
  const offset = isOpen ? (word.behindOffset ?? asideOffset) : asideOffset;
  return offset === null || offset >= place.offset ? null : placeText({ ...place, offset });
}

function readingOf({ reading }: DeliveryFacts): StoryReading | null {
  if (reading === null || reading.committed === null) return null;
  const { committed, waitingBefore } = reading;
  return { committed: String(committed), waitingBefore };
}

function laneOf({ lane, process }: OwnersWord): StoryLane | null {
  if (lane === null || process === null) return null;
  const { state, attempts, nextAttemptMs, lastFailure } = lane;
  return { process, state, attempts, nextAttemptMs, lastFailure };
}

/** The record says it; where that is gone, the journal does. */
function eventOf(record: RecordFact | null, entries: readonly JournalEntry[]): StoryEvent | null {
  const envelope = record?.envelope ?? null;
  if (envelope !== null) {
    const { id, source, type, subject, time } = envelope;
    return { id, source, type, subject, time };
  }
  const entry = entries.find(({ id, source }) => id !== null && source !== null);
  if (entry === undefined || entry.id === null || entry.source === null) return null;
  return { id: entry.id, source: entry.source, type: entry.type, subject: null, time: null };
}

function keyOf(entries: readonly JournalEntry[]): string | null {
  const key = entries[0]?.key ?? null;
  return key === null || typeof key === "string" ? key : key.hex;
}

function chainOf(record: RecordFact | null, entries: readonly JournalEntry[]): StoryChain {
  const envelope = record?.envelope ?? null;
  const traced = entries.find(({ traceId, job }) => traceId !== null && job === null);
  return {
    causationId: envelope?.causationId ?? null,
    correlationId: envelope?.correlationId ?? null,
    traceId: traceIdOf(envelope?.traceparent ?? null) ?? traced?.traceId ?? null,
  };
}

/** The second field of a `traceparent`. */
function traceIdOf(traceparent: string | null): string | null {
  return /^[\da-f]{2}-([\da-f]{32})-/u.exec(traceparent ?? "")?.[1] ?? null;
}
