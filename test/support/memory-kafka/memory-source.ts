import {
  MillraceError,
  asOffset,
  type Assignment,
  type GroupListener,
  type Offset,
  type OffsetCommit,
  type RecordSource,
  type StartPosition,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import type { MemoryBroker } from "./memory-broker.ts";
import type { MemberEars, MemoryGroup, Seat } from "./memory-group.ts";

const DRAIN_MAX_MS = 45_000;
/** Records of one fetch. */
const FETCH_COUNT_MAX = 500;

interface Position {
  next: Offset;
  isPaused: boolean;
  isStanding: boolean;
}

type End = "rebalance" | "lost" | "stop";

/** One generation of this member. */
interface Generation extends Seat {
  readonly ended: Promise<End>;
  end(how: End): void;
  isOver: boolean;
  /** Whether the listener was told of it. */
  isHanded: boolean;
}

/** A member of a group of a {@link MemoryBroker}. */
export class MemorySource implements RecordSource {
  readonly #broker: MemoryBroker;
  readonly #group: MemoryGroup;
  readonly #topics: readonly Topic[];
  readonly #positions = new Map<string, Position>();
  readonly #forget: (() => void)[] = [];
  #listener: GroupListener | null = null;
  #generation: Generation | null = null;
  #before: Generation | null = null;
  #isStopping = false;
  #isFetching = false;
  #isPumpPlanned = false;
  #life: Promise<void> = Promise.resolve();

  constructor(broker: MemoryBroker, groupId: string, topics: readonly Topic[]) {
    this.#broker = broker;
    this.#group = broker.group(groupId);
    this.#topics = topics;
  }

  /** @inheritdoc */
  start(listener: GroupListener): Promise<void> {
    this.#listener = listener;
    return new Promise((resolve, reject) => {
      this.#life = this.#live(listener, resolve).then(resolve, (error: unknown) => {
        const failure = error instanceof Error ? error : new Error(String(error));
        reject(failure);
        listener.failed(failure);
      });
    });
  }

  /** @inheritdoc */
  commit(offsets: readonly OffsetCommit[], generation: number): Promise<void> {
    return this.#later(() => {
      const current = this.#generation;
      const isOurs =
        current?.generation === generation &&
        !current.isOver &&
        offsets.every((commit) => current.partitions.some(isSame(commit)));
      if (!isOurs) throw new MillraceError("COMMIT_FENCED", `generation is over: ${generation}`);
      this.#group.commit(current.memberId, generation, offsets);
    });
  }

  /** @inheritdoc */
  isProven(): boolean {
    return this.#generation !== null && !this.#generation.isOver;
  }

  /** @inheritdoc */
  pause(partition: TopicPartition): void {
    const position = this.#positions.get(nameOf(partition));
    if (position !== undefined) position.isPaused = true;
  }

  /** @inheritdoc */
  resume(partition: TopicPartition): void {
    const position = this.#positions.get(nameOf(partition));
    if (position !== undefined) position.isPaused = false;
    this.#planPump();
  }

  /** @inheritdoc */
  seek(partition: TopicPartition, next: Offset): void {
    if (this.#generation?.partitions.some(isSame(partition)) !== true) return;
    this.#positions.set(nameOf(partition), { next, isPaused: false, isStanding: false });
    this.#planPump();
  }

  /** @inheritdoc */
  offsetAt(partition: TopicPartition, position: StartPosition): Promise<Offset> {
    return this.#later(() => {
      const log = this.#broker.log(partition);
      if (position.kind === "earliest") return log.startOffset;
      if (position.kind === "latest") return log.endOffset;
      return log.at(position.epochMs) ?? log.endOffset;
    });
  }

  /** @inheritdoc */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#generation?.end("stop");
    await this.#life;
  }

  async #live(listener: GroupListener, onStarted: () => void): Promise<void> {
    for (const topic of this.#topics) this.#broker.logs(topic);
    for (const log of this.#topics.flatMap((topic) => this.#broker.logs(topic))) {
      this.#forget.push(log.onAppend(() => this.#planPump()));
    }
    try {
      while (!this.#isOver()) {
        const generation = await this.#join();
        await this.#takeUp(generation, listener);
        onStarted();
        const end = await generation.ended;
        this.#isFetching = false;
        if (end !== "lost" && generation.isHanded) await this.#drain(generation, end);
      }
    } finally {
      this.#isFetching = false;
      for (const forget of this.#forget) forget();
      const memberId = this.#generation?.memberId;
      this.#generation = null;
      if (memberId !== undefined) this.#group.leave(memberId);
    }
  }

  #isOver(): boolean {
    return this.#isStopping;
  }

  async #join(): Promise<Generation> {
    const { promise, resolve } = Promise.withResolvers<End>();
    const ears: MemberEars = {
      rebalancing: () => resolve("rebalance"),
      expelled: () => this.#lose(resolve),
    };
    this.#before = this.#generation?.isOver === true ? null : this.#generation;
    const known = this.#generation?.memberId ?? null;
    const seat = await this.#group.join(known, this.#topics, ears);
    const generation = { ...seat, ended: promise, end: resolve, isOver: false, isHanded: false };
    this.#generation = generation;
    if (this.#isStopping) resolve("stop");
    return generation;
  }

  async #takeUp(generation: Generation, listener: GroupListener): Promise<void> {
    const assignment = this.#readAssignment(generation);
    const continued = assignment.partitions
      .filter((partition) => partition.isContinued)
      .map(nameOf);
    for (const name of this.#positions.keys()) {
      if (!continued.includes(name)) this.#positions.delete(name);
    }
    generation.isHanded = true;
    const lost = generation.ended.then((end) => (end === "lost" ? undefined : NEVER));
    await Promise.race([listener.assigned(assignment), lost]);
    if (generation.isOver) return;
    this.#isFetching = true;
    this.#planPump();
  }

  #readAssignment({ memberId, generation, partitions }: Generation): Assignment {
    const before = this.#before;
    return {
      memberId,
      generation,
      partitionCounts: new Map(
        this.#topics.map((topic) => [topic, this.#broker.logs(topic).length]),
      ),
      partitions: partitions.map((partition) => {
        const log = this.#broker.log(partition);
        const position = this.#positions.get(nameOf(partition));
        return {
          ...partition,
          committed: this.#group.offsets.get(nameOf(partition)) ?? null,
          logStartOffset: log.startOffset,
          logEndOffset: log.endOffset,
          isContinued:
            before?.memberId === memberId &&
            before.generation === generation - 1 &&
            position?.isStanding === false,
        };
      }),
    };
  }

  async #drain(generation: Generation, end: End): Promise<void> {
    const reason = end === "stop" ? "shutdown" : "rebalance";
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#onLost = () => resolve(undefined);
    const drained = this.#listener?.draining(reason, DRAIN_MAX_MS);
    const cancel = this.#broker.clock.schedule(DRAIN_MAX_MS, this.#onLost);
    await Promise.race([drained, promise]);
    cancel();
    this.#onLost = null;
    if (generation.isOver) this.#positions.clear();
  }

  #onLost: (() => void) | null = null;

  #lose(end: (how: End) => void): void {
    const generation = this.#generation;
    this.#isFetching = false;
    if (generation !== null) generation.isOver = true;
    this.#positions.clear();
    this.#listener?.lost("UNKNOWN_MEMBER_ID");
    end("lost");
    this.#onLost?.();
  }

  #planPump(): void {
    if (this.#isPumpPlanned) return;
    this.#isPumpPlanned = true;
    this.#broker.clock.schedule(0, () => {
      this.#isPumpPlanned = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const place of this.#generation?.partitions ?? []) {
      const position = this.#positions.get(nameOf(place));
      if (!this.#isFetching || position === undefined) continue;
      if (!position.isPaused && !position.isStanding) this.#fetch(place, position);
    }
  }

  #fetch(place: TopicPartition, position: Position): void {
    const { topic, partition } = place;
    const log = this.#broker.log(place);
    const { startOffset: logStartOffset, endOffset: logEndOffset } = log;
    if (position.next < logStartOffset || position.next > logEndOffset) {
      const isBefore = position.next < logStartOffset;
      const reason = isBefore ? "log-start-beyond-offset" : "offset-beyond-log-end";
      position.isStanding = true;
      const nextOffset = position.next;
      this.#listener?.halted({
        topic,
        partition,
        reason,
        nextOffset,
        logStartOffset,
        logEndOffset,
      });
      return;
    }
    const { records, next } = log.read(position.next, FETCH_COUNT_MAX);
    position.next = asOffset(next);
    if (next < logEndOffset) this.#planPump();
    if (records.length > 0) this.#listener?.records({ topic, partition, records, logEndOffset });
  }

  #later<Result>(task: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#broker.clock.schedule(0, () => {
        try {
          resolve(task());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }
}

const NEVER = new Promise<undefined>(() => undefined);

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function isSame(one: TopicPartition): (other: TopicPartition) => boolean {
  return ({ topic, partition }) => topic === one.topic && partition === one.partition;
}
