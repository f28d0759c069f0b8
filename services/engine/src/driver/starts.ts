/**
 * Where partitions begin.
 *
 * - `startAt` is resolved at the first sight of a partition, written as `initialised`, then committed, then noted as
 *   `begun`. So "no committed offset" has three meanings: never initialised is new, initialised but not begun is
 *   committed now, begun means that the group's offsets are gone, which stops the partition.
 * - What an overtaken owner writes of it holds for nobody, as with markers (aside/markers.ts): it is judged by the
 *   claims, and deleted before any of them is.
 */
import {
  asOffset,
  type Epoch,
  type Offset,
  type TargetId,
  type Topic,
} from "../core/lanes/identity.ts";
import { partitionName } from "../core/state.ts";
import type {
  AssignedPartition,
  Assignment,
  OffsetCommit,
  PartitionHalt,
  StateLog,
} from "../ports.ts";
import { entriesByPlace, isFenced } from "./aside/markers.ts";
import type { DriverOptions, DriverPorts } from "./options.ts";
import {
  begunKey,
  initialisedKey,
  readBegun,
  readInitialised,
  readTopic,
  topicKey,
  topicsPrefix,
  type BegunValue,
  type InitialisedValue,
  type TopicValue,
} from "./aside/state-keys.ts";

/** Where a partition that was taken begins. */
export interface Start {
  readonly partition: AssignedPartition;
  readonly epoch: Epoch;
  readonly offset: Offset;
  readonly metadata: string;
  /** Where this comes from: of what is not committed by the group yet, whether it is written. */
  readonly isFrom: "commit" | "initialised" | "now";
}

/** What finding starts works with. */
export interface StartContext {
  readonly assignment: Assignment;
  /** What earlier tries of this takeover committed, which the assignment does not know. */
  readonly committed: Map<AssignedPartition, OffsetCommit>;
  readonly options: Pick<DriverOptions, "target" | "startAt">;
  readonly ports: Pick<DriverPorts, "source" | "stateLog">;
}

/** What is known of starts by the state topic. */
interface Known {
  /** Where a partition begins by the word of owners that held it. */
  readonly offsetOf: (partition: AssignedPartition) => Offset | null;
  /** What was committed when it had begun; null where it never did. */
  readonly begunAt: (partition: AssignedPartition) => Offset | null;
  /** How many partitions each topic had at first sight. */
  readonly countsAtFirst: ReadonlyMap<Topic, number>;
}

/**
 * Finds where partitions begin, which are claimed: the view of the state topic is known to be whole.
 * @throws MillraceError of the ports; may be repeated.
 */
export async function findStarts(
  claimed: ReadonlyMap<AssignedPartition, Epoch>,
  context: StartContext,
): Promise<{ readonly starts: readonly Start[]; readonly halted: readonly PartitionHalt[] }> {
  const starts: Start[] = [];
  const halted: PartitionHalt[] = [];
  if (claimed.size === 0) return { starts, halted };
  const countsAtFirst = await noteTopics(context);
  const known = { ...(await judgeInitialised([...claimed.keys()], context)), countsAtFirst };
  for (const [partition, epoch] of claimed) {
    const start = await findStart(partition, known, context);
    if ("reason" in start) halted.push(start);
    else starts.push({ ...start, partition, epoch });
  }
  return { starts, halted };
}

/**
 * Writes `initialised`, commits, notes `begun`; a crash between any two is taken up from there.
 * @throws MillraceError of the ports; may be repeated.
 */
export async function commitStarts(
  starts: readonly Start[],
  {
    assignment: { generation },
    committed,
    options: { target },
    ports: { source, stateLog },
  }: StartContext,
): Promise<void> {
  const found = starts.filter(({ isFrom }) => isFrom === "now");
  if (found.length > 0) {
    const entries = found.map(({ partition, epoch, offset }) => {
      const value: InitialisedValue = { v: 1, offset };
      return { key: initialisedKey(target, partition, epoch), value };
    });
    await stateLog.append(entries);
  }
  const fresh = starts.filter(({ isFrom }) => isFrom !== "commit");
  if (fresh.length > 0) {
    const commits = fresh.map(({ partition, offset, metadata }): OffsetCommit => {
      return { topic: partition.topic, partition: partition.partition, offset, metadata };
    });
    await source.commit(commits, generation);
    for (const [index, { partition }] of fresh.entries()) {
      const commit = commits[index];
      if (commit !== undefined) committed.set(partition, commit);
    }
  }
  const begun = starts.map(({ partition, offset }) => {
    const value: BegunValue = { v: 1, offset };
    return { key: begunKey(target, partition), value };
  });
  const unnoted = begun.filter(({ key }) => readBegun(stateLog.get(key)?.value) === null);
  if (unnoted.length > 0) await stateLog.append(unnoted);
}

