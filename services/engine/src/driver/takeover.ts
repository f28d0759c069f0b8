/**
 * Taking partitions over: claims first, then where each one starts. Nothing is dispatched before it is done.
 *
 * - The claim's offset in the state topic is the epoch; the topic is read up to our own claims before the first
 *   dispatch, so that nothing an earlier owner wrote is missed.
 * - Which keys earlier owners set aside is judged by the claims (markers.ts).
 * - `startAt` is resolved at the first sight of a partition, written as `initialised`, then committed, then marked
 *   committed. So "no committed offset" has three meanings: never initialised is new, initialised but not marked is
 *   committed now, marked means that the group's offsets are gone, which stops the partition.
 */
import { asOffset, type Epoch, type Offset } from "../core/lanes/identity.ts";
import type { AssignedInput } from "../core/input.ts";
import type { AsideTakeover } from "../core/aside/marker.ts";
import { partitionName } from "../core/state.ts";
import { assert } from "../errors.ts";
import type { AssignedPartition, Assignment, OffsetCommit, PartitionHalt } from "../ports.ts";
import type { ClaimWriter } from "./aside/claim-writer.ts";
import type { DeadLetterPlaces } from "./dead-letters/dead-letter-places.ts";
import { judgeMarkers } from "./aside/markers.ts";
import type { DriverOptions, DriverPorts } from "./options.ts";
import { judgeReplays, type ReplaySteps } from "./replay/replay-steps.ts";
import {
  initialisedKey,
  readInitialised,
  readTopic,
  topicKey,
  type InitialisedValue,
  type TopicValue,
} from "./aside/state-keys.ts";

/** What a takeover gives: what the engine owns now, and what must stand still. */
export interface Takeover {
  readonly owned: readonly AssignedInput[];
  readonly halted: readonly PartitionHalt[];
  /** How far replays came in what was taken, by partition name. */
  readonly replays: ReadonlyMap<string, ReplaySteps>;
}

/** What every part of a takeover works with. */
interface Context {
  readonly assignment: Assignment;
  readonly claims: ClaimWriter;
  /**
   * What earlier tries of this takeover committed, which the assignment does not know. Without it a try that failed behind
   * its commit would look like offsets that are gone.
   */
  readonly committed: Map<AssignedPartition, OffsetCommit>;
  /** Whether the engine still holds a partition of the generation before. */
  readonly isKnown: (partition: AssignedPartition) => boolean;
  readonly places: DeadLetterPlaces;
  readonly options: DriverOptions;
  readonly ports: Pick<DriverPorts, "source" | "stateLog" | "clock">;
}

interface Start {
  readonly partition: AssignedPartition;
  readonly offset: Offset;
  readonly metadata: string;
  /** Not committed by the group yet. */
  readonly isNew: boolean;
}

/**
 * Takes an assignment over.
 * @throws MillraceError of the ports; every step may be repeated.
 */
export async function takeOver(context: Context): Promise<Takeover> {
  const { partitions } = context.assignment;
  // One that is continued but unknown was assigned to a takeover that never ended: nobody holds its state.
  const isKept = (partition: AssignedPartition): boolean =>
    partition.isContinued && context.isKnown(partition);
  const taken = partitions.filter((partition) => !isKept(partition));
  const epochs = await claim(taken, context);
  // Only now is the view of the state topic known to be whole; without a claim nothing is decided by it either.
  if (taken.length > 0) await noteTopics(context);
  const starts: Start[] = [];
  const halted: PartitionHalt[] = [];
  for (const partition of taken) {
    const start = await findStart(partition, context);
    if ("reason" in start) halted.push(start);
    else starts.push(start);
  }
  await commitStarts(starts, context);
  const { options, ports } = context;
  const claimed = [...epochs].map(([{ topic, partition }, epoch]) => ({ topic, partition, epoch }));
  // Before the claims that they are judged by are forgotten.
  const judging = { target: options.target, stateLog: ports.stateLog };
  const replays = await judgeReplays(claimed, judging);
  const markers = await judgeMarkers(claimed, {
    target: options.target,
    stateLog: ports.stateLog,
    places: context.places,
  });
  const owned: AssignedInput[] = partitions
    .filter(isKept)
    .map(({ topic, partition }) => ({ kind: "continued", topic, partition }));
  for (const start of starts) owned.push(takenInput(start, epochs, markers));
  return { owned, halted, replays };
}

async function claim(
  taken: readonly AssignedPartition[],
  { claims }: Context,
): Promise<ReadonlyMap<AssignedPartition, Epoch>> {
  const offsets = await claims.claim(taken);
  const epochs = new Map<AssignedPartition, Epoch>();
  for (const [index, partition] of taken.entries()) {
    const epoch = offsets[index];
    if (epoch !== undefined) epochs.set(partition, epoch);
  }
  return epochs;
}

