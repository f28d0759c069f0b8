/**
 * A consumer group in memory, as the eager protocol has it: a join calls everyone in, and the generation begins when
 * all have come, or those who have not are out.
 */
import type { Clock, Cancel, Offset, OffsetCommit, Topic, TopicPartition } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";

/** How long members have to come in, ms. */
const REBALANCE_TIMEOUT_MS = 60_000;

/** What a member hears from its group. */
export interface MemberEars {
  /** Join again. Told until the member has. */
  rebalancing(): void;
  /** The group no longer knows this member. */
  expelled(): void;
}

/** A generation, as one member gets it. */
export interface Seat {
  readonly memberId: string;
  readonly generation: number;
  readonly partitions: readonly TopicPartition[];
}

interface Member {
  readonly memberId: string;
  readonly ears: MemberEars;
  readonly topics: readonly Topic[];
  /** Waits for the generation to begin. */
  come: ((seat: Seat) => void) | null;
}

/** What a group has committed for a partition. */
export interface CommittedOffset {
  readonly offset: Offset;
  readonly metadata: string;
}

/** See the head of this file. */
export class MemoryGroup {
  readonly offsets = new Map<string, CommittedOffset>();
  readonly #clock: Clock;
  readonly #partitionsOf: (topic: Topic) => readonly TopicPartition[];
  readonly #members = new Map<string, Member>();
  #generation = 0;
  #memberCount = 0;
  #cancelDeadline: Cancel | null = null;

  constructor(clock: Clock, partitionsOf: (topic: Topic) => readonly TopicPartition[]) {
    this.#clock = clock;
    this.#partitionsOf = partitionsOf;
  }

  get memberIds(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** Joins or joins again; resolves when the generation begins. A member the group forgot comes in as a new one. */
  join(known: string | null, topics: readonly Topic[], ears: MemberEars): Promise<Seat> {
    const isKnown = known !== null && this.#members.has(known);
    if (!isKnown) this.#memberCount += 1;
    const memberId = isKnown ? known : `member-${this.#memberCount}`;
    return new Promise((come) => {
      this.#members.set(memberId, { memberId, topics, ears, come });
      this.#callIn();
    });
  }

  /** Goes; the others share what it had. */
  leave(memberId: string): void {
    if (this.#members.delete(memberId)) this.#callIn();
  }

  /** Puts a member out, as an ended session does; it hears of it as its next heartbeat would tell it. */
  expel(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member === undefined) return;
    this.leave(memberId);
    this.#clock.schedule(0, () => member.ears.expelled());
  }

  /** @throws MillraceError `COMMIT_FENCED` from anyone but a member of this very generation. */
  commit(memberId: string, generation: number, commits: readonly OffsetCommit[]): void {
    if (!this.#members.has(memberId) || generation !== this.#generation) {
      throw new MillraceError("COMMIT_FENCED", `generation is over: ${generation}`);
    }
    for (const { topic, partition, offset, metadata } of commits) {
      this.offsets.set(`${topic}/${partition}`, { offset, metadata });
    }
  }

  #callIn(): void {
    if (this.#begin()) return;
    this.#cancelDeadline ??= this.#clock.schedule(REBALANCE_TIMEOUT_MS, () => {
      for (const member of [...this.#members.values()]) {
        if (member.come === null) this.expel(member.memberId);
      }
    });
    for (const member of this.#members.values()) {
      if (member.come === null) this.#clock.schedule(0, () => member.ears.rebalancing());
    }
  }

  /** Begins the next generation if everyone is here. */
  #begin(): boolean {
    const members = [...this.#members.values()].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
    if (members.some(({ come }) => come === null)) return false;
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
    this.#generation += 1;
    const generation = this.#generation;
    const shares = this.#share(members);
    for (const member of members) {
      const { memberId, come } = member;
      member.come = null;
      come?.({ memberId, generation, partitions: shares.get(memberId) ?? [] });
    }
    return true;
  }

  #share(members: readonly Member[]): ReadonlyMap<string, readonly TopicPartition[]> {
    const shares = new Map<string, TopicPartition[]>();
    const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
    let turn = 0;
    for (const topic of topics) {
      const takers = members.filter((member) => member.topics.includes(topic));
      for (const partition of this.#partitionsOf(topic)) {
        const taker = takers[turn % takers.length];
        turn += 1;
        if (taker === undefined) continue;
        shares.set(taker.memberId, [...(shares.get(taker.memberId) ?? []), partition]);
      }
    }
    return shares;
  }
}
