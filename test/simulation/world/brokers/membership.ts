/**
 * One member of a group as the adapter of the real client keeps it: joins, and knows at every moment whether its
 * membership is proven. Heartbeats are reckoned, not sent, while all is well: only a silence and its end are events.
 */
import type { OffsetCommit, Topic, TopicPartition } from "@millrace/engine";
import { BrokerError, type Cluster } from "./cluster.ts";
import type { Draws } from "../plan/draws.ts";
import type { CommittedOffset, Group, MemberEars, Seat } from "./group.ts";
import type { Machine } from "../processes/machine.ts";

const HEARTBEAT_MS = 1_000;
const PROVEN_SHARE = 0.8;
const REQUEST_TIMEOUT_MS = 4_000;
/** A join waits for the others, and a little longer. */
const JOIN_TIMEOUT_MS = 65_000;
const RETRANSMIT_MS = 1_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 1_000;

/** What a membership tells its owner; synchronous. */
export interface MembershipListener {
  rebalancing(): void;
  lost(reason: string): void;
}

/** A generation this member belongs to. */
export interface Joined {
  readonly memberId: string;
  readonly generation: number;
  readonly partitions: readonly TopicPartition[];
}

/** What a member works with. */
export interface MemberPorts {
  readonly cluster: Cluster;
  readonly group: Group;
  /** Whose group it is. */
  readonly target: string;
  readonly machine: Machine;
  readonly draws: Draws;
  readonly sessionMs: number;
  /** How long a drain may take. */
  readonly drainMs: number;
  readonly topics: readonly Topic[];
}

/** See the head of this file. */
export class Membership {
  readonly #ports: MemberPorts;
  readonly #listener: MembershipListener;
  readonly #ears: MemberEars;
  #memberId = "";
  /** The generation that is ours; null outside of one. */
  #generation: number | null = null;
  #isJoining = false;
  #isConnected: boolean;
  /** Times that it was cut off. */
  #silenceCount = 0;
  /** Queue time at which the last answered heartbeat left, while disconnected. */
  #silentSince = 0;