/** Remembers how many partitions each topic had at first sight. */
async function noteTopics({ assignment, options, ports }: Context): Promise<void> {
  const { stateLog } = ports;
  const entries: { key: string; value: TopicValue }[] = [];
  for (const [topic, partitionCount] of assignment.partitionCounts) {
    const key = topicKey(options.target, topic);
    if (stateLog.get(key) === undefined) entries.push({ key, value: { v: 1, partitionCount } });
  }
  if (entries.length === 0) return;
  const offsets = await stateLog.append(entries);
  await stateLog.readTo(asOffset(Math.max(...offsets)));
}

async function findStart(
  partition: AssignedPartition,
  context: Context,
): Promise<Start | PartitionHalt> {
  const { options, ports } = context;
  const key = initialisedKey(options.target, partition);
  const initialised = readInitialised(ports.stateLog.get(key)?.value);
  const committed = partition.committed ?? context.committed.get(partition) ?? null;
  if (committed !== null) return checkRange(partition, committed, ports);
  if (initialised?.isCommitted === true) {
    return halt(partition, asOffset(initialised.offset), "committed-offset-gone");
  }
  const offset = initialised === null ? owedFrom(partition, context) : initialised.offset;
  if (offset === null) {
    const position = await ports.source.offsetAt(partition, options.startAt);
    return { partition, offset: position, metadata: "", isNew: true };
  }
  // The log may have lost what was owed before anyone committed.
  const start = await checkRange(partition, { offset: asOffset(offset), metadata: "" }, ports);
  return "reason" in start ? start : { ...start, isNew: true };
}

/** 0 for a partition that was added after the first sight of its topic, whatever `startAt` says; else null. */
function owedFrom(
  partition: AssignedPartition,
  { options: { target }, ports: { stateLog } }: Context,
): 0 | null {
  const known = readTopic(stateLog.get(topicKey(target, partition.topic))?.value);
  const isAddedLater = known !== null && partition.partition >= known.partitionCount;
  return isAddedLater ? 0 : null;
}

async function checkRange(
  partition: AssignedPartition,
  { offset, metadata }: { readonly offset: Offset; readonly metadata: string },
  { source }: Pick<DriverPorts, "source">,
): Promise<Start | PartitionHalt> {
  if (offset < partition.logStartOffset) return halt(partition, offset, "log-start-beyond-offset");
  if (offset > partition.logEndOffset) {
    // What an earlier try of this takeover found may lie beyond the end that the assignment knew.
    const logEndOffset = await source.offsetAt(partition, { kind: "latest" });
    if (offset > logEndOffset) {
      return halt({ ...partition, logEndOffset }, offset, "offset-beyond-log-end");
    }
  }
  return { partition, offset, metadata, isNew: false };
}

function halt(
  { topic, partition, logStartOffset, logEndOffset }: AssignedPartition,
  nextOffset: Offset,
  reason: PartitionHalt["reason"],
): PartitionHalt {
  return { topic, partition, reason, nextOffset, logStartOffset, logEndOffset };
}

/** Writes `initialised`, commits, marks it committed; a crash between any two is taken up from there. */
async function commitStarts(
  starts: readonly Start[],
  {
    assignment: { generation },
    committed,
    options: { target },
    ports: { source, stateLog },
  }: Context,
): Promise<void> {
  const fresh = starts.filter((start) => start.isNew);
  const entries = (isCommitted: boolean, of: readonly Start[]) =>
    of.map(({ partition, offset }) => {
      const value: InitialisedValue = { v: 1, offset, isCommitted };
      return { key: initialisedKey(target, partition), value };
    });
  if (fresh.length > 0) {
    await stateLog.append(entries(false, fresh));
    const commits = fresh.map(({ partition, offset, metadata }): OffsetCommit => {
      return { topic: partition.topic, partition: partition.partition, offset, metadata };
    });
    await source.commit(commits, generation);
    for (const [index, { partition }] of fresh.entries()) {
      const commit = commits[index];
      if (commit !== undefined) committed.set(partition, commit);
    }
  }
  const unmarked = starts.filter(({ partition }) => {
    const entry = stateLog.get(initialisedKey(target, partition));
    return readInitialised(entry?.value)?.isCommitted !== true;
  });
  if (unmarked.length > 0) await stateLog.append(entries(true, unmarked));
}

function takenInput(
  start: Start,
  epochs: ReadonlyMap<AssignedPartition, Epoch>,
  markers: ReadonlyMap<string, readonly AsideTakeover[]>,
): AssignedInput {
  const { topic, partition, logEndOffset } = start.partition;
  const epoch = epochs.get(start.partition);
  assert(epoch !== undefined, "I8: a partition is taken without a claim");
  return {
    kind: "taken",
    topic,
    partition,
    epoch,
    committed: { offset: start.offset, metadata: start.metadata },
    logEndOffset,
    markers: markers.get(partitionName(topic, partition)) ?? [],
  };
}
