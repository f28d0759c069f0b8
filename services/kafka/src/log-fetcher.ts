/**
 * Fetches records of partitions, from each leader in a loop of its own, and keeps where each partition stands.
 *
 * Owns: positions, pauses, one open request a leader. Invariants: F1 a partition is in at most one open request. F2 a
 * position moves only when what was fetched from it is handed over, so nothing is handed over twice or left out,
 * however often fetching stops and starts. F3 an answer that comes after its partition was moved, or left, or after a
 * stop, is dropped. F4 nothing is ever skipped or reset: an offset out of range is reported, and the partition stands.
 * F5 a partition is read from its leader alone.
 */
import type { Offset, RecordBatch, Telemetry, TopicPartition } from "@millrace/engine";
import { MillraceError, asOffset } from "@millrace/engine";
import { readFetchAnswer, type FetchAnswer, type FetchedPartition } from "./fetch-response.ts";
import type { KafkaClient } from "./kafka-client.ts";
import { KafkaError, brokerError, errorText } from "./kafka-error.ts";
import { isOver, wait } from "./wait.ts";

/**
 * F5. From version 11 on a follower answers too (KIP-392), and no error says that the leader has moved: whoever reads from
 * a former leader that has fallen behind would wait for records that stand in the log.
 */
const FETCH_VERSION_MAX = 10;
/** How long the broker may hold an empty answer, ms. */
const WAIT_MAX_MS = 250;
/**
 * The same while a partition is paused, ms: it must get into the next request soon after it is resumed, or it could be emptied
 * sooner than it is fetched. As long as it has been paused already, within these bounds: what pauses for long costs little.
 */
const WAIT_BESIDE_PAUSED_MS = { min: 5, max: 50 } as const;
const PARTITION_BYTES_MAX = 65_536;
const ANSWER_BYTES_MAX = 1_048_576;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 1_000;

/** What a fetcher tells its user; all synchronous. */
export interface FetchListener {
  /** Asked before anything is handed over: false drops the answer. */
  isCurrent(): boolean;
  /** Records, in order; not empty. */
  records(batch: RecordBatch): void;
  /** A position moved without records (compaction, transactions), or the log end was seen. */
  progressed(partition: TopicPartition, position: { next: Offset; logEndOffset: Offset }): void;
  /** The partition has no such offset; it is not fetched until it is moved. */
  outOfRange(partition: TopicPartition, offset: Offset): void;
  /** No retry heals this; fetching goes on elsewhere. */
  failed(error: Error): void;
}

interface Position extends TopicPartition {
  next: Offset;
  /** Monotonic ms since which it is paused; null while it is not. */
  pausedSince: number | null;
  /** Out of range, unreadable or forbidden: not fetched until it is sought anew. */
  isStanding: boolean;
  isAsked: boolean;
}

/** A running set of loops. */
interface Run {
  readonly abort: AbortController;
  readonly loops: Map<number, Promise<void>>;
}

/** Reads a changing set of partitions. */
export class LogFetcher {
  readonly #client: KafkaClient;
  readonly #telemetry: Telemetry;
  readonly #listener: FetchListener;
  readonly #positions = new Map<string, Position>();
  readonly #wakes = new Set<() => void>();
  #run: Run | null = null;

  constructor(client: KafkaClient, telemetry: Telemetry, listener: FetchListener) {
    this.#client = client;
    this.#telemetry = telemetry;
    this.#listener = listener;
  }

