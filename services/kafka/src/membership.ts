/**
 * A member of one consumer group: joins, keeps its session alive, and knows at every moment whether that is proven.
 *
 *   outside --join--> joining --synced, heartbeat acknowledged--> valid --join--> joining
 *      ^                                                            |
 *      +---------------- lost (refused, or unproven) ---------------+
 *
 * Invariants: M1 `valid` is proven by a heartbeat sent less than 80 % of the session ago; the time is that of sending,
 * on the monotonic clock, so that a frozen process knows on waking. M2 `lost` is told once, synchronously, before
 * anything else is sent. M3 while valid a heartbeat leaves every second, whatever fetching and handlers do; the answer
 * REBALANCE_IN_PROGRESS renews the session too, so a drain keeps its membership. M4: see `commit`.
 */
import type { OffsetCommit, TopicPartition } from "@millrace/engine";
import {
  assignRoundRobin,
  commitOffsets,
  fetchOffsets,
  heartbeat,
  joinGroup,
  leaveGroup,
  syncGroup,
  type Committed,
  type GroupAssignment,
  type GroupOptions,
  type JoinedGroup,
  type Member,
  UnansweredCommitError,
} from "./group-protocol.ts";
import type { KafkaClient } from "./kafka-client.ts";
import { errorType, isHalting } from "./kafka-error.ts";
import type { Outage } from "./outage.ts";
import { isOver, wait } from "./wait.ts";

const HEARTBEAT_MS = 1_000;
/** How often the proof's age is looked at, ms: a process that wakes fences before its own later timers send. */
const WATCH_MS = 100;
/** Share of the session after which an unproven membership counts as lost. */
const PROVEN_SHARE = 0.8;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 1_000;

/** What a membership tells its owner; synchronous. */
export interface MembershipListener {
  /** The group wants everyone to join again; the membership is still valid. */
  rebalancing(): void;
  lost(reason: string): void;
}

/** A generation this member belongs to. */
export interface Joined extends Member {
  readonly isLeader: boolean;
  readonly partitions: readonly TopicPartition[];
}

/** See the head of this file. */
export class Membership {
  readonly #client: KafkaClient;
  readonly #group: GroupOptions;
  readonly #listener: MembershipListener;
  readonly #outage: Outage;
  /** The id the broker knows us by; empty before the first join and after it forgot us. */
  #memberId = "";
  #member: Member | null = null;
  #coordinator: number | null = null;
  #provenAt = 0;
  #timers: NodeJS.Timeout[] = [];
  #isBeating = false;
  #isJoining = false;

  constructor(
    client: KafkaClient,
    group: GroupOptions,
    ears: { readonly listener: MembershipListener; readonly outage: Outage },
  ) {
    this.#client = client;
    this.#group = group;
    this.#listener = ears.listener;
    this.#outage = ears.outage;
  }

  /** The id that the broker must forget when we go; empty when it knows none. */
  get memberId(): string {
    return this.#memberId;
  }

  /** Whether this generation is ours, and proven to be; fences on the spot if it is not. */
  isValid(generation: number): boolean {
    return this.#member?.generation === generation && this.isProven();
  }

