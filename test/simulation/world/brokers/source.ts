/** A target's record source on simulated brokers: one member of its group, as the adapter of the real client behaves. */
import {
  MillraceError,
  type AssignedPartition,
  type Assignment,
  type GroupListener,
  type Offset,
  type OffsetCommit,
  type RecordSource,
  type StartPosition,
  type TopicPartition,
} from "@millrace/engine";
import { BrokerError } from "./cluster.ts";
import { Fetcher, type FetchFaults } from "./fetcher.ts";
import { Membership, isExpulsion, type Joined, type MemberPorts } from "./membership.ts";

const TAKEOVER_MAX_MS = 45_000;
const DRAIN_GRACE_MS = 2_000;
const REQUEST_TIMEOUT_MS = 4_000;
const RETRY_MS = 200;

/** How a source's fetching goes wrong, and who hears of the commits that leave it. */
export interface SourceEars extends FetchFaults {
  /** A commit leaves; what it gives is told of its answer. */
  readonly onCommit: (
    offsets: readonly OffsetCommit[],
    generation: number,
  ) => (how: "ok" | "fail") => void;
}

type End = "rebalance" | "lost" | "stop";

/** One generation of a member, from its join to whatever ends it first. */
class Generation {
  readonly joined: Joined;
  readonly ended: Promise<End>;
  readonly #resolve: (how: End) => void;
  readonly #owned: ReadonlySet<string>;
  isOver = false;
  isLost = false;

  constructor(joined: Joined) {
    this.joined = joined;
    const { promise, resolve } = Promise.withResolvers<End>();
    this.ended = promise;
    this.#resolve = resolve;
    this.#owned = new Set(joined.partitions.map(nameOf));
  }

  owns(partition: TopicPartition): boolean {
    return this.#owned.has(nameOf(partition));
  }

  end(how: End): void {
    if (how === "lost") this.isLost = true;
    this.isOver = true;
    this.#resolve(how);
  }
}

/** See the head of this file. */
export class SimulatedSource implements RecordSource {
  readonly #ports: MemberPorts;
  readonly #membership: Membership;
  readonly #onCommit: SourceEars["onCommit"];
  readonly #fetcher: Fetcher;
  #listener: GroupListener | null = null;
  #generation: Generation | null = null;
  /** The generation whose partitions the listener may still hold; null after a loss. */
  #held: Generation | null = null;
  #life: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;
  #onLost: (() => void) | null = null;

