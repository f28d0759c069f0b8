/**
 * Taking partitions over: claims first, then where each one starts. Nothing is dispatched before it is done.
 *
 * - The claim's offset in the state topic is the epoch; the topic is read up to our own claims before the first
 *   dispatch, so that nothing an earlier owner wrote is missed.
 * - `startAt` is resolved at the first sight of a partition, written as `initialised`, then committed, then marked
 *   committed. So "no committed offset" has three meanings: never initialised is new, initialised but not marked is
 *   committed now, marked means that the group's offsets are gone, which stops the partition.
 */
import { asEpoch, asOffset, type Epoch, type Offset } from "../core/identity.ts";
import type { AssignedInput } from "../core/input.ts";
import type { AssignedPartition, Assignment, OffsetCommit, PartitionHalt } from "../ports.ts";
import type { DriverOptions, DriverPorts } from "./options.ts";
import {
  claimKey,
  initialisedKey,
  readInitialised,
  readTopic,
  topicKey,
  type ClaimValue,
  type InitialisedValue,
  type TopicValue,
} from "./state-keys.ts";

/** What a takeover gives: what the engine owns now, and what must stand still. */
export interface Takeover {
  readonly owned: readonly AssignedInput[];
  readonly halted: readonly PartitionHalt[];
}

/** What every part of a takeover works with. */
interface Context {
  readonly assignment: Assignment;
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
  const taken = partitions.filter((partition) => !partition.isContinued);
  const epochs = await claim(taken, context);
  await noteTopics(context);
  const starts: Start[] = [];
  const halted: PartitionHalt[] = [];
  for (const partition of taken) {
    const start = await findStart(partition, context);
    if ("reason" in start) halted.push(start);
    else starts.push(start);
  }
  await commitStarts(starts, context);
  const owned: AssignedInput[] = partitions
    .filter((partition) => partition.isContinued)
    .map(({ topic, partition }) => ({ kind: "continued", topic, partition }));
  for (const start of starts) owned.push(takenInput(start, epochs));
  return { owned, halted };
}

async function claim(
  taken: readonly AssignedPartition[],
  { assignment, options, ports }: Context,
): Promise<ReadonlyMap<string, Epoch>> {
  const { memberId, generation } = assignment;
  const { target, processId } = options;
  const { stateLog, clock } = ports;
  if (taken.length === 0) return new Map();
  const at = new Date(clock.wallNow()).toISOString();
  const value: ClaimValue = { v: 1, process: processId, member: memberId, generation, at };
  const keys = taken.map((partition) => claimKey(target, partition));
  const offsets = await stateLog.append(keys.map((key) => ({ key, value })));
  await stateLog.readTo(asOffset(Math.max(...offsets)));
  return new Map(
    taken.map(({ topic, partition }, index) => [
      `${topic}/${partition}`,
      asEpoch(offsets[index] ?? -1),
    ]),
  );
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
  if (partition.committed !== null) return checkRange(partition, partition.committed);
  if (initialised === null) {
    const offset = await firstOffset(partition, context);
    return { partition, offset, metadata: "", isNew: true };
  }
  const offset = asOffset(initialised.offset);
  if (initialised.isCommitted) return halt(partition, offset, "committed-offset-gone");
  return { partition, offset, metadata: "", isNew: true };
}

/** Where a partition begins that no one has read: as `startAt` says, but 0 for one that was added later. */
async function firstOffset(
  partition: AssignedPartition,
  { options: { target, startAt }, ports: { source, stateLog } }: Context,
): Promise<Offset> {
  const known = readTopic(stateLog.get(topicKey(target, partition.topic))?.value);
  const isAddedLater = known !== null && partition.partition >= known.partitionCount;
  return source.offsetAt(partition, isAddedLater ? { kind: "earliest" } : startAt);
}

function checkRange(
  partition: AssignedPartition,
  { offset, metadata }: { readonly offset: Offset; readonly metadata: string },
): Start | PartitionHalt {
  if (offset < partition.logStartOffset) return halt(partition, offset, "log-start-beyond-offset");
  if (offset > partition.logEndOffset) return halt(partition, offset, "offset-beyond-log-end");
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
  { assignment: { generation }, options: { target }, ports: { source, stateLog } }: Context,
): Promise<void> {
  const fresh = starts.filter((start) => start.isNew);
  const entries = (isCommitted: boolean, of: readonly Start[]) =>
    of.map(({ partition, offset }) => {
      const value: InitialisedValue = { v: 1, offset, isCommitted };
      return { key: initialisedKey(target, partition), value };
    });
  if (fresh.length > 0) {
    await stateLog.append(entries(false, fresh));
    const commits = fresh.map(
      ({ partition: { topic, partition }, offset, metadata }): OffsetCommit => ({
        topic,
        partition,
        offset,
        metadata,
      }),
    );
    await source.commit(commits, generation);
  }
  const unmarked = starts.filter(({ partition }) => {
    const entry = stateLog.get(initialisedKey(target, partition));
    return readInitialised(entry?.value)?.isCommitted !== true;
  });
  if (unmarked.length > 0) await stateLog.append(entries(true, unmarked));
}

function takenInput(start: Start, epochs: ReadonlyMap<string, Epoch>): AssignedInput {
  const { topic, partition, logEndOffset } = start.partition;
  return {
    kind: "taken",
    topic,
    partition,
    epoch: epochs.get(`${topic}/${partition}`) ?? asEpoch(-1),
    committed: { offset: start.offset, metadata: start.metadata },
    logEndOffset,
  };
}
