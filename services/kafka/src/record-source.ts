/**
 * The engine's record source: one member of a target's group, what it owns, and where it reads.
 *
 *   connecting -> joining -> taking up -> serving -> draining -> joining ...
 *                    ^           |           |           |
 *                    +-----------+-- lost ---+-----------+          any -> stopped | failed
 *
 * Invariants: R1 `lost` reaches the listener before anything else once membership is lost or unproven. R2 a partition
 * is continued only if it was owned, and read, in the generation directly before, by the same member, without loss
 * between; its position then stays. R3 nothing is fetched that the listener has not sought or continued. R4 an offset
 * is committed only under the generation given, and only if that is the current one. R5 an offset out of range is
 * reported and stands; nothing is committed or skipped for it.
 */
import {
  MillraceError,
  type AssignedPartition,
  type Assignment,
  type GroupListener,
  type Offset,
  type OffsetCommit,
  type RecordSource,
  type StartPosition,
  type Telemetry,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import type { KafkaConnection } from "./connection.ts";
import { Generation, type End } from "./generation.ts";
import { UnansweredCommitError } from "./group-protocol.ts";
import { KafkaClient } from "./kafka-client.ts";
import { brokerError, errorText, errorType, isHalting } from "./kafka-error.ts";
import { logRanges, offsetAt } from "./list-offsets.ts";
import { LogFetcher } from "./log-fetcher.ts";
import { Membership, isExpulsion, type Joined } from "./membership.ts";
import { Outage } from "./outage.ts";
import { isOver, settlesWithin, wait } from "./wait.ts";

const SESSION_TIMEOUT_MS = 10_000;
const REBALANCE_TIMEOUT_MS = 60_000;
/** The longest drain before a rejoin, ms; the rebalance timeout leaves time to notice and to join. */
const DRAIN_MAX_MS = 45_000;
/** What a listener that overruns its budget gets on top, ms. */
const DRAIN_GRACE_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** A heartbeat that is never answered leaves time for another within the session. */
const REQUEST_SESSION_SHARE = 0.4;
const LEAVE_TIMEOUT_MS = 3_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 1_000;
/** How often the leader looks whether a topic has grown, ms. */
const TOPIC_WATCH_MS = 5_000;

/** How a source is made. */
export interface RecordSourceOptions {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  readonly topics: readonly Topic[];
  readonly telemetry: Telemetry;
  /** How long the broker waits for a heartbeat before it gives this member up, ms. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** What whoever describes the group is told of this member, a line; default: nothing. */
  readonly memberNote?: string;
}

/** A member of `groupId`, not joined yet: `start` joins. */
export function createRecordSource(options: RecordSourceOptions): RecordSource {
  return new GroupRecordSource(options);
}

class GroupRecordSource implements RecordSource {
  readonly #options: RecordSourceOptions;
  readonly #client: KafkaClient;
  readonly #membership: Membership;
  readonly #fetcher: LogFetcher;
  readonly #outage: Outage;
  readonly #abort = new AbortController();
  #listener: GroupListener | null = null;
  #generation: Generation | null = null;
  /** The generation whose partitions the listener may still hold; null after a loss. */
  #held: Generation | null = null;
  /** As of the last assignment. */
  #partitionCounts: ReadonlyMap<Topic, number> = new Map();
  #life: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: RecordSourceOptions) {
    this.#options = options;
    const { connection, telemetry, groupId, topics } = options;
    const sessionTimeoutMs = options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
    const requestTimeoutMs = Math.min(REQUEST_TIMEOUT_MS, sessionTimeoutMs * REQUEST_SESSION_SHARE);
    this.#client = new KafkaClient({ connection, telemetry, requestTimeoutMs });
    this.#outage = new Outage(telemetry, `group ${groupId}`);
    this.#membership = new Membership(
      this.#client,
      {
        groupId,
        topics,
        sessionTimeoutMs,
        rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
        memberNote: options.memberNote ?? "",
      },
      {
        outage: this.#outage,
        listener: {
          rebalancing: () => this.#generation?.end("rebalance"),
          lost: (reason) => this.#lose(reason),
        },
      },
    );
    this.#fetcher = new LogFetcher(this.#client, telemetry, {
      isCurrent: () => this.#current() !== null,
      records: (batch) => this.#listener?.records(batch),
      progressed: () => undefined,
      outOfRange: (partition, offset) => void this.#outOfRange(partition, offset),
      failed: (error) => this.#fail(error),
    });
  }

  /** @inheritdoc */
  start(listener: GroupListener): Promise<void> {
    if (this.#life !== null) throw new MillraceError("INVARIANT_BROKEN", "a source starts once");
    this.#listener = listener;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const started = (): void => resolve(undefined);
    this.#life = this.#live(started).then(started, (error: unknown) => {
      const failure = brokerError(`group ${this.#options.groupId}`, error);
      reject(failure);
      this.#fail(failure);
    });
    return promise;
  }

  /** @inheritdoc */
  async commit(offsets: readonly OffsetCommit[], generation: number): Promise<void> {
    const current = this.#current();
    if (current?.generation !== generation) throw fenced(generation);
    if (!offsets.every((commit) => current.owns(commit))) throw fenced(generation);
    try {
      await this.#membership.commit(offsets, generation);
    } catch (error) {
      if (isExpulsion(errorType(error))) throw fenced(generation, error);
      if (error instanceof UnansweredCommitError) {
        const { groupId, telemetry } = this.#options;
        const what = `group ${groupId}: a commit was not answered (${error.message})`;
        telemetry.log(
          "warn",
          `${what}; joining again, so that it takes no effect behind a later one`,
        );
        throw fenced(generation, error);
      }
      const message = `commit of group ${this.#options.groupId} failed: ${errorText(error)}`;
      throw new MillraceError("COMMIT_FAILED", message, { cause: error });
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
    // A takeover that a loss has overtaken may still seek: it has nothing to say any more.
    if (this.#generation?.owns(partition) === true) this.#fetcher.seek(partition, offset);
  }

  /** @inheritdoc */
  async offsetAt(partition: TopicPartition, position: StartPosition): Promise<Offset> {
    try {
      return await offsetAt(this.#client, partition, position);
    } catch (error) {
      this.#client.refresh().catch(() => undefined);
      throw brokerError(`offset of ${partition.topic}/${partition.partition}`, error);
    }
  }

  /** @inheritdoc */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #live(onStarted: () => void): Promise<void> {
    const { signal } = this.#abort;
    await this.#connect(signal);
    while (!isOver(signal)) {
      const joined = await this.#membership.join(signal);
      if (joined === null) return;
      const generation = this.#open(joined);
      await this.#takeUp(generation);
      if (generation.isLost) continue;
      onStarted();
      const end = await this.#serve(generation);
      if (end === "lost") continue;
      await this.#drain(generation, end);
    }
  }

  /** The first contact: for ever, unless a topic is missing or the brokers refuse us. */
  async #connect(signal: AbortSignal): Promise<void> {
    await this.#retrying(signal, async () => {
      await this.#client.refresh(this.#options.topics);
      for (const topic of this.#options.topics) await this.#client.partitionsOf(topic);
    });
  }

  #open(joined: Joined): Generation {
    const generation = new Generation(joined);
    this.#generation = generation;
    if (this.#abort.signal.aborted) generation.end("stop");
    return generation;
  }

  /** Reads where everything stands and hands it over; ends early with the generation. */
  async #takeUp(generation: Generation): Promise<void> {
    const assignment = await this.#retrying(generation.over, () =>
      this.#readAssignment(generation),
    );
    if (assignment === null || generation.isLost) return;
    this.#fetcher.keepOnly(assignment.partitions.filter((partition) => partition.isContinued));
    this.#held = generation;
    const handed = (this.#listener?.assigned(assignment) ?? Promise.resolve()).then(
      () => {
        // R3: a takeover that was overtaken has sought nothing of what is read now.
        if (this.#current() === generation) this.#fetcher.start();
      },
      (error: unknown) => {
        if (this.#current() === generation) this.#fail(asError(error));
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
    const isDone = await settlesWithin(DRAIN_MAX_MS, handed);
    if (!isDone) this.#lose("the takeover did not end before the next rebalance");
  }

  async #readAssignment(generation: Generation): Promise<Assignment> {
    const { memberId, partitions } = generation;
    const [committed, ranges] = await Promise.all([
      this.#membership.committed(partitions),
      logRanges(this.#client, partitions),
    ]);
    const partitionCounts = new Map<Topic, number>();
    this.#partitionCounts = partitionCounts;
    for (const topic of this.#options.topics) {
      partitionCounts.set(topic, (await this.#client.partitionsOf(topic)).length);
    }
    return {
      memberId,
      generation: generation.generation,
      partitionCounts,
      partitions: partitions.map((partition, index): AssignedPartition => {
        const range = ranges[index];
        if (range === undefined) throw new MillraceError("INVARIANT_BROKEN", "no range");
        const isContinued = this.#isContinued(generation, partition);
        return { ...partition, ...range, committed: committed[index] ?? null, isContinued };
      }),
    };
  }

  #isContinued(generation: Generation, partition: TopicPartition): boolean {
    const before = this.#held;
    if (before?.memberId !== generation.memberId) return false;
    const step = generation.generation - before.generation;
    return step <= 1 && before.owns(partition) && this.#fetcher.position(partition) !== null;
  }

  async #serve(generation: Generation): Promise<End> {
    const watch = setInterval(() => void this.#watchTopics(generation), TOPIC_WATCH_MS);
    try {
      return await generation.ended;
    } finally {
      clearInterval(watch);
    }
  }

  /** New partitions are nobody's until the group assigns anew, which a join of its leader brings about. */
  async #watchTopics(generation: Generation): Promise<void> {
    if (!generation.isLeader) return;
    try {
      await this.#client.refresh();
      for (const [topic, count] of this.#partitionCounts) {
        const places = await this.#client.partitionsOf(topic);
        if (places.length !== count) generation.end("rebalance");
      }
    } catch (error) {
      if (isHalting(error)) this.#fail(asError(error));
    }
  }

  async #drain(generation: Generation, end: End): Promise<void> {
    this.#fetcher.stop();
    if (this.#held !== generation || this.#listener === null) return;
    const reason = end === "stop" ? "shutdown" : "rebalance";
    const { promise: lost, resolve } = Promise.withResolvers<undefined>();
    this.#onLost = () => resolve(undefined);
    const drained = this.#listener.draining(reason, DRAIN_MAX_MS).catch((error: unknown) => {
      this.#options.telemetry.log("warn", `drain failed: ${errorText(error)}`);
    });
    await settlesWithin(DRAIN_MAX_MS + DRAIN_GRACE_MS, Promise.race([drained, lost]));
    this.#onLost = null;
  }

  #onLost: (() => void) | null = null;

  /** The generation, if it is still proven to be ours. */
  #current(): Generation | null {
    const generation = this.#generation;
    if (generation === null || generation.isLost) return null;
    return this.#membership.isValid(generation.generation) ? generation : null;
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

  async #outOfRange(partition: TopicPartition, offset: Offset): Promise<void> {
    const generation = this.#current();
    const range = await this.#retrying(this.#abort.signal, async () => {
      await this.#client.refresh();
      return (await logRanges(this.#client, [partition]))[0];
    }).catch(() => null);
    if (range === null || range === undefined || this.#current() !== generation) return;
    const { logStartOffset, logEndOffset } = range;
    if (offset >= logStartOffset && offset <= logEndOffset) {
      // A leader that had not caught up yet; the offset is there.
      this.#fetcher.seek(partition, offset);
      return;
    }
    const reason = offset < logStartOffset ? "log-start-beyond-offset" : "offset-beyond-log-end";
    this.#listener?.halted({
      ...partition,
      reason,
      nextOffset: offset,
      logStartOffset,
      logEndOffset,
    });
  }

  async #retrying<Result>(
    signal: AbortSignal,
    task: () => Promise<Result>,
  ): Promise<Result | null> {
    let retryMs = RETRY_FIRST_MS;
    while (!isOver(signal)) {
      try {
        const result = await task();
        this.#outage.over();
        return result;
      } catch (error) {
        if (isHalting(error)) throw error;
        if (isOver(signal)) return null;
        this.#outage.noticed(error);
        await wait(retryMs, signal);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
        if (!isOver(signal)) await this.#client.refresh().catch(() => undefined);
      }
    }
    return null;
  }

  #fail(error: Error): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#fetcher.stop();
    this.#held = null;
    this.#generation?.end("lost");
    void this.#goodbye();
    this.#listener?.failed(error);
  }

  async #stop(): Promise<void> {
    const isFailed = this.#abort.signal.aborted;
    const generation = this.#current();
    this.#abort.abort();
    if (!isFailed && generation !== null) {
      generation.end("stop");
      await this.#life;
    }
    this.#fetcher.stop();
    this.#generation = null;
    await this.#goodbye();
    await this.#life;
  }

  /** Over a connection of its own: a join that is waiting blocks the other one. */
  async #goodbye(): Promise<void> {
    const isJoined = this.#membership.memberId !== "";
    this.#membership.suspend();
    await this.#client.close();
    if (!isJoined) return;
    const { connection, telemetry } = this.#options;
    const client = new KafkaClient({ connection, telemetry, requestTimeoutMs: LEAVE_TIMEOUT_MS });
    const leaving = client.refresh().then(() => this.#membership.leave(client));
    await settlesWithin(
      LEAVE_TIMEOUT_MS,
      leaving.catch(() => undefined),
    );
    await client.close();
  }
}

function fenced(generation: number, cause?: unknown): MillraceError {
  return new MillraceError("COMMIT_FENCED", `generation is over: ${generation}`, { cause });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