  /** Whether nobody else can own what we own: proven (M1), or kept by the broker for a join that is under way. */
  isProven(): boolean {
    if (this.#member === null) return this.#isJoining;
    const limitMs = this.#group.sessionTimeoutMs * PROVEN_SHARE;
    if (performance.now() - this.#provenAt <= limitMs) return true;
    this.#lose(`no acknowledged heartbeat for ${limitMs} ms`);
    return false;
  }

  /**
   * Joins, repeating until it is in or `signal` aborts (then null). Ends the current generation.
   * @throws what no retry heals.
   */
  async join(signal: AbortSignal): Promise<Joined | null> {
    this.suspend();
    this.#isJoining = true;
    try {
      return await this.#joinUntilIn(signal);
    } finally {
      this.#isJoining = false;
    }
  }

  async #joinUntilIn(signal: AbortSignal): Promise<Joined | null> {
    let retryMs = RETRY_FIRST_MS;
    while (!isOver(signal)) {
      try {
        const joined = await this.#joinOnce();
        this.#outage.over();
        return joined;
      } catch (error) {
        if (isOver(signal)) return null;
        const type = errorType(error);
        if (isHalting(error)) throw error;
        if (type === "REBALANCE_IN_PROGRESS" || type === "ILLEGAL_GENERATION") continue;
        if (type === "UNKNOWN_MEMBER_ID") {
          this.#memberId = "";
          this.#listener.lost(type);
          continue;
        }
        this.#coordinator = null;
        this.#outage.noticed(error);
        await wait(retryMs, signal);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
        if (!isOver(signal)) await this.#client.refresh().catch(() => undefined);
      }
    }
    return null;
  }

  /** Joins again at the owner's wish, as if the group had asked. */
  requestRebalance(): void {
    if (this.#member !== null) this.#listener.rebalancing();
  }

  /** What the group has committed, in the order of `partitions`. */
  async committed(partitions: readonly TopicPartition[]): Promise<readonly Committed[]> {
    const { groupId } = this.#group;
    return this.#ask((coordinator) =>
      fetchOffsets(this.#client, coordinator, { groupId, partitions }),
    );
  }

  /**
   * Commits as the member of `generation`, which must be {@link isValid}. M4: after one without an answer the member joins
   * again before it commits anything else, so that it can take no effect behind a later one.
   */
  async commit(offsets: readonly OffsetCommit[], generation: number): Promise<void> {
    const { groupId } = this.#group;
    const commit = { groupId, memberId: this.#memberId, generation, offsets };
    try {
      await this.#ask((coordinator) => commitOffsets(this.#client, coordinator, commit));
    } catch (error) {
      const type = errorType(error);
      if (isExpulsion(type) && this.#member?.generation === generation) this.#lose(type);
      if (type === "REBALANCE_IN_PROGRESS" || error instanceof UnansweredCommitError) {
        if (this.#member?.generation === generation) this.requestRebalance();
      }
      throw error;
    }
  }

  /** Says goodbye over `client`, which may be another one than the one that is waiting for a join. */
  async leave(client: KafkaClient): Promise<void> {
    this.suspend();
    const memberId = this.#memberId;
    this.#memberId = "";
    if (memberId === "") return;
    const { groupId } = this.#group;
    const coordinator = await client.coordinatorOf(groupId);
    await leaveGroup(client, coordinator, { groupId, memberId });
  }

  /** Stops heartbeats; nothing is valid after it. Idempotent. */
  suspend(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.#member = null;
  }

  async #joinOnce(): Promise<Joined> {
    const { groupId } = this.#group;
    const coordinator = await this.#findCoordinator();
    const joined = await joinGroup(this.#client, coordinator, {
      ...this.#group,
      memberId: this.#memberId,
      onMemberId: (id) => {
        this.#memberId = id;
      },
    });
    const assignment: GroupAssignment = joined.isLeader ? await this.#assign(joined) : new Map();
    const { memberId, generation, isLeader } = joined;
    const sync = { ...this.#group, memberId, generation, assignment };
    const partitions = await syncGroup(this.#client, coordinator, sync);
    // M1: an answer may have lain in the socket while this process was frozen; a heartbeat is proof.
    const sentAt = performance.now();
    await heartbeat(this.#client, coordinator, { groupId, memberId, generation });
    this.#provenAt = sentAt;
    this.#member = { memberId, generation };
    this.#timers = [
      setInterval(() => void this.#beat(), HEARTBEAT_MS),
      setInterval(() => this.isProven(), WATCH_MS),
    ];
    return { memberId, generation, isLeader, partitions };
  }

  async #assign({ members }: JoinedGroup): Promise<GroupAssignment> {
    const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
    await this.#client.refresh(topics);
    const partitions = new Map<string, readonly number[]>();
    for (const topic of topics) {
      const isOurs = this.#group.topics.some((own) => own === topic);
      const places = await this.#client.partitionsOf(topic).catch((error: unknown) => {
        // What another member wants and does not exist is that member's error, not ours.
        if (isOurs || !isHalting(error)) throw error;
        return [];
      });
      partitions.set(
        topic,
        places.map(({ partition }) => partition),
      );
    }
    return assignRoundRobin(members, partitions);
  }

  async #beat(): Promise<void> {
    const member = this.#member;
    if (member === null || this.#isBeating) return;
    const { groupId } = this.#group;
    const sentAt = performance.now();
    this.#isBeating = true;
    try {
      const coordinator = await this.#findCoordinator();
      await heartbeat(this.#client, coordinator, { groupId, ...member });
      this.#proved(member, sentAt);
    } catch (error) {
      if (this.#member === member) this.#beatFailed(error, { member, sentAt });
    } finally {
      this.#isBeating = false;
    }
  }

  #beatFailed(error: unknown, beat: { readonly member: Member; readonly sentAt: number }): void {
    const type = errorType(error);
    if (type === "REBALANCE_IN_PROGRESS") {
      this.#proved(beat.member, beat.sentAt);
      this.#listener.rebalancing();
    } else if (isExpulsion(type)) {
      this.#lose(type);
    } else {
      this.#coordinator = null;
      this.#outage.noticed(error);
      this.#client.refresh().catch(() => undefined);
    }
  }

  #proved(member: Member, sentAt: number): void {
    if (this.#member !== member) return;
    this.#provenAt = sentAt;
    this.#outage.over();
  }

  #lose(reason: string): void {
    if (this.#member === null) return;
    this.suspend();
    if (reason === "UNKNOWN_MEMBER_ID") this.#memberId = "";
    this.#listener.lost(reason);
  }

  async #findCoordinator(): Promise<number> {
    this.#coordinator ??= await this.#client.coordinatorOf(this.#group.groupId);
    return this.#coordinator;
  }

  async #ask<Answer>(request: (coordinator: number) => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await request(await this.#findCoordinator());
      this.#outage.over();
      return answer;
    } catch (error) {
      if (!isExpulsion(errorType(error))) this.#coordinator = null;
      throw error;
    }
  }
}

/** Whether the group no longer knows this member, or not in this generation. */
export function isExpulsion(type: string): boolean {
  return (
    type === "UNKNOWN_MEMBER_ID" || type === "ILLEGAL_GENERATION" || type === "FENCED_INSTANCE_ID"
  );
}