  /** Sets where a partition is read next; takes it up if it is new. */
  seek({ topic, partition }: TopicPartition, next: Offset): void {
    const name = nameOf(topic, partition);
    const pausedSince = this.#positions.get(name)?.pausedSince ?? null;
    this.#positions.set(name, {
      topic,
      partition,
      next,
      pausedSince,
      isStanding: false,
      isAsked: false,
    });
    this.#wake();
  }

  /** Where a partition is read next, or null when it is not read: never sought, left, or standing. */
  position({ topic, partition }: TopicPartition): Offset | null {
    const position = this.#positions.get(nameOf(topic, partition));
    return position === undefined || position.isStanding ? null : position.next;
  }

  /** Stops reading all partitions but these, and forgets where they stood. */
  keepOnly(partitions: readonly TopicPartition[]): void {
    const kept = new Set(partitions.map(({ topic, partition }) => nameOf(topic, partition)));
    for (const name of this.#positions.keys()) if (!kept.has(name)) this.#positions.delete(name);
  }

  /** Idempotent; without a position it does nothing. */
  pause({ topic, partition }: TopicPartition): void {
    const position = this.#positions.get(nameOf(topic, partition));
    if (position !== undefined) position.pausedSince ??= performance.now();
  }

  /** Idempotent; without a position it does nothing. */
  resume({ topic, partition }: TopicPartition): void {
    const position = this.#positions.get(nameOf(topic, partition));
    if (position === undefined || position.pausedSince === null) return;
    position.pausedSince = null;
    this.#wake();
  }

  /** Begins fetching. Idempotent. */
  start(): void {
    if (this.#run !== null) return;
    this.#run = { abort: new AbortController(), loops: new Map() };
    this.#spawn(this.#run);
  }

  /** Stops fetching at once: nothing is handed over after this returns. Positions stay. Idempotent. */
  stop(): void {
    this.#run?.abort.abort();
    this.#run = null;
    for (const position of this.#positions.values()) position.isAsked = false;
    this.#wake();
  }

  /** A loop for each leader that has none. */
  #spawn(run: Run): void {
    for (const { topic, partition } of this.#positions.values()) {
      const leader = this.#client.leaderOf(topic, partition) ?? NO_LEADER;
      if (run.loops.has(leader)) continue;
      run.loops.set(
        leader,
        this.#loop(run, leader).finally(() => run.loops.delete(leader)),
      );
    }
  }

  async #loop(run: Run, leader: number): Promise<void> {
    const { signal } = run.abort;
    let retryMs = RETRY_FIRST_MS;
    while (!isOver(signal)) {
      try {
        if (leader === NO_LEADER) throw new Error("a partition has no leader");
        await this.#fetchOnce(signal, leader);
        retryMs = RETRY_FIRST_MS;
      } catch (error) {
        if (isOver(signal)) return;
        this.#telemetry.log("debug", `fetch from broker ${leader} failed: ${errorText(error)}`);
        await wait(retryMs, signal);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
        await this.#client.refresh().catch(() => undefined);
      }
      if (isOver(signal)) return;
      this.#spawn(run);
      if (!this.#isLeading(leader)) return;
    }
  }

  #isLeading(leader: number): boolean {
    for (const { topic, partition } of this.#positions.values()) {
      if ((this.#client.leaderOf(topic, partition) ?? NO_LEADER) === leader) return true;
    }
    return this.#positions.size === 0;
  }

  async #fetchOnce(signal: AbortSignal, leader: number): Promise<void> {
    const asked: Position[] = [];
    let maxWaitMs: number = WAIT_MAX_MS;
    for (const position of this.#positions.values()) {
      if (position.isAsked || position.isStanding) continue;
      if (this.#client.leaderOf(position.topic, position.partition) !== leader) continue;
      if (position.pausedSince === null) asked.push(position);
      else maxWaitMs = Math.min(maxWaitMs, waitBeside(position.pausedSince));
    }
    if (asked.length === 0) return this.#idle(signal);
    for (const position of asked) position.isAsked = true;
    try {
      const answer = await this.#ask(leader, { asked, maxWaitMs });
      if (signal.aborted || !this.#listener.isCurrent()) return;
      if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode);
      await this.#take(signal, answer.partitions, asked);
    } finally {
      // After a stop a newer run may be asking for them: `stop` has cleared the mark.
      if (!isOver(signal)) for (const position of asked) position.isAsked = false;
    }
  }

  #ask(
    leader: number,
    { asked, maxWaitMs }: { readonly asked: readonly Position[]; readonly maxWaitMs: number },
  ): Promise<FetchAnswer> {
    const from = new Map(asked.map((one) => [nameOf(one.topic, one.partition), one.next]));
    const byTopic = Map.groupBy(rotated(asked), ({ topic }) => topic);
    return this.#client.send<FetchAnswer>(leader, {
      api: "Fetch",
      versionMax: FETCH_VERSION_MAX,
      payload: {
        maxWaitTime: maxWaitMs,
        minBytes: 1,
        maxBytes: ANSWER_BYTES_MAX,
        isolationLevel: 1,
        topics: [...byTopic].map(([topic, partitions]) => ({
          topic,
          partitions: partitions.map(({ partition, next }) => ({
            partition,
            fetchOffset: next,
            maxBytes: PARTITION_BYTES_MAX,
          })),
        })),
      },
      decode: (data, version) =>
        readFetchAnswer(
          data,
          version,
          ({ topic, partition }) => from.get(nameOf(topic, partition)) ?? 0,
        ),
    });
  }

  async #take(
    signal: AbortSignal,
    fetched: readonly FetchedPartition[],
    asked: readonly Position[],
  ): Promise<void> {
    let staleError: KafkaError | null = null;
    for (const one of fetched) {
      if (isOver(signal)) return;
      const position = this.#positions.get(nameOf(one.topic, one.partition));
      // A seek makes a new position: the answer to the old one is not for it.
      if (position === undefined || !asked.includes(position)) continue;
      if (one.errorCode !== 0) staleError = this.#refused(position, one) ?? staleError;
      else this.#hand(position, one);
    }
    if (staleError !== null) throw staleError;
    return Promise.resolve();
  }

  #hand(position: Position, fetched: FetchedPartition): void {
    const { topic, partition, records, highWatermark, nextOffset, unreadable } = fetched;
    position.next = asOffset(nextOffset);
    const logEndOffset = asOffset(highWatermark);
    if (records.length > 0) this.#listener.records({ topic, partition, records, logEndOffset });
    this.#listener.progressed({ topic, partition }, { next: position.next, logEndOffset });
    if (unreadable !== null) this.#stands(position, unreadable);
  }

  #stands(position: Position, error: Error): void {
    position.isStanding = true;
    const { topic, partition, next } = position;
    const message = `cannot read ${topic}/${partition} from offset ${next}: ${errorText(error)}`;
    this.#listener.failed(new MillraceError("LOG_UNREADABLE", message, { cause: error }));
  }

  /** Gives the error back where metadata may be stale. */
  #refused(
    position: Position,
    { topic, partition, errorCode }: FetchedPartition,
  ): KafkaError | null {
    const error = new KafkaError(errorCode);
    if (error.type === "OFFSET_OUT_OF_RANGE") {
      position.isStanding = true;
      this.#listener.outOfRange({ topic, partition }, position.next);
      return null;
    }
    if (error.type === "TOPIC_AUTHORIZATION_FAILED") {
      position.isStanding = true;
      this.#listener.failed(brokerError(`cannot read ${topic}`, error));
      return null;
    }
    return error;
  }

  /** Nothing to ask for: until something changes. */
  #idle(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, WAIT_MAX_MS);
      this.#wakes.add(wake);
      signal.addEventListener("abort", wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#wakes]) wake();
    if (this.#run !== null) this.#spawn(this.#run);
  }
}

const NO_LEADER = -1;

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function waitBeside(pausedSince: number): number {
  const { min, max } = WAIT_BESIDE_PAUSED_MS;
  return Math.round(Math.min(max, Math.max(min, performance.now() - pausedSince)));
}

/** The broker fills its answer in the order of the question: another first each time, so that none starves. */
function rotated(positions: readonly Position[]): readonly Position[] {
  const start = Math.floor(Math.random() * positions.length);
  return [...positions.slice(start), ...positions.slice(0, start)];
}
