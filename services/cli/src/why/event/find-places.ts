/** Where an event of an id stands: what knows it best is asked first. */
import { ownTopics } from "@millrace/config";
import { readDeadLetter } from "@millrace/jobs";
import { LIMIT_MAX, type EventPlace } from "@millrace/journal";
import { CliError } from "../../cli-error.ts";
import { readTargetTopic } from "../../dead-letters/dead-letter-desk.ts";
import { EXIT } from "../../exit-code.ts";
import { groupDigits } from "../../output/progress.ts";
import { timeText } from "../../position.ts";
import { distinctPlaces } from "./event-place.ts";
import type { EventWorld } from "./event-world.ts";
import { searchLogs, type SearchEnd } from "./log-search.ts";

/** An event that is looked for. */
export interface EventSearch {
  readonly id: string;
  /** Epoch ms to search the logs from, which then are searched in any case; null: they are where nothing else knows it. */
  readonly from: number | null;
}

/**
 * Finds the places, at least one.
 * @throws CliError `notFound` that says where it was looked and what to do.
 */
export async function findPlaces(
  world: EventWorld,
  search: EventSearch,
): Promise<readonly EventPlace[]> {
  const { id, from } = search;
  await world.journal.catchUp();
  const told = distinctPlaces(world.journal.find({ id, limit: LIMIT_MAX }).entries);
  if (told.length > 0 && from === null) return told;
  const dead = told.length > 0 ? [] : await deadPlaces(world, id);
  if (dead.length > 0 && from === null) return dead;
  const logs = await searchLogs(world, id, from);
  const places = distinctPlaces([...told, ...dead, ...logs.places]);
  if (places.length > 0) return places;
  throw unknown(world, id, logs);
}

async function deadPlaces(
  { settings, terminal }: EventWorld,
  id: string,
): Promise<readonly EventPlace[]> {
  const places: EventPlace[] = [];
  for (const target of settings.targets.values()) {
    const { dead } = ownTopics(settings.namespace, target.name);
    await readTargetTopic({ settings, terminal, target }, dead, (record) => {
      const letter = readDeadLetter(record);
      if (letter?.id === id) places.push(letter);
    });
  }
  return distinctPlaces(places);
}

function unknown(world: EventWorld, id: string, logs: SearchEnd): CliError {
  const lookedAt = [journalText(world), deadText(world), logsText(logs)].join(", not in ");
  const start = logs.since === null ? "-7d" : `@${new Date(logs.since).toISOString()}`;
  const wider = logs.isPartial
    ? `millrace why ${id} --from ${start} searches more of the log.`
    : "is it the right id, and the right configuration?";
  return new CliError(EXIT.notFound, `nothing is known of ${id}: it is not in ${lookedAt}`, {
    hint: `${wider} Its emitter was told its place: millrace why <topic>:<partition>:<offset>`,
  });
}

function journalText({ journal }: EventWorld): string {
  const { from, failure } = journal.fact();
  if (failure !== null) return `the journal (which could not be read: ${failure})`;
  const since = from === null ? "" : ` since ${new Date(from).toISOString()}`;
  return `the journal (${groupDigits(journal.entryCount)} entries${since})`;
}

function deadText({ settings }: EventWorld): string {
  const names = [...settings.targets.keys()];
  return names.length === 0 ? "any dead letters" : `the dead letters of ${names.join(", ")}`;
}

function logsText({ readCount, topics, since }: SearchEnd): string {
  const from = since === null ? "the newest ones" : `from ${timeText(since)} on`;
  return `${groupDigits(readCount)} records of ${topics.join(", ")} (${from})`;
}
