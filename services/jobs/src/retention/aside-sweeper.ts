/**
 * Deletes from a target's own topics what nobody needs any more, from the start of each log up to the first record that has to
 * stay. What that is, and in which order things are read for it, says the engine (`ClosedPrefix`). It needs to own nothing:
 * whoever does it, twice or at once, deletes only what is closed for good, and whoever ends in the middle has deleted some of it.
 */
import {
  asOffset,
  ClosedPrefix,
  decodeDoneSet,
  listSetAside,
  MillraceError,
  type AsideKind,
  type AsideLetter,
  type ControlLog,
  type KeptRecord,
  type Offset,
  type PartitionId,
  type PartitionRange,
  type TargetId,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import type { GroupOffset, LogReader, TopicAdmin } from "@millrace/kafka";

/** Records of a partition that one sweep reads, so that deliveries beside it wait for no more; the next one goes on. */
export const SWEEP_COUNT_MAX = 10_000;

interface At {
  readonly offset: Offset;
}

/** Whose topics are swept. */
export interface SweptTarget {
  readonly target: TargetId;
  readonly groupId: string;
  /** What it reads. */
  readonly sources: readonly Topic[];
  readonly dead: Topic;
  readonly parked: Topic;
}

/** What a sweep works with. */
export interface SweepPorts {
  readonly reader: Pick<LogReader, "ranges" | "read">;
  readonly admin: Pick<TopicAdmin, "deleteRecords" | "groupOffsets">;
  readonly stateLog: Pick<ControlLog, "list" | "readToEnd">;
  readonly isResolved: (letter: AsideLetter) => boolean;
  readonly listener: SweepListener;
}

/** Told of what a sweep does and meets. */
export interface SweepListener {
  deleted(deletion: Deletion): void;
  /** Nothing from here on is deleted: it is no dead letter or parked event that this version can read. Told at each sweep. */
  unreadable(place: TopicPartition & At): void;
}

/** What one sweep is to do. */
export interface SweepWish {
  /** Partitions of the own topics, by number. */
  readonly partitions: ReadonlySet<PartitionId>;
  /** Records written after it are kept, epoch ms. */
  readonly keptFromMs: number;
  /** Ends it where it is. */
  readonly signal: AbortSignal;
}

/** `more`: the next one need not wait. */
export type SweepEnd = "done" | "more";

/** What was deleted of a partition. */
export interface Deletion extends TopicPartition {
  /** Where the log started before and after. */
  readonly from: Offset;
  readonly to: Offset;
}

interface Part extends TopicPartition {
  readonly kind: AsideKind;
  readonly from: Offset;
  readonly to: Offset;
}

/** Sweeps a target's own topics. */
export class AsideSweeper {
  readonly #swept: SweptTarget;
  /** Topics that it read once, whose records stand at the start of its own. */
  readonly #formerSources = new Set<Topic>();

  constructor(swept: SweptTarget) {
    this.#swept = swept;
  }

  /**
   * Makes one sweep. Resolves to `more` where it read as much as one may.
   * @throws MillraceError of the ports; what was deleted by then is told. May be repeated at any time.
   */
  async sweep({ partitions, keptFromMs, signal }: SweepWish, ports: SweepPorts): Promise<SweepEnd> {
    const parts = await this.#parts(partitions, ports);
    let end: SweepEnd = "done";
    if (parts.length === 0) return end;
    const isSettled = await this.#readCommits(ports);
    await ports.stateLog.readToEnd();
    const setAside = listSetAside(ports.stateLog, this.#swept.target);
    const { isResolved } = ports;
    const judge = new ClosedPrefix({ setAside, isSettled, isResolved, keptFromMs });
    for (const part of parts) {
      if (signal.aborted) break;
      const { before, kept, isCut } = await closedPart(part, judge, { ...ports, signal });
      if (isCut) end = "more";
      this.#noteSource(kept);
      const { topic, partition, from } = part;
      if (kept?.why === "unreadable") {
        ports.listener.unreadable({ topic, partition, offset: kept.offset });
      }
      if (before <= from) continue;
      const to = await ports.admin.deleteRecords({ topic, partition }, before);
      ports.listener.deleted({ topic, partition, from, to });
    }
    return end;
  }

  async #parts(
    partitions: ReadonlySet<PartitionId>,
    { reader }: SweepPorts,
  ): Promise<readonly Part[]> {
    const { dead, parked } = this.#swept;
    const partsOf = (kind: AsideKind, topic: Topic, ranges: readonly PartitionRange[]) =>
      ranges
        .filter(({ partition }) => partitions.has(partition))
        .map(({ partition, logStartOffset: from, logEndOffset: to }) => {
          return { kind, topic, partition, from, to };
        })
        .filter(({ from, to }) => from < to);
    const [letters, events] = [await reader.ranges(dead), await reader.ranges(parked)];
    return [...partsOf("dead", dead, letters), ...partsOf("parked", parked, events)];
  }

  async #readCommits({ admin }: SweepPorts): Promise<(event: TopicPartition & At) => boolean> {
    const { sources, groupId } = this.#swept;
    const settled = new Map<string, (offset: number) => boolean>();
    for (const topic of new Set([...sources, ...this.#formerSources])) {
      for (const one of await offsetsOf(admin, groupId, topic)) {
        settled.set(nameOf(one), settledBy(one));
      }
    }
    return (event) => settled.get(nameOf(event))?.(event.offset) === true;
  }

  /** What of a topic is settled is not known before its commits are read: the next sweep does. */
  #noteSource(kept: KeptRecord | null): void {
    const topic = kept?.origin?.topic;
    if (topic !== undefined && !this.#swept.sources.includes(topic)) this.#formerSources.add(topic);
  }
}

/** What a sweep read of a partition. */
interface ClosedPart {
  /** Everything below is closed. */
  readonly before: Offset;
  /** What stays first; null: nothing of what was read. */
  readonly kept: KeptRecord | null;
  /** There was more to be read. */
  readonly isCut: boolean;
}

async function closedPart(
  { kind, topic, partition, from, to }: Part,
  judge: ClosedPrefix,
  { reader, signal }: Pick<SweepPorts, "reader"> & Pick<SweepWish, "signal">,
): Promise<ClosedPart> {
  let before = from;
  let readCount = 0;
  try {
    for await (const { records } of reader.read([{ topic, partition, from, to }], signal)) {
      const kept = judge.firstKept(kind, records);
      if (kept !== null) return { before: kept.offset, kept, isCut: false };
      const last = records.at(-1);
      if (last !== undefined) before = asOffset(last.offset + 1);
      readCount += records.length;
      if (readCount >= SWEEP_COUNT_MAX) return { before, kept: null, isCut: before < to };
    }
  } catch (error) {
    // Another process sweeps the same partition at this moment.
    if (!isGone(error)) throw error;
    return { before: from, kept: null, isCut: false };
  }
  return { before, kept: null, isCut: false };
}

function settledBy({ committed, logEndOffset }: GroupOffset): (offset: number) => boolean {
  if (committed === null) return () => false;
  const done = decodeDoneSet(committed.metadata, committed.offset, logEndOffset);
  return (offset) =>
    offset < committed.offset || done.some(({ from, to }) => from <= offset && offset < to);
}

/** A topic that is gone tells nothing. */
async function offsetsOf(
  admin: SweepPorts["admin"],
  groupId: string,
  topic: Topic,
): Promise<readonly GroupOffset[]> {
  try {
    return await admin.groupOffsets(groupId, topic);
  } catch (error) {
    if (error instanceof MillraceError && error.code === "TOPIC_MISSING") return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof MillraceError && error.code === "OFFSETS_GONE";
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
