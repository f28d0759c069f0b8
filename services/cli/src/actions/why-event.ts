import { setTimeout } from "node:timers/promises";
import { storyText, tellStory, type EventStory } from "@millrace/diagnosis";
import type { MillraceError } from "@millrace/engine";
import type { EventPlace } from "@millrace/journal";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { documentText } from "../output/document.ts";
import { safeText } from "../output/safe-text.ts";
import type { Settings } from "../settings.ts";
import { isTopicMissing, nearTopic, topicNames } from "../topic-choice.ts";
import { readEventPlace } from "../why/event/event-place.ts";
import { withEventWorld, type EventWorld } from "../why/event/event-world.ts";
import { findPlaces, type EventSearch } from "../why/event/find-places.ts";
import { gatherEvent } from "../why/event/gather-event.ts";
import { assertInLog } from "../why/event/read-record.ts";

/** How long a process keeps what has settled before the journal has it, ms, and some more. */
const JOURNAL_DELAY_MS = 1_000;
/** Stories that one call tells. */
const STORIES_MAX = 20;

/** Tells what became of an event, one story for each record of it. */
export async function whyEvent(
  context: CommandContext,
  settings: Settings,
  search: EventSearch,
): Promise<ExitCode> {
  const { terminal, output, env } = context;
  const token = env["MILLRACE_ADMIN_TOKEN"];
  const stories = await withEventWorld({ settings, terminal, env, token }, async (world) => {
    const places = await placesOf(world, search);
    const left = places.length - STORIES_MAX;
    if (left > 0) terminal.complain(`it has ${left} more records; the first are shown`);
    const told: EventStory[] = [];
    for (const place of places.slice(0, STORIES_MAX)) told.push(await storyOf(world, place));
    return told.sort(byProduction);
  });
  if (output === null || output === "table") terminal.write(textOf(stories));
  else terminal.write(await documentText({ kind: "EventStories", items: stories }, output));
  return stories.some(({ journal }) => journal.failure !== null) ? EXIT.partial : EXIT.ok;
}

async function placesOf(world: EventWorld, search: EventSearch): Promise<readonly EventPlace[]> {
  const place = readEventPlace(search.id);
  if (place === null) return findPlaces(world, search);
  try {
    await assertInLog(world.reader, place);
    return [place];
  } catch (error) {
    if (!isTopicMissing(error)) throw error;
    // An id may look like a place. One with almost a topic's name is a slip of the hand, unless it is searched for on purpose.
    if (search.from === null) await refuseAlmostTopic(error, place, world.settings);
    return findPlaces(world, search);
  }
}

async function refuseAlmostTopic(
  missing: MillraceError,
  { topic, partition, offset }: EventPlace,
  settings: Settings,
): Promise<void> {
  const likely = await nearTopic(topic, () => topicNames(settings));
  if (likely === null) return;
  const id = `${topic}:${partition}:${offset}`;
  throw new CliError(EXIT.notFound, missing.message, {
    hint: `did you mean ${likely}:${partition}:${offset}? If it is an event's id: millrace why ${id} --from -1d`,
    cause: missing,
  });
}

/** What has just settled is told a moment later. */
async function storyOf(world: EventWorld, place: EventPlace): Promise<EventStory> {
  const story = tellStory(await gatherEvent(world, place));
  if (story.targets.every(({ outcome }) => outcome !== "settled")) return story;
  await setTimeout(JOURNAL_DELAY_MS);
  return tellStory(await gatherEvent(world, place));
}

/** Those whose time is not known come last. */
function byProduction(one: EventStory, other: EventStory): number {
  const [a, b] = [one, other].map(({ producedAt }) => Date.parse(producedAt ?? "9999-12-31"));
  return (a ?? 0) - (b ?? 0);
}

function textOf(stories: readonly EventStory[]): string {
  const texts = stories.map((story) => storyText(story).map((line) => `${safeText(line)}\n`));
  return texts.map((lines) => lines.join("")).join("\n\n");
}