  constructor(ports: MemberPorts, listener: MembershipListener) {
    const { machine, cluster } = ports;
    this.#ports = ports;
    this.#listener = listener;
    this.#isConnected = this.#canTalk();
    this.#ears = {
      isBeating: (id) => id === this.#memberId && this.#canTalk(),
      beatSoon: () => this.#beatIn(ports.draws.between("heartbeat", 0, HEARTBEAT_MS)),
      onExpired: () => {
        if (this.#canTalk()) this.#beatIn(ports.draws.between("heartbeat", 0, HEARTBEAT_MS));
      },
    };
    machine.onConnectivity(() => this.#connectivityChanged());
    cluster.onAvailability(() => this.#connectivityChanged());
  }

  get memberId(): string {
    return this.#memberId;
  }

  /** Whether this generation is ours, and proven to be. */
  isValid(generation: number): boolean {
    return this.#generation === generation && this.isProven();
  }

  /** Whether nobody else can own what we own; fences on the spot if that is not known. */
  isProven(): boolean {
    if (this.#generation === null) return this.#isJoining;
    if (this.#isConnected || this.#now() - this.#silentSince <= this.#provenMs) return true;
    this.#lose("no acknowledged heartbeat");
    return false;
  }

  /** Joins, repeating until it is in or `isOver` (then null). Ends the current generation. */
  async join(isOver: () => boolean): Promise<Joined | null> {
    this.suspend();
    this.#isJoining = true;
    let retryMs = RETRY_FIRST_MS;
    while (!isOver()) {
      try {
        const joined = await this.#joinOnce();
        this.#isJoining = false;
        return joined;
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error;
        if (error.type === "UNKNOWN_MEMBER_ID") {
          this.#memberId = "";
          this.#listener.lost(error.type);
        }
        if (error.type !== "UNREACHABLE") continue;
        await this.wait(retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
    this.#isJoining = false;
    return null;
  }

  /** What the group has committed for all of these. @throws BrokerError. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly (CommittedOffset | null)[]> {
    const { group } = this.#ports;
    return this.#ask("group", () =>
      partitions.map(({ topic, partition }) => group.offsets.get(`${topic}/${partition}`) ?? null),
    );
  }

  /** Commits as the member of `generation`. @throws BrokerError. */
  async commit(offsets: readonly OffsetCommit[], generation: number): Promise<void> {
    const { group } = this.#ports;
    const id = this.#memberId;
    try {
      await this.#ask("commit", () => group.commit({ id, generation }, offsets));
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      if (isExpulsion(error) && this.#generation === generation) this.#lose(error.type);
      if (
        (error.type === "REBALANCE_IN_PROGRESS" || error.isOpen) &&
        this.#generation === generation
      ) {
        this.#listener.rebalancing();
      }
      throw error;
    }
  }

  /** Says goodbye; the brokers may not hear it. */
  leave(): Promise<void> {
    this.suspend();
    const id = this.#memberId;
    this.#memberId = "";
    if (id === "") return Promise.resolve();
    // Should the brokers not hear it, the session ends by itself.
    this.#ports.group.noteSilent(id, 0);
    return this.#ask("group", () => this.#ports.group.leave(id)).catch(() => undefined);
  }

  /** Nothing is valid after it. */
  suspend(): void {
    this.#generation = null;
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#ports.machine.schedule(ms, resolve);
    });
  }

  async #joinOnce(): Promise<Joined> {
    if (this.#memberId === "") {
      this.#memberId = await this.#ask("group", () => this.#ports.group.admit());
    }
    const { memberId, generation } = await this.#takeSeat();
    const partitions = await this.#takeShare(generation);
    // An answer may have lain in the socket while the process was frozen; a heartbeat is proof.
    const sentAt = this.#now();
    const silenceCount = this.#silenceCount;
    await this.#ask("group", () => this.#ports.group.beat(memberId, generation));
    this.#generation = generation;
    this.#silentSince = sentAt;
    this.#isConnected = this.#canTalk() && silenceCount === this.#silenceCount;
    if (!this.#isConnected) this.#watch();
    // What was to be heard while the proof was under way is heard now.
    this.#beatIn(HEARTBEAT_MS);
    return { memberId, generation, partitions };
  }

  #takeSeat(): Promise<Seat> {
    const { group, topics } = this.#ports;
    return this.#await(JOIN_TIMEOUT_MS, (answer) =>
      group.join({ id: this.#memberId, topics, ears: this.#ears }, answer),
    );
  }

  #takeShare(generation: number): Promise<readonly TopicPartition[]> {
    const { group } = this.#ports;
    return this.#await(JOIN_TIMEOUT_MS, (answer) => group.sync(this.#memberId, generation, answer));
  }

  /** A request whose answer comes when the group gives it. */
  #await<Answer>(
    timeoutMs: number,
    apply: (answer: (outcome: Answer | BrokerError) => void) => void,
  ): Promise<Answer> {
    const { cluster, machine, target, draws } = this.#ports;
    return new Promise((resolve, reject) => {
      const giveUp = machine.schedule(timeoutMs, () => reject(new BrokerError("UNREACHABLE")));
      const fail = (error: BrokerError): void => {
        giveUp();
        reject(error);
      };
      const answer = (outcome: Answer | BrokerError): void => {
        // What is sent over a link that is cut is sent again by TCP.
        if (!machine.isLinked) {
          cluster.queue.after(RETRANSMIT_MS, () => answer(outcome));
          return;
        }
        machine.schedule(draws.between("way", 0.2, 2), () => {
          giveUp();
          if (outcome instanceof BrokerError) reject(outcome);
          else resolve(outcome);
        });
      };
      cluster.send({
        machine,
        target,
        kind: "group",
        timeoutMs: REQUEST_TIMEOUT_MS,
        apply: () => apply(answer),
        onAnswer: (outcome) => {
          if (!outcome.isOk) fail(outcome.error);
        },
      });
    });
  }

  #ask<Answer>(kind: "group" | "commit", apply: () => Answer): Promise<Answer> {
    const { cluster, machine, target } = this.#ports;
    return cluster.ask({ machine, target, kind, timeoutMs: REQUEST_TIMEOUT_MS, apply });
  }

  #beatIn(delayMs: number): void {
    this.#ports.machine.schedule(delayMs, () => this.#beat());
  }

  /** A heartbeat that may have something to say. */
  #beat(): void {
    const { cluster, machine, target, group, draws } = this.#ports;
    const generation = this.#generation;
    const sentAt = this.#now();
    const silenceCount = this.#silenceCount;
    if (generation === null || !this.#canTalk()) return;
    cluster.send({
      machine,
      target,
      kind: "group",
      timeoutMs: REQUEST_TIMEOUT_MS,
      apply: () => group.beat(this.#memberId, generation),
      onAnswer: (outcome) => {
        if (this.#generation !== generation) return;
        const type = outcome.isOk ? "OK" : outcome.error.type;
        if (type === "UNREACHABLE") {
          this.#noteSilence(sentAt - draws.between("heartbeat.age", 0, HEARTBEAT_MS));
          return this.#beatIn(HEARTBEAT_MS);
        }
        if (type === "UNKNOWN_MEMBER_ID" || type === "ILLEGAL_GENERATION") return this.#lose(type);
        // An answer that lay in the socket while the process was frozen proves what was, not what is.
        if (silenceCount === this.#silenceCount) this.#isConnected = this.#canTalk();
        this.#silentSince = Math.max(this.#silentSince, sentAt);
        if (type === "REBALANCE_IN_PROGRESS") this.#listener.rebalancing();
      },
    });
  }

  #connectivityChanged(): void {
    const { draws } = this.#ports;
    if (this.#canTalk()) {
      if (this.#generation === null) this.#isConnected = true;
      else this.#beatIn(draws.between("heartbeat.again", 0, HEARTBEAT_MS / 2));
      return;
    }
    this.#silenceCount += 1;
    this.#noteSilence(this.#now() - draws.between("heartbeat.age", 0, HEARTBEAT_MS));
  }

  /** No heartbeat is answered; the last one that was left at `since`, or before where it was silent already. */
  #noteSilence(since: number): void {
    const { cluster, group } = this.#ports;
    let ageMs = Infinity;
    if (this.#isConnected) {
      this.#isConnected = false;
      this.#silentSince = Math.max(this.#silentSince, since);
      ageMs = this.#now() - this.#silentSince;
      this.#watch();
    }
    // Stopped brokers end no session.
    if (cluster.isUp && this.#memberId !== "") group.noteSilent(this.#memberId, ageMs);
  }

  /** Looks when the proof is too old: as a timer of the process, so that it is late when that has slept. */
  #watch(): void {
    const leftMs = this.#silentSince + this.#provenMs - this.#now();
    this.#ports.machine.schedule(leftMs + 1, () => this.isProven());
  }

  #lose(reason: string): void {
    if (this.#generation === null) return;
    this.suspend();
    if (reason === "UNKNOWN_MEMBER_ID") this.#memberId = "";
    this.#listener.lost(reason);
  }

  #canTalk(): boolean {
    return this.#ports.machine.isConnected && this.#ports.cluster.isUp;
  }

  get #provenMs(): number {
    return this.#ports.sessionMs * PROVEN_SHARE;
  }

  #now(): number {
    return this.#ports.machine.now();
  }
}

/** Whether the group no longer knows this member, or not in this generation. */
export function isExpulsion({ type }: BrokerError): boolean {
  return type === "UNKNOWN_MEMBER_ID" || type === "ILLEGAL_GENERATION";
}
