/**
 * The brokers, and the wires to them. A request reaches them after a while, is done there, and its answer comes back
 * after a while: each of the three can fail, and a client that gave up never knows whether it was done.
 */
import { asPartition, type Offset, type Topic, type TopicPartition } from "@millrace/engine";
import type { Draws } from "../plan/draws.ts";
import type { FaultClass } from "../plan/fault-classes.ts";
import type { EventQueue } from "../event-queue.ts";
import type { Machine } from "../processes/machine.ts";
import { MemoryLog, type NewLogRecord } from "../../../support/memory-kafka/memory-log.ts";
import type { BrokerFaults } from "../plan/fault-plan.ts";

/** Why a request failed, as a client's library says it. */
export type BrokerErrorType =
  | "UNREACHABLE"
  | "UNKNOWN_MEMBER_ID"
  | "ILLEGAL_GENERATION"
  | "REBALANCE_IN_PROGRESS"
  | "OFFSET_METADATA_TOO_LARGE";

/** A refused or unanswered request. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  readonly type: BrokerErrorType;
  /** It left and was not answered: it may have been done, or be done yet. */
  readonly isOpen: boolean;

  constructor(type: BrokerErrorType, { isOpen = false } = {}) {
    super(type);
    this.type = type;
    this.isOpen = isOpen;
  }
}

/** One request. Requests of one channel of one machine are done in their order. */
export interface BrokerRequest<Answer> {
  readonly machine: Machine;
  /** Whose driver sends it; null: what all drivers of a process share does. */
  readonly target: string | null;
  /** Names its draws: `commit`, `produce`, `fetch`, ... */
  readonly kind: keyof BrokerFaults;
  /** After which its client gives up, ms. */
  readonly timeoutMs: number;
  /** Default: it writes, or has to do with a group. */
  readonly isReading?: boolean;
  /** Done at the broker. @throws BrokerError. */
  readonly apply: () => Answer;
  /**
   * Done in its place where nobody hears how it ended, now and then: of what takes several batches some stand by then.
   * `share` is of what it writes. Default: it is done as a whole.
   */
  readonly applyPart?: (share: number) => void;
  /** At the client, once; not after its death. */
  readonly onAnswer: (outcome: Outcome<Answer>) => void;
}

type Wire = Pick<BrokerRequest<unknown>, "kind" | "machine" | "target">;

/** How a request ended, for its client. */
export type Outcome<Answer> =
  | { readonly isOk: true; readonly answer: Answer }
  | { readonly isOk: false; readonly error: BrokerError };

/** What a world lets happen on the way to the brokers and back. */
interface Ports {
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly faults: BrokerFaults;
  /** Told of each fault that struck, for the coverage. */
  readonly onFault: (fault: FaultClass, machine: Machine) => void;
  /** The least share of requests that a fault strikes now, whatever the plan says. */
  readonly aimAt: (fault: FaultClass, machine: Machine, target: string | null) => number;
}

type RequestFault = "lost" | "unanswered" | "delayed" | "late";

/** What each fault of a request is called. */
const FAULTS: Readonly<Record<keyof BrokerFaults, Readonly<Record<RequestFault, FaultClass>>>> = {
  commit: {
    lost: "commit-lost",
    unanswered: "commit-unanswered",
    delayed: "commit-delayed",
    late: "straggler",
  },
  produce: {
    lost: "produce-lost",
    unanswered: "produce-unanswered",
    delayed: "produce-delayed",
    late: "straggler",
  },
  state: {
    lost: "state-lost",
    unanswered: "state-unanswered",
    delayed: "state-delayed",
    late: "straggler",
  },
  journal: {
    lost: "journal-lost",
    unanswered: "journal-lost",
    delayed: "journal-delayed",
    late: "straggler",
  },
  fetch: {
    lost: "fetch-lost",
    unanswered: "fetch-lost",
    delayed: "fetch-delayed",
    late: "straggler",
  },
  group: {
    lost: "group-lost",
    unanswered: "group-unanswered",
    delayed: "group-delayed",
    late: "straggler",
  },
};

