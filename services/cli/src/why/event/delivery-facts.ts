/** What is known of an event at one target. */
import type { TargetConfig } from "@millrace/config";
import type {
  DeliveryFacts,
  MarkerFact,
  ReadingFact,
  ResolutionFact,
  TargetFacts,
} from "@millrace/diagnosis";
import { asOffset, asTarget, listReplays, type JournalEntry } from "@millrace/engine";
import { gatherFacts } from "../gather-facts.ts";
import { lettersOf, markerOf, parkedPlace } from "./aside-facts.ts";
import { isLive, laneOf, partitionOf, type AskedEvent } from "./asked-event.ts";
import { dropsOf, jobsOf, pauseSpans, redrivesOf, rewindsOf } from "./control-facts.ts";
import { earlierEntry } from "./earlier-entry.ts";
import type { EventWorld } from "./event-world.ts";

/** A target that an event goes to, and how far it has come. */
export interface ReadTarget {
  readonly name: string;
  /** Null: it is not in the configuration. */
  readonly config: TargetConfig | null;
  readonly reading: ReadingFact | null;
}

/** Gathers the facts. The control and state topics and the journal must have been read. */
export async function gatherDelivery(
  world: EventWorld,
  event: AskedEvent,
  { name, config, reading }: ReadTarget,
): Promise<DeliveryFacts> {
  const entries = event.told.entries.filter(({ target }) => target === name);
  const skipped = event.told.skipped.filter(({ target }) => target === name);
  const skips = skipped.map(({ toldAt: at, mappingRevision }) => ({ at, mappingRevision }));
  const order = config?.order ?? "key";
  const earlier = earlierEntry(world.journal, event, { name, order });
  const known = { target: name, order, entries, skips, earlier, reading };
  const marker = config === null ? null : markerOf(world.state, config, event);
  const control = controlOf(world, event, { ...known, marker });
  if (config === null) return { ...known, marker, ...control, ...NOT_LOOKED_FOR };
  const found = { ...known, marker, resolution: control.resolution };
  const of = { settings: world.settings, terminal: world.terminal, target: config };
  return {
    ...found,
    ...control,
    letters: mayHaveLetters(found, event) ? await lettersOf(of, event.place) : [],
    parked: mayBeParked(found, event) ? await parkedPlace(of, event.place) : null,
    now: isOpen(found) ? await nowOf(world, config) : null,
  };
}

const NOT_LOOKED_FOR = { letters: [], parked: null, now: null } as const;

interface Known {
  readonly target: string;
  readonly order: TargetConfig["order"];
  readonly entries: readonly JournalEntry[];
  readonly skips: DeliveryFacts["skips"];
  readonly reading: ReadingFact | null;
  readonly marker: MarkerFact | null;
}

function controlOf(
  { board, state }: EventWorld,
  event: AskedEvent,
  { target: name, order, entries, marker }: Known,
): Pick<DeliveryFacts, "drops" | "jobs" | "pauses" | "redrives" | "resolution" | "rewinds"> {
  const target = asTarget(name);
  const { place, producedAt } = event;
  const audits = board.audits(target);
  const wasParked = entries.some(({ outcome }) => outcome === "parked");
  const isParked = wasParked || (marker !== null && marker.offset < place.offset);
  const found = board.resolution(target, { ...partitionOf(place), offset: asOffset(place.offset) });
  const resolution: ResolutionFact | null =
    found === null ? null : { kind: found.kind, ...found.wish };
  return {
    pauses: pauseSpans(audits),
    drops: dropsOf(audits, { place, lane: laneOf(event, order) }),
    redrives: redrivesOf(audits, { place, producedAt, lane: laneOf(event, order), isParked }),
    jobs: jobsOf(board.jobs(target), listReplays(state, target), event),
    rewinds: rewindsOf(audits, event),
    resolution,
  };
}

/** The topic of dead letters is read only where it may tell something. */
function mayHaveLetters(
  known: Known & Pick<DeliveryFacts, "resolution">,
  { place }: AskedEvent,
): boolean {
  const { entries, marker, resolution } = known;
  if (resolution !== null || marker?.offset === place.offset || isUntold(known)) return true;
  return entries.some((entry) => entry.outcome === "dead-lettered" && isLive(entry));
}

/** Likewise that of parked events. */
function mayBeParked({ entries, marker }: Known, { place }: AskedEvent): boolean {
  if (marker !== null && marker.offset <= place.offset) return true;
  return entries.some(({ outcome }) => outcome === "parked");
}

function isUntold({ entries, skips, reading }: Known): boolean {
  return reading?.state === "settled" && skips.length === 0 && !entries.some(isLive);
}

function isOpen({ entries, skips, reading }: Known): boolean {
  if (reading?.state !== "open" && reading?.state !== "not-started") return false;
  return skips.length === 0 && !entries.some(isLive);
}

function nowOf(
  { settings, terminal, token }: EventWorld,
  target: TargetConfig,
): Promise<TargetFacts> {
  return gatherFacts({ settings, target, terminal, token });
}
