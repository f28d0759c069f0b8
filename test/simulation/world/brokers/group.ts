/**
 * A consumer group's coordinator, as the eager protocol of Kafka has it.
 *
 *   stable --join, leave, ended session--> preparing --all have come, or time is over--> completing --leader's sync--> stable
 *                                             ^                                              |
 *                                             +---------------- join, ended session ---------+
 *
 * A commit is taken from a member of the current generation, also while the next one is prepared, and from nobody in
 * between. Heartbeats that only prove what everyone knows are not simulated: a member is silent while it is not
 * connected, and hears what a heartbeat would tell it when one would have been answered.
 */
import type { Offset, OffsetCommit, Topic, TopicPartition, Cancel } from "@millrace/engine";
import { BrokerError, type BrokerErrorType, type Cluster } from "./cluster.ts";

/** Kafka's `offset.metadata.max.bytes`. A commit is refused whole. */
const METADATA_MAX = 4_096;

/** How long members have to come in, ms. */
export const REBALANCE_TIMEOUT_MS = 60_000;

/** What a member hears from its group besides answers. */
export interface MemberEars {
  /** Whether it sends heartbeats under this name, and they reach the brokers. */
  readonly isBeating: (id: string) => boolean;
  /** A heartbeat would be answered now, in so many ms at the most: find out what it says. */
  readonly beatSoon: () => void;
  /** Its session has ended at the broker; it does not hear of it by itself. */
  readonly onExpired: () => void;
}

/** A generation as one member learns of it from the answer to its join. */
export interface Seat {
  readonly memberId: string;
  readonly generation: number;
  readonly isLeader: boolean;
}

/** What a group has committed for a partition. */
export interface CommittedOffset {
  readonly offset: Offset;
  readonly metadata: string;
}

/** What a waiting request gets. */
export type Answered<Answer> = (outcome: Answer | BrokerError) => void;

interface Member {
  readonly id: string;
  readonly ears: MemberEars;
  readonly topics: readonly Topic[];
  onSeat: Answered<Seat> | null;
  onShare: Answered<readonly TopicPartition[]> | null;
  /** When it was heard of last, as far as that is looked at. */
  heardAt: number;
  cancelExpiry: Cancel | null;
}

/** See the head of this file. */
export class Group {
  readonly offsets = new Map<string, CommittedOffset>();
  /** Told of each commit that was taken. */
  onCommitted: (
    from: { readonly id: string; readonly generation: number },
    commits: readonly OffsetCommit[],
  ) => void = () => undefined;
  readonly #cluster: Cluster;
  readonly #sessionMs: number;
  readonly #members = new Map<string, Member>();
  /** Named, and not joined yet. */
  readonly #admitted = new Set<string>();
  #phase: "stable" | "preparing" | "completing" = "stable";
  #generation = 0;
  #memberCount = 0;
  #leader = "";
  #shares: ReadonlyMap<string, readonly TopicPartition[]> = new Map();
  #cancelDeadline: Cancel | null = null;

  constructor(cluster: Cluster, sessionMs: number) {
    this.#cluster = cluster;
    this.#sessionMs = sessionMs;
    cluster.onAvailability(() => this.#availabilityChanged());
  }

  get generation(): number {
    return this.#generation;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  /** Names a new member, which joins with that name. */
  admit(): string {
    this.#memberCount += 1;
    const id = `member-${String(this.#memberCount).padStart(3, "0")}`;
    this.#admitted.add(id);
    return id;
  }

  /** Joins; the answer comes when the generation begins. */
  join(
    {
      id,
      topics,
      ears,
    }: { readonly id: string; readonly topics: readonly Topic[]; readonly ears: MemberEars },
    onSeat: Answered<Seat>,
  ): void {
    if (!this.#members.has(id) && !this.#admitted.delete(id)) {
      return onSeat(new BrokerError("UNKNOWN_MEMBER_ID"));
    }
    this.#members.get(id)?.cancelExpiry?.();
    this.#members.set(id, {
      id,
      ears,
      topics,
      onSeat,
      onShare: null,
      heardAt: this.#cluster.queue.now,
      cancelExpiry: null,
    });
    this.#prepare();
    this.#beginIfAllCame();
  }