  constructor(ports: MemberPorts, { onCommit, ...faults }: SourceEars) {
    this.#ports = ports;
    this.#onCommit = onCommit;
    this.#membership = new Membership(ports, {
      rebalancing: () => this.#generation?.end("rebalance"),
      lost: (reason) => this.#lose(reason),
    });
    this.#fetcher = new Fetcher(ports, {
      ...faults,
      isCurrent: () => this.#current() !== null,
      records: (batch) => this.#listener?.records(batch),
      halted: (halt) => this.#listener?.halted(halt),
    });
  }

  /** @inheritdoc */
  start(listener: GroupListener): Promise<void> {
    this.#listener = listener;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#life = this.#live(() => resolve(undefined)).then(
      () => resolve(undefined),
      (error: unknown) => {
        const failure = error instanceof Error ? error : new Error(String(error));
        reject(failure);
        this.#fail(failure);
      },
    );
    return promise;
  }

  /** @inheritdoc */
  async commit(offsets: readonly OffsetCommit[], generation: number): Promise<void> {
    const current = this.#current();
    const isOurs =
      current?.joined.generation === generation && offsets.every((one) => current.owns(one));
    if (!isOurs) throw fenced(generation);
    const noteAnswer = this.#onCommit(offsets, generation);
    try {
      await this.#membership.commit(offsets, generation);
      noteAnswer("ok");
    } catch (error) {
      noteAnswer("fail");
      if (!(error instanceof BrokerError)) throw error;
      if (isExpulsion(error) || error.isOpen) throw fenced(generation);
      throw new MillraceError("COMMIT_FAILED", `commit failed: ${error.type}`);
    }
  }

  /** @inheritdoc */
  isProven(): boolean {
    const generation = this.#generation;
    return generation !== null && !generation.isLost && this.#membership.isProven();
  }

  /** @inheritdoc */
  pause(partition: TopicPartition): void {
    this.#fetcher.pause(partition);
  }

  /** @inheritdoc */
  resume(partition: TopicPartition): void {
    this.#fetcher.resume(partition);
  }

  /** @inheritdoc */
  seek(partition: TopicPartition, offset: Offset): void {
    if (this.#generation?.owns(partition) === true) this.#fetcher.seek(partition, offset);
  }

  /** @inheritdoc */
  async offsetAt(partition: TopicPartition, position: StartPosition): Promise<Offset> {
    const { cluster, machine, target } = this.#ports;
    const timeoutMs = REQUEST_TIMEOUT_MS;
    const apply = (): Offset => {
      const log = cluster.log(partition);
      if (position.kind === "earliest") return log.startOffset;
      if (position.kind === "latest") return log.endOffset;
      return log.at(position.epochMs) ?? log.endOffset;
    };
    try {
      return await cluster.ask({ machine, target, kind: "group", timeoutMs, apply });
    } catch {
      throw new MillraceError("BROKER_UNREACHABLE", "no broker answers");
    }
  }

  /** @inheritdoc */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const generation = this.#current();
    if (generation !== null) {
      generation.end("stop");
      await this.#life;
    }
    this.#fetcher.stop();
    this.#generation = null;
    await this.#membership.leave();
  }

  async #live(onStarted: () => void): Promise<void> {
    const isStopping = (): boolean => this.#stopping !== null;
    while (!isStopping()) {
      const joined = await this.#membership.join(isStopping);
      if (joined === null) return;
      const generation = new Generation(joined);
      this.#generation = generation;
      if (isStopping()) generation.end("stop");
      await this.#takeUp(generation);
      if (generation.isLost) continue;
      onStarted();
      const end = await generation.ended;
      if (end !== "lost") await this.#drain(generation, end);
    }
  }

  async #takeUp(generation: Generation): Promise<void> {
    const assignment = await this.#readAssignment(generation);
    if (assignment === null || generation.isLost) return;
    this.#fetcher.keepOnly(assignment.partitions.filter(({ isContinued }) => isContinued));
    this.#held = generation;
    const handed = (this.#listener?.assigned(assignment) ?? Promise.resolve()).then(
      () => {
        const isOpen = this.#current() === generation && !generation.isOver;
        if (isOpen) this.#fetcher.start(assignment.partitions);
      },
      (error: unknown) => {
        if (this.#current() === generation)
          this.#fail(error instanceof Error ? error : new Error(String(error)));
      },
    );
    // A rebalance waits for a takeover, as long as it waits for a drain; a stop does not.
    await Promise.race([
      handed,
      generation.ended.then(() => this.#awaitTakeover(generation, handed)),
    ]);
  }

  async #awaitTakeover(generation: Generation, handed: Promise<void>): Promise<void> {
    if (generation.isLost || (await generation.ended) === "stop") return;
    const isLate = Symbol("late");
    const late = this.#membership.wait(TAKEOVER_MAX_MS).then(() => isLate);
    if ((await Promise.race([handed, late])) === isLate)
      this.#lose("the takeover did not end in time");
  }

  /** Repeats until the generation is over. */
  async #readAssignment(generation: Generation): Promise<Assignment | null> {
    const { cluster, topics } = this.#ports;
    const { partitions, memberId } = generation.joined;
    while (!generation.isOver) {
      try {
        const committed = await this.#membership.committed(partitions);
        return {
          memberId,
          generation: generation.joined.generation,
          partitionCounts: new Map(topics.map((topic) => [topic, cluster.logs(topic).length])),
          partitions: partitions.map((partition, index): AssignedPartition => {
            const log = cluster.log(partition);
            return {
              ...partition,
              committed: committed[index] ?? null,
              logStartOffset: log.startOffset,
              logEndOffset: log.endOffset,
              isContinued: this.#isContinued(generation, partition),
            };
          }),
        };
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error;
        await this.#membership.wait(RETRY_MS);
      }
    }
    return null;
  }

  #isContinued({ joined }: Generation, partition: TopicPartition): boolean {
    const before = this.#held;
    if (before?.joined.memberId !== joined.memberId) return false;
    const step = joined.generation - before.joined.generation;
    return step <= 1 && before.owns(partition) && this.#fetcher.position(partition) !== null;
  }

  async #drain(generation: Generation, end: "rebalance" | "stop"): Promise<void> {
    this.#fetcher.stop();
    if (this.#held !== generation || this.#listener === null) return;
    const reason = end === "stop" ? "shutdown" : "rebalance";
    const { promise: lost, resolve } = Promise.withResolvers<undefined>();
    this.#onLost = () => resolve(undefined);
    const { machine, drainMs } = this.#ports;
    const drained = this.#listener.draining(reason, drainMs);
    const cancel = machine.schedule(drainMs + DRAIN_GRACE_MS, () => resolve(undefined));
    await Promise.race([drained, lost]);
    cancel();
    this.#onLost = null;
  }

  /** The generation, if it is still proven to be ours. */
  #current(): Generation | null {
    const generation = this.#generation;
    if (generation === null || generation.isLost) return null;
    return this.#membership.isValid(generation.joined.generation) ? generation : null;
  }

  #lose(reason: string): void {
    this.#fetcher.stop();
    this.#generation?.end("lost");
    if (this.#held !== null) {
      this.#held = null;
      this.#fetcher.keepOnly([]);
      this.#listener?.lost(reason);
    }
    this.#onLost?.();
  }

  #fail(error: Error): void {
    this.#fetcher.stop();
    this.#held = null;
    this.#generation?.end("lost");
    this.#stopping ??= Promise.resolve();
    void this.#membership.leave();
    this.#listener?.failed(error);
  }
}

/** The name of a partition, as keys of maps have it. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function fenced(generation: number): MillraceError {
  return new MillraceError("COMMIT_FENCED", `generation is over: ${generation}`);
}
