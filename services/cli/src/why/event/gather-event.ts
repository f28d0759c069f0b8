/**
 * Everything that the story of an event is told from. Invariants: E1 the state topic is read before committed offsets, so that
 * a start does not look like offsets that are gone. E2 committed offsets are asked for before the journal is read: what is
 * told settled later wins.
 */
import { groupId, type TargetConfig } from "@millrace/config";
import type { EventFacts, ReadingFact } from "@millrace/diagnosis";
import { asTarget, asTopic, begunKey, readBegun } from "@millrace/engine";
import { LIMIT_MAX, type EventPlace, type JournalAnswer } from "@millrace/journal";
import { boundedMap } from "../../groups/bounded-map.ts";
import { journalKeyOf, partitionOf, type AskedEvent } from "./asked-event.ts";
import { gatherDelivery, type ReadTarget } from "./delivery-facts.ts";
import { distinctPlaces, isSamePlace } from "./event-place.ts";
import type { EventWorld } from "./event-world.ts";
import { readingFact } from "./reading-fact.ts";
import { readRecord, recordFact, type FoundRecord } from "./read-record.ts";

/** Targets that are asked at once. */
const TARGETS_MAX = 4;

/**
 * Gathers the facts of the event at a place.
 * @throws MillraceError of the brokers, `TOPIC_MISSING`; CliError where its record does not come.
 */
export async function gatherEvent(world: EventWorld, place: EventPlace): Promise<EventFacts> {
  const { board, state, reader, journal, settings } = world;
  await Promise.all([board.read(), state.readToEnd()]);
  const found = await readRecord(reader, place);
  const configured = [...settings.targets.values()].filter(({ topics }) => {
    return topics.some((topic) => topic === place.topic);
  });
  const readings = await boundedMap(configured, TARGETS_MAX, async (config) => {
    return { name: config.name, config, reading: await readingOf(world, config, place) };
  });
  await journal.catchUp();
  const told = journal.find({ place, limit: LIMIT_MAX });
  const event = askedEvent(place, found, told);
  const targets = [...readings, ...onlyTold(told, configured)];
  return {
    at: Date.now(),
    place,
    otherPlaces: otherPlaces(world, event, found),
    record: recordFact(found),
    journal: journal.fact(),
    targets: await boundedMap(targets, TARGETS_MAX, (target) =>
      gatherDelivery(world, event, target),
    ),
  };
}

async function readingOf(
  { admin, state, settings }: EventWorld,
  { name }: TargetConfig,
  place: EventPlace,
): Promise<ReadingFact | null> {
  const group = groupId(settings.namespace, name);
  const offsets = await admin.groupOffsets(group, asTopic(place.topic));
  const found = offsets.find(({ partition }) => partition === place.partition);
  if (found === undefined) return null;
  const key = begunKey(asTarget(name), partitionOf(place));
  const [entry] = state.list(key).filter(([one]) => one === key);
  const begunAt = readBegun(entry?.[1].value)?.offset ?? null;
  return readingFact({ ...found, begunAt }, place.offset);
}

function askedEvent(place: EventPlace, found: FoundRecord, told: JournalAnswer): AskedEvent {
  if (typeof found === "string") {
    const [entry] = told.entries;
    return { place, key: entry?.key ?? null, producedAt: null, told };
  }
  const key = found.key === null ? null : journalKeyOf(found.key);
  return { place, key, producedAt: found.timestampMs, told };
}

/** Targets that the journal knows and the configuration does not. */
function onlyTold(
  { entries, skipped }: JournalAnswer,
  configured: readonly TargetConfig[],
): readonly ReadTarget[] {
  const known = new Set<string>(configured.map(({ name }) => name));
  const told = new Set<string>([...entries, ...skipped].map(({ target }) => target));
  const unknown = [...told].filter((name) => !known.has(name));
  return unknown.map((name) => ({ name, config: null, reading: null }));
}

/** Where the journal has the same event besides. */
function otherPlaces(
  { journal }: EventWorld,
  { place, told }: AskedEvent,
  found: FoundRecord,
): readonly EventPlace[] {
  const fact = recordFact(found);
  const envelope = typeof fact === "string" ? null : fact.envelope;
  const { id, source } = envelope ?? told.entries[0] ?? { id: null, source: null };
  if (id === null || source === null) return [];
  const { entries } = journal.find({ id, source, limit: LIMIT_MAX });
  return distinctPlaces(entries).filter((other) => !isSamePlace(place, other));
}