  /** The leader's brings the assignment about; the others' wait for it. */
  sync(id: string, generation: number, onShare: Answered<readonly TopicPartition[]>): void {
    const member = this.#members.get(id);
    const refusal = this.#refusalOf(id, generation);
    if (member === undefined || refusal !== null)
      return onShare(new BrokerError(refusal ?? "UNKNOWN_MEMBER_ID"));
    if (this.#phase === "preparing") return onShare(new BrokerError("REBALANCE_IN_PROGRESS"));
    if (this.#phase === "stable") return onShare(this.#shares.get(id) ?? []);
    member.onShare = onShare;
    if (id !== this.#leader) return;
    this.#shares = this.#share();
    this.#phase = "stable";
    for (const waiting of this.#members.values())
      this.#answerShare(waiting, this.#shares.get(waiting.id) ?? []);
  }

  /** A heartbeat: renews the session, and says what there is to say. @throws BrokerError. */
  beat(id: string, generation: number): void {
    const refusal = this.#refusalOf(id, generation);
    if (refusal !== null) throw new BrokerError(refusal);
    this.#renew(id);
    if (this.#phase === "preparing") throw new BrokerError("REBALANCE_IN_PROGRESS");
  }

  /** A member is silent from now on; `ageMs` is how long ago its last heartbeat came. */
  noteSilent(id: string, ageMs: number): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    const { now } = this.#cluster.queue;
    member.heardAt = Math.max(member.heardAt, now - ageMs);
    member.cancelExpiry?.();
    const leftMs = member.heardAt + this.#sessionMs - now;
    member.cancelExpiry = this.#cluster.queue.after(leftMs, () => this.#expire(member));
  }

  /** Goes; the others share what it had. */
  leave(id: string): void {
    this.#members.get(id)?.cancelExpiry?.();
    if (!this.#members.delete(id)) return;
    this.#prepare();
    this.#beginIfAllCame();
  }

  /** Makes everyone join again, as a change of the topics' partitions does. */
  rebalance(): void {
    if (this.#members.size === 0) return;
    this.#prepare();
  }

  /** @throws BrokerError from anyone but a member of this very generation. */
  commit(
    from: { readonly id: string; readonly generation: number },
    commits: readonly OffsetCommit[],
  ): void {
    const refusal = this.#refusalOf(from.id, from.generation);
    if (refusal !== null) throw new BrokerError(refusal);
    if (this.#phase === "completing") throw new BrokerError("REBALANCE_IN_PROGRESS");
    this.#renew(from.id);
    if (commits.some(({ metadata }) => metadata.length > METADATA_MAX))
      throw new BrokerError("OFFSET_METADATA_TOO_LARGE");
    this.#set(from, commits);
  }

  /** Writes offsets past the protocol, as an operator's tool does. */
  write(commits: readonly OffsetCommit[]): void {
    this.#set({ id: "operator", generation: this.#generation }, commits);
  }

  #set(
    from: { readonly id: string; readonly generation: number },
    commits: readonly OffsetCommit[],
  ): void {
    for (const { topic, partition, offset, metadata } of commits) {
      this.offsets.set(`${topic}/${partition}`, { offset, metadata });
    }
    this.onCommitted(from, commits);
  }

  #refusalOf(id: string, generation: number): BrokerErrorType | null {
    if (!this.#members.has(id)) return "UNKNOWN_MEMBER_ID";
    return generation === this.#generation ? null : "ILLEGAL_GENERATION";
  }

  #renew(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    if (!member.ears.isBeating(id)) return this.noteSilent(id, 0);
    member.heardAt = this.#cluster.queue.now;
    member.cancelExpiry?.();
    member.cancelExpiry = null;
  }

  /** A member that waits for an answer is not silent: its connection is open. */
  #expire(member: Member): void {
    member.cancelExpiry = null;
    if (
      !this.#cluster.isUp ||
      member.onSeat !== null ||
      member.onShare !== null ||
      this.#members.get(member.id) !== member
    )
      return;
    member.ears.onExpired();
    this.leave(member.id);
  }

  #prepare(): void {
    if (this.#phase === "preparing") return;
    this.#phase = "preparing";
    this.#cancelDeadline?.();
    this.#cancelDeadline = this.#cluster.queue.after(REBALANCE_TIMEOUT_MS, () =>
      this.#dropAbsent(),
    );
    for (const member of this.#members.values()) {
      this.#answerShare(member, new BrokerError("REBALANCE_IN_PROGRESS"));
      if (member.onSeat === null && member.ears.isBeating(member.id)) member.ears.beatSoon();
    }
  }

  #dropAbsent(): void {
    if (this.#phase !== "preparing" || !this.#cluster.isUp) return;
    for (const member of [...this.#members.values()]) {
      if (member.onSeat !== null) continue;
      member.cancelExpiry?.();
      this.#members.delete(member.id);
      member.ears.onExpired();
    }
    this.#beginIfAllCame();
  }

  #beginIfAllCame(): void {
    const members = [...this.#members.values()];
    if (this.#phase !== "preparing" || members.some(({ onSeat }) => onSeat === null)) return;
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
    this.#generation += 1;
    const generation = this.#generation;
    this.#leader = members[0]?.id ?? "";
    this.#shares = new Map();
    this.#phase = members.length === 0 ? "stable" : "completing";
    for (const member of members) {
      const { id, onSeat } = member;
      member.onSeat = null;
      this.#renew(id);
      onSeat?.({ memberId: id, generation, isLeader: id === this.#leader });
    }
  }

  #answerShare(member: Member, outcome: readonly TopicPartition[] | BrokerError): void {
    const { onShare } = member;
    if (onShare === null) return;
    member.onShare = null;
    this.#renew(member.id);
    onShare(outcome);
  }

  /** Waiting requests end with the brokers; sessions begin anew when they are back. */
  #availabilityChanged(): void {
    for (const member of this.#members.values()) {
      member.cancelExpiry?.();
      member.cancelExpiry = null;
      if (this.#cluster.isUp) {
        member.heardAt = this.#cluster.queue.now;
        if (!member.ears.isBeating(member.id)) this.noteSilent(member.id, 0);
        continue;
      }
      const { onSeat } = member;
      member.onSeat = null;
      onSeat?.(new BrokerError("UNREACHABLE"));
      this.#answerShare(member, new BrokerError("UNREACHABLE"));
    }
    if (!this.#cluster.isUp) this.#cancelDeadline?.();
    else if (this.#phase !== "stable") this.#restartPreparation();
  }

  #restartPreparation(): void {
    this.#phase = "stable";
    this.#prepare();
  }

  #share(): ReadonlyMap<string, readonly TopicPartition[]> {
    const members = [...this.#members.values()];
    const shares = new Map<string, TopicPartition[]>();
    const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
    // Every other generation moves partitions; the ones between keep them where they are.
    let turn = this.#generation >> 1;
    for (const topic of topics) {
      const takers = members.filter((member) => member.topics.includes(topic));
      for (const { place } of this.#cluster.logs(topic)) {
        const taker = takers[turn % takers.length];
        turn += 1;
        if (taker === undefined) continue;
        shares.set(taker.id, [...(shares.get(taker.id) ?? []), place]);
      }
    }
    return shares;
  }
}
