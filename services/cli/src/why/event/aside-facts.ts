/** What stands of an event in a target's own topics: its dead letters, and where it is parked. */
import { ownTopics, type TargetConfig } from "@millrace/config";
import type { LetterFact, MarkerFact } from "@millrace/diagnosis";
import { asTarget, listSetAside, type StateLog } from "@millrace/engine";
import { readDeadLetter, readSourcePlace, type DeadLetter } from "@millrace/jobs";
import type { EventPlace } from "@millrace/journal";
import { readTargetTopic } from "../../dead-letters/dead-letter-desk.ts";
import { isOfPartition, laneOf, type AskedEvent } from "./asked-event.ts";
import { isSamePlace } from "./event-place.ts";
import type { EventInquiry } from "./event-world.ts";

type Reading = Pick<EventInquiry, "settings" | "terminal"> & { readonly target: TargetConfig };

/** All dead letters of an event, one for each time it was given up, the earliest first. */
export async function lettersOf(
  reading: Reading,
  place: EventPlace,
): Promise<readonly LetterFact[]> {
  const { settings, target } = reading;
  const { dead } = ownTopics(settings.namespace, target.name);
  const letters = new Map<string, LetterFact>();
  await readTargetTopic(reading, dead, (record) => {
    const letter = readDeadLetter(record);
    if (letter === null || !isSamePlace(letter, place)) return;
    // An acknowledgement that got lost leaves the same one twice.
    const name = `${letter.epoch}/${letter.redriveCount}`;
    if (!letters.has(name)) letters.set(name, letterFact(letter, dead));
  });
  return [...letters.values()].sort((one, other) => one.at - other.at);
}

function letterFact(letter: DeadLetter, topic: string): LetterFact {
  const { at, reason, error, httpStatus, attemptCount, redriveCount } = letter;
  return {
    place: `${topic}:${at.partition}:${at.offset}`,
    at: at.timestampMs,
    ...{ reason, error, status: httpStatus, attemptCount, redriveCount },
  };
}

/** Where an event stands in the parked topic, the latest where that is more than once; null: nowhere. */
export async function parkedPlace(reading: Reading, place: EventPlace): Promise<string | null> {
  const { settings, target } = reading;
  const { parked } = ownTopics(settings.namespace, target.name);
  let found: string | null = null;
  await readTargetTopic(reading, parked, (record) => {
    const source = readSourcePlace(record);
    if (source === null || !isSamePlace(source, place)) return;
    found = `${parked}:${record.partition}:${record.offset}`;
  });
  return found;
}

/** How the lane of an event is set aside; null: it is not. The log must have been read. */
export function markerOf(
  state: Pick<StateLog, "list">,
  { name, order }: Pick<TargetConfig, "name" | "order">,
  event: Pick<AskedEvent, "key" | "place">,
): MarkerFact | null {
  const lane = laneOf(event, order);
  const keys = lane === null ? [] : listSetAside(state, asTarget(name));
  const found = keys.find((one) => isOfPartition(event.place, one) && one.key === lane);
  return found === undefined ? null : { kind: found.kind, offset: found.offset };
}