/** One way of a request, ms. */
const WAY_MS = { from: 0.2, to: 2 } as const;
const STRAGGLER_MS = { from: 5_000, to: 30_000 } as const;
/** A refused connection says so at once. */
const REFUSED_MS = 5;
/** Of writes whose end nobody hears. */
const PART_SHARE = 0.5;
/** What needs a log that can be written to; a group's own state is in memory. */
const WRITING: ReadonlySet<keyof BrokerFaults> = new Set(["commit", "produce", "state", "journal"]);

/** See the head of this file. */
export class Cluster {
  /** No faults of single requests any more. */
  isHealed = false;
  /** Too few replicas, or a full disk. */
  refusesWrites = false;
  readonly queue: EventQueue;
  readonly #ports: Ports;
  readonly #topics = new Map<Topic, readonly MemoryLog[]>();
  /** When the last request of a channel is done. */
  readonly #channels = new Map<string, number>();
  readonly #watchers = new Set<() => void>();
  #isUp = true;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.queue = ports.queue;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  createTopic(topic: Topic, partitionCount: number): void {
    const logs = Array.from(
      { length: partitionCount },
      (_, partition) => new MemoryLog({ topic, partition: asPartition(partition) }),
    );
    this.#topics.set(topic, logs);
  }

  /** Gives a topic more partitions. */
  addPartitions(topic: Topic, count: number): void {
    const logs = this.logs(topic);
    const added = Array.from(
      { length: count },
      (_, index) => new MemoryLog({ topic, partition: asPartition(logs.length + index) }),
    );
    this.#topics.set(topic, [...logs, ...added]);
  }

  /** @throws for a topic that does not exist. */
  logs(topic: Topic): readonly MemoryLog[] {
    const logs = this.#topics.get(topic);
    if (logs === undefined) throw new Error(`no such topic: ${topic}`);
    return logs;
  }

  /** @throws for a partition that does not exist. */
  log({ topic, partition }: TopicPartition): MemoryLog {
    const log = this.logs(topic)[partition];
    if (log === undefined) throw new Error(`no such partition: ${topic}/${partition}`);
    return log;
  }

  append(place: TopicPartition, record: NewLogRecord): Offset {
    return this.log(place).append(record, this.#wallNow());
  }

  stop(): void {
    this.#isUp = false;
    for (const watcher of this.#watchers) watcher();
  }

  start(): void {
    this.#isUp = true;
    for (const watcher of this.#watchers) watcher();
  }

  /** Calls `watcher` when the brokers went or came back. */
  onAvailability(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  /** Sends one request. */
  send<Answer>(request: BrokerRequest<Answer>): void {
    const { machine, timeoutMs } = request;
    if (machine.isDead) return;
    const { queue } = this.#ports;
    const sentAt = queue.now;
    const fail = (delayMs: number, isOpen: boolean): void => {
      const error = new BrokerError("UNREACHABLE", { isOpen });
      machine.schedule(delayMs, () => request.onAnswer({ isOk: false, error }));
    };
    const giveUp = (delayMs: number): void => fail(delayMs, true);
    if (machine.isLinked && !this.#isUp) return fail(REFUSED_MS, false);
    if (!machine.isLinked) return giveUp(timeoutMs);
    if (this.refusesWrites && isWriting(request)) return fail(REFUSED_MS, false);
    const isLost = this.#isFaulty(request, "lost");
    if (isLost) return giveUp(timeoutMs);
    if (this.#isFaulty(request, "late")) {
      this.#straggle(request);
      return giveUp(timeoutMs);
    }
    const wayMs = this.#way(request);
    const isUnanswered = this.#isFaulty(request, "unanswered");
    queue.after(this.#inTurn(request, wayMs), () => {
      const leftMs = timeoutMs - (queue.now - sentAt);
      if (!this.#isReached(machine) && !machine.isStalled && !machine.isDead) return giveUp(leftMs);
      const outcome = isUnanswered || machine.isDead ? null : this.#apply(request);
      if (outcome === null) this.#applyUnheard(request);
      const backMs = this.#way(request);
      if (outcome === null || backMs > leftMs) return giveUp(leftMs);
      machine.schedule(backMs, () => request.onAnswer(outcome));
    });
  }

  /** Sends one request; never settles once the machine is dead. @throws BrokerError. */
  ask<Answer>(request: Omit<BrokerRequest<Answer>, "onAnswer">): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.send({
        ...request,
        onAnswer: (outcome) => {
          if (outcome.isOk) resolve(outcome.answer);
          else reject(outcome.error);
        },
      });
    });
  }

  #apply<Answer>({ apply }: BrokerRequest<Answer>): Outcome<Answer> {
    try {
      return { isOk: true, answer: apply() };
    } catch (error) {
      if (error instanceof BrokerError) return { isOk: false, error };
      throw error;
    }
  }

  /** Its connection broke, or its process died: between two batches of it, or behind the last. */
  #applyUnheard<Answer>(request: BrokerRequest<Answer>): void {
    const { draws } = this.#ports;
    const { applyPart } = request;
    if (applyPart === undefined || this.isHealed || !draws.isFaulty("part", PART_SHARE)) {
      this.#apply(request);
      return;
    }
    applyPart(draws.between("part.share", 0, 1));
  }

  /**
   * Done late, behind what came by another connection. What a producer writes is not, if its machine has had anything
   * written since: the later batch rules the earlier one out.
   */
  #straggle<Answer>(request: BrokerRequest<Answer>): void {
    const { queue, draws } = this.#ports;
    const channel = channelOf(request);
    const doneAt = this.#channels.get(channel);
    queue.after(draws.between("straggler", STRAGGLER_MS.from, STRAGGLER_MS.to), () => {
      const isRuledOut = request.kind !== "commit" && this.#channels.get(channel) !== doneAt;
      if (!this.#isUp || isRuledOut) return;
      this.#channels.set(channel, queue.now);
      this.#applyUnheard(request);
    });
  }

  #isReached(machine: Machine): boolean {
    return this.#isUp && machine.isLinked;
  }

  /** When it is its turn in its channel. */
  #inTurn({ machine, kind }: Pick<Wire, "kind" | "machine">, wayMs: number): number {
    const channel = channelOf({ machine, kind });
    const at = Math.max(this.queue.now + wayMs, this.#channels.get(channel) ?? 0);
    this.#channels.set(channel, at);
    return at - this.queue.now;
  }

  #way(request: Wire): number {
    const { draws, faults } = this.#ports;
    const { kind } = request;
    if (this.#isFaulty(request, "delayed")) {
      return draws.between(`${kind}.delay`, 5, faults[kind].delayMaxMs);
    }
    return draws.between("way", WAY_MS.from, WAY_MS.to);
  }

  #isFaulty({ kind, machine, target }: Wire, how: RequestFault): boolean {
    if (this.isHealed) return false;
    const { draws, faults, onFault, aimAt } = this.#ports;
    const fault = FAULTS[kind][how];
    const share = how === "late" && faults[kind].late === 0 ? 0 : aimAt(fault, machine, target);
    const isFaulty = draws.isFaulty(`${kind}.${how}`, Math.max(share, faults[kind][how]));
    if (isFaulty) onFault(fault, machine);
    return isFaulty;
  }

  #wallNow(): number {
    return Date.UTC(2026, 0, 1) + this.queue.now;
  }
}

function isWriting({
  kind,
  isReading = false,
}: Pick<BrokerRequest<unknown>, "isReading" | "kind">): boolean {
  return WRITING.has(kind) && !isReading;
}

function channelOf({ machine, kind }: Pick<Wire, "kind" | "machine">): string {
  return `${machine.name}/${kind}`;
}