/** Remembers how many partitions each topic had at first sight, and gives what is known of them then. */
async function noteTopics({
  assignment,
  options: { target },
  ports: { stateLog },
}: StartContext): Promise<ReadonlyMap<Topic, number>> {
  const known = readCounts(target, stateLog);
  const entries: { key: string; value: TopicValue }[] = [];
  for (const [topic, partitionCount] of assignment.partitionCounts) {
    if (known.has(topic)) continue;
    const key = topicKey(target, topic, partitionCount);
    entries.push({ key, value: { v: 1, partitionCount } });
  }
  if (entries.length === 0) return known;
  const offsets = await stateLog.append(entries);
  await stateLog.readTo(asOffset(Math.max(...offsets)));
  // Another owner may have seen a topic with fewer partitions before.
  return readCounts(target, stateLog);
}

function readCounts(target: TargetId, stateLog: StateLog): ReadonlyMap<Topic, number> {
  const counts = new Map<Topic, number>();
  for (const [key, { value }] of stateLog.list(topicsPrefix(target))) {
    const seen = readTopic(key, value);
    if (seen === null) continue;
    const { topic, partitionCount } = seen;
    counts.set(topic, Math.min(partitionCount, counts.get(topic) ?? Infinity));
  }
  return counts;
}

/** Deletes what holds for nobody, or is needed no more. */
async function judgeInitialised(
  partitions: readonly AssignedPartition[],
  { options: { target }, ports: { stateLog } }: StartContext,
): Promise<Omit<Known, "countsAtFirst">> {
  const initialised = entriesByPlace(stateLog.list(`initialised/${target}/`));
  const claims = entriesByPlace(stateLog.list(`claim/${target}/`));
  const begun = new Map<AssignedPartition, Offset>();
  const offsets = new Map<AssignedPartition, Offset>();
  const voided: string[] = [];
  for (const partition of partitions) {
    const name = partitionName(partition.topic, partition.partition);
    const fence = (claims.get(name) ?? []).map(([, { offset }]) => offset);
    const begunHere = readBegun(stateLog.get(begunKey(target, partition))?.value);
    if (begunHere !== null) begun.set(partition, asOffset(begunHere.offset));
    for (const [key, { offset: at, value }] of initialised.get(name) ?? []) {
      const known = readInitialised(key, value);
      if (known === null) continue;
      if (begunHere !== null || isFenced(known.epoch, at, fence)) voided.push(key);
      else offsets.set(partition, asOffset(known.offset));
    }
  }
  if (voided.length > 0) await stateLog.append(voided.map((key) => ({ key, value: null })));
  return {
    offsetOf: (partition) => offsets.get(partition) ?? null,
    begunAt: (partition) => begun.get(partition) ?? null,
  };
}

type Found = Pick<Start, "offset" | "metadata" | "isFrom">;

async function findStart(
  partition: AssignedPartition,
  known: Known,
  context: StartContext,
): Promise<Found | PartitionHalt> {
  const { options, ports } = context;
  const committed = partition.committed ?? context.committed.get(partition) ?? null;
  if (committed !== null) return checkRange(partition, { ...committed, isFrom: "commit" }, ports);
  const begunAt = known.begunAt(partition);
  if (begunAt !== null) return halt(partition, begunAt, "committed-offset-gone");
  const metadata = "";
  const initialised = known.offsetOf(partition);
  const offset = initialised ?? owedFrom(partition, known);
  const isFrom = initialised === null ? "now" : "initialised";
  if (offset === null) {
    return { offset: await ports.source.offsetAt(partition, options.startAt), metadata, isFrom };
  }
  // The log may have lost what was owed before anyone committed.
  return checkRange(partition, { offset, metadata, isFrom }, ports);
}

/** 0 for a partition that was added after the first sight of its topic, whatever `startAt` says; else null. */
function owedFrom({ topic, partition }: AssignedPartition, known: Known): Offset | null {
  const count = known.countsAtFirst.get(topic);
  return count !== undefined && partition >= count ? asOffset(0) : null;
}

async function checkRange(
  partition: AssignedPartition,
  found: Found,
  { source }: Pick<DriverPorts, "source">,
): Promise<Found | PartitionHalt> {
  const { offset } = found;
  if (offset < partition.logStartOffset) return halt(partition, offset, "log-start-beyond-offset");
  if (offset > partition.logEndOffset) {
    // What an earlier try of this takeover found may lie beyond the end that the assignment knew.
    const logEndOffset = await source.offsetAt(partition, { kind: "latest" });
    if (offset > logEndOffset) {
      return halt({ ...partition, logEndOffset }, offset, "offset-beyond-log-end");
    }
  }
  return found;
}

function halt(
  { topic, partition, logStartOffset, logEndOffset }: AssignedPartition,
  nextOffset: Offset,
  reason: PartitionHalt["reason"],
): PartitionHalt {
  return { topic, partition, reason, nextOffset, logStartOffset, logEndOffset };
}
