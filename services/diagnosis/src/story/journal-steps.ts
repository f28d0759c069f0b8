/** What the journal tells of a delivery: its attempts, and how they ended. */
import type { JournalEntry } from "@millrace/engine";
import type { DeliveryFacts, LetterFact, PlaceFact } from "./event-facts.ts";
import type { StoryStep } from "./event-story.ts";
import { placeText, timeText } from "./place-text.ts";

/** The steps of all entries, and of dead letters that have none, in no order. */
export function journalSteps(facts: DeliveryFacts, place: PlaceFact): readonly StoryStep[] {
  const letters = pairLetters(facts);
  const told = facts.entries.flatMap((entry) => [
    ...attemptSteps(entry),
    endOf(entry, { facts, place, letter: letters.get(entry) ?? null }),
  ]);
  const paired = new Set(letters.values());
  const untold = facts.letters.filter((letter) => !paired.has(letter)).map(letterStep);
  return [...told, ...untold, ...skipSteps(facts)];
}

/** Each dead letter goes with the entry that was written next to it. */
function pairLetters({ entries, letters }: DeliveryFacts): ReadonlyMap<JournalEntry, LetterFact> {
  const pairs = new Map<JournalEntry, LetterFact>();
  for (const letter of letters) {
    const distance = ({ settledAt }: JournalEntry): number => Math.abs(settledAt - letter.at);
    const [entry] = entries
      .filter(({ outcome, job }) => outcome === "dead-lettered" && job === null)
      .filter((one) => !pairs.has(one))
      .sort((one, other) => distance(one) - distance(other));
    if (entry !== undefined) pairs.set(entry, letter);
  }
  return pairs;
}

function attemptSteps(entry: JournalEntry): readonly StoryStep[] {
  const { attempts, attemptCount, job, request } = entry;
  const leftOut = Math.max(0, attemptCount - attempts.length);
  return attempts.flatMap((one, index): StoryStep[] => {
    const { startedAt, durationMs, end, status, requestId, answer } = one;
    const isLate = leftOut > 0 && index >= FIRST_KEPT;
    const next = leftOut > 0 && index === FIRST_KEPT - 1 ? undefined : attempts[index + 1];
    const attempt: StoryStep = {
      kind: "attempt",
      at: timeText(startedAt),
      number: index + 1 + (isLate ? leftOut : 0),
      ...{ durationMs, end, status, requestId, job, request, answer },
      retryInMs: next === undefined ? null : Math.max(0, next.startedAt - (startedAt + durationMs)),
    };
    if (leftOut === 0 || index !== FIRST_KEPT - 1) return [attempt];
    const at = timeText(startedAt + durationMs);
    return [attempt, { kind: "attempts-left-out", at, count: leftOut, job }];
  });
}

/** Where attempts are left out, they stood behind so many. */
const FIRST_KEPT = 3;

function endOf(
  entry: JournalEntry,
  of: {
    readonly facts: DeliveryFacts;
    readonly place: PlaceFact;
    readonly letter: LetterFact | null;
  },
): StoryStep {
  const { outcome, reason, detail, job, settledAt, mappingRevision } = entry;
  const at = timeText(settledAt);
  if (job !== null) return { kind: "replayed", at, job, outcome, reason, detail };
  switch (outcome) {
    case "dead-lettered": {
      const { letter } = of;
      const [where, redrives] = [letter?.place ?? null, letter?.redriveCount ?? null];
      return { kind: "dead-lettered", at, reason, detail, letter: where, redrives };
    }
    case "parked": {
      const behind = parkedBehind(entry, of);
      return { kind: "parked", at, reason, behind, parked: of.facts.parked };
    }
    case "skipped":
      return { kind: "skipped", at, mappingRevision, reason };
    case "delivered":
    // Only replays fail.
    case "failed":
      return { kind: "delivered", at };
  }
}

function parkedBehind(
  { detail, reason }: JournalEntry,
  { facts: { marker }, place }: { readonly facts: DeliveryFacts; readonly place: PlaceFact },
): string | null {
  const told = /^behind offset (\d+)$/u.exec(detail ?? "")?.[1];
  const offset = told === undefined ? marker?.offset : Number(told);
  const isDeferred = reason !== "KEY_QUARANTINED" && told === undefined;
  if (offset === undefined || isDeferred || offset >= place.offset) return null;
  return placeText({ ...place, offset });
}

function letterStep({ at, reason, error, place, redriveCount }: LetterFact): StoryStep {
  return {
    ...{ kind: "dead-lettered", at: timeText(at), reason, detail: error },
    ...{ letter: place, redrives: redriveCount },
  };
}

/** The same run may be told of again after a crash. */
function skipSteps({ skips }: DeliveryFacts): readonly StoryStep[] {
  const [first] = skips.toSorted((one, other) => one.at - other.at);
  if (first === undefined) return [];
  const { at, mappingRevision } = first;
  return [{ kind: "skipped", at: timeText(at), mappingRevision, reason: null }];
}
