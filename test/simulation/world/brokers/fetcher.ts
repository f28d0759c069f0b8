/** Fetches a member's partitions: positions, pauses, one open request a partition. */
import {
  asOffset,
  type Offset,
  type PartitionHalt,
  type RecordBatch,
  type TopicPartition,
} from "@millrace/engine";
import type { FaultClass } from "../plan/fault-classes.ts";
import type { MemberPorts } from "./membership.ts";

const REQUEST_TIMEOUT_MS = 4_000;
const RETRY_MS = 200;

interface Position {
  readonly place: TopicPartition;
  next: Offset;
  isPaused: boolean;
  isStanding: boolean;
  isAsked: boolean;
}

/** How fetching goes wrong besides its requests. */
export interface FetchFaults {
  /** Share of continued partitions that are read again from their commit, as an eager client does. */
  readonly refetchShare: () => number;
  readonly onFault: (fault: FaultClass) => void;
}

/** What a fetcher asks and tells; synchronous. */
export interface FetchListener extends FetchFaults {
  /** Asked before anything is handed over: false drops the answer. */
  isCurrent(): boolean;
  records(batch: RecordBatch): void;
  halted(halt: PartitionHalt): void;
}

/** See the head of this file. */
export class Fetcher {
  readonly #ports: MemberPorts;
  readonly #listener: FetchListener;
  readonly #positions = new Map<string, Position>();
  readonly #followed = new Set<string>();
  /** Counts starts and stops, so that answers of before are dropped. */
  #run = 0;
  #isRunning = false;

  constructor(ports: MemberPorts, listener: FetchListener) {
    this.#ports = ports;
    this.#listener = listener;
    for (const { place } of ports.topics.flatMap((topic) => ports.cluster.logs(topic)))
      this.#follow(place);
  }

  seek(place: TopicPartition, next: Offset): void {
    this.#follow(place);
    const isPaused = this.#positions.get(nameOf(place))?.isPaused ?? false;
    const position = { place, next, isPaused, isStanding: false, isAsked: false };
    this.#positions.set(nameOf(place), position);
    this.#ask(position);
  }

  /** Where a partition is read next, or null when it is not read. */
  position(place: TopicPartition): Offset | null {
    const position = this.#positions.get(nameOf(place));
    return position === undefined || position.isStanding ? null : position.next;
  }

  keepOnly(places: readonly TopicPartition[]): void {
    const kept = new Set(places.map(nameOf));
    for (const name of this.#positions.keys()) if (!kept.has(name)) this.#positions.delete(name);
  }

  pause(place: TopicPartition): void {
    const position = this.#positions.get(nameOf(place));
    if (position !== undefined) position.isPaused = true;
  }

  resume(place: TopicPartition): void {
    const position = this.#positions.get(nameOf(place));
    if (position === undefined) return;
    position.isPaused = false;
    this.#ask(position);
  }

  /** Begins fetching what was sought or kept. */
  start(
    owned: readonly (TopicPartition & {
      readonly isContinued: boolean;
      readonly committed: { readonly offset: Offset } | null;
    })[],
  ): void {
    const { draws } = this.#ports;
    this.#isRunning = true;
    for (const { isContinued, committed, topic, partition } of owned) {
      const position = this.#positions.get(nameOf({ topic, partition }));
      if (position === undefined) continue;
      const isBack = isContinued && committed !== null && committed.offset < position.next;
      if (isBack && draws.isFaulty("refetch", this.#listener.refetchShare()))
        this.#refetch(position, committed.offset);
      this.#ask(position);
    }
  }

  /** Hears of what is written to a partition, also to one that was added to its topic later. */
  #follow(place: TopicPartition): void {
    const name = nameOf(place);
    if (this.#followed.has(name)) return;
    this.#followed.add(name);
    this.#ports.cluster.log(place).onAppend(() => this.#ask(this.#positions.get(name)));
  }

  /** Nothing is handed over after this; positions stay. */
  stop(): void {
    this.#isRunning = false;
    this.#run += 1;
    for (const position of this.#positions.values()) position.isAsked = false;
  }

  #refetch(position: Position, from: Offset): void {
    position.next = from;
    this.#listener.onFault("refetch");
  }

  #ask(position: Position | undefined): void {
    if (!this.#isRunning || position === undefined) return;
    if (position.isAsked || position.isPaused || position.isStanding) return;
    const { cluster, machine, target, draws } = this.#ports;
    const log = cluster.log(position.place);
    const isAtEnd = position.next === log.endOffset;
    if (isAtEnd) return;
    position.isAsked = true;
    const run = this.#run;
    const from = position.next;
    const isOver = (): boolean =>
      run !== this.#run || this.#positions.get(nameOf(position.place)) !== position;
    cluster.send({
      machine,
      target,
      kind: "fetch",
      timeoutMs: REQUEST_TIMEOUT_MS,
      apply: () => {
        const isOutside = from < log.startOffset || from > log.endOffset;
        const read = isOutside ? null : log.read(from, 1 + draws.below("fetch.count", 60));
        return { read, logStartOffset: log.startOffset, logEndOffset: log.endOffset };
      },
      onAnswer: (outcome) => {
        if (isOver()) return;
        if (!outcome.isOk) {
          machine.schedule(RETRY_MS, () => {
            if (isOver()) return;
            position.isAsked = false;
            this.#ask(position);
          });
          return;
        }
        position.isAsked = false;
        if (!this.#listener.isCurrent() || isOver()) return;
        this.#hand(position, outcome.answer);
      },
    });
  }

  #hand(
    position: Position,
    answer: {
      readonly read: { readonly records: RecordBatch["records"]; readonly next: Offset } | null;
      readonly logStartOffset: Offset;
      readonly logEndOffset: Offset;
    },
  ): void {
    const { read, logStartOffset, logEndOffset } = answer;
    const { place } = position;
    if (read === null) {
      position.isStanding = true;
      const isBefore = position.next < logStartOffset;
      const reason = isBefore ? "log-start-beyond-offset" : "offset-beyond-log-end";
      this.#listener.halted({
        ...place,
        reason,
        nextOffset: position.next,
        logStartOffset,
        logEndOffset,
      });
      return;
    }
    // A paused partition keeps its place: what was fetched is fetched again.
    if (position.isPaused) return;
    this.#noteGap(position.next, read.records);
    position.next = asOffset(read.next);
    if (read.records.length > 0)
      this.#listener.records({ ...place, records: read.records, logEndOffset });
    this.#ask(position);
  }

  #noteGap(from: Offset, records: RecordBatch["records"]): void {
    const last = records.at(-1);
    const isGapless = last === undefined || last.offset - from + 1 === records.length;
    if (!isGapless) this.#listener.onFault("gaps");
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
