/**
 * What people want of keys behind their dead letters, until it is done: redrives and discards. A wish names the dead letter
 * that they saw and outlasts rebalances of this process: whoever owns the partition fulfils it. It is over when the key is
 * released or given up again, here or elsewhere: its owner finds its event settled and no marker of it, or a later one. All
 * wishes of one dead letter end together, as the one that came first had it. A marker may be seen before its write is
 * acknowledged, so wishes are looked at again when one is. Whoever no longer knows whether it owns the partition says
 * nothing of them.
 */
import type { EngineConfig } from "../../core/config.ts";
import type { Input } from "../../core/input.ts";
import type { Aside, Marker } from "../../core/aside/marker.ts";
import type { DiscardRequest, RedriveRequest } from "../../core/aside/redrive.ts";
import { laneNameOf } from "../../core/lanes/lane.ts";
import type { Offset, TopicPartition } from "../../core/lanes/identity.ts";
import { partitionName, type EngineState } from "../../core/state.ts";
import type { PreparedEvent } from "../../ports.ts";
import type { DiscardEnd, DriverOwner, RedriveEnd } from "../options.ts";

/** What someone wants of a key behind its dead letter. */
export type AsideWish =
  | { readonly kind: "redrive"; readonly request: RedriveRequest }
  | { readonly kind: "discard"; readonly request: DiscardRequest };

type WishInput = Extract<Input<PreparedEvent>, { kind: AsideWish["kind"] }>;

/** Whom the wishes are handed on to. */
export interface WishOwner {
  readonly state: Readonly<EngineState<PreparedEvent>>;
  /** Whether its partitions are its own, and nobody has gone on with them meanwhile. */
  readonly isCurrent: () => boolean;
  /** Has the engine look at one. */
  readonly step: (input: WishInput) => void;
  /** Told of their ends. */
  readonly owner: Pick<DriverOwner, "discarded" | "redriven">;
}

/** See the head of this file. */
export class RedriveWishes {
  readonly #order: EngineConfig["order"];
  readonly #to: WishOwner;
  /** By dead letter, those that came first first. */
  readonly #wishes = new Map<string, readonly AsideWish[]>();

  constructor(order: EngineConfig["order"], to: WishOwner) {
    this.#order = order;
    this.#to = to;
  }

  /** Takes one; again changes nothing. Nothing is set aside where there is no order. */
  add(wish: AsideWish): void {
    const name = this.#nameOf(wish.request);
    if (name === null) return;
    const before = this.#wishes.get(name) ?? [];
    const isKnown = before.some((one) => isSame(one, wish));
    const wishes = isKnown ? before : [...before, wish];
    this.#wishes.set(name, wishes);
    this.#look(name, wishes);
  }

  /** Nobody wants it any more; what has begun here goes on, and its end is told. */
  forget(wish: AsideWish): void {
    const name = this.#nameOf(wish.request);
    if (name === null || this.#hasBegun(wish.request)) return;
    const left = (this.#wishes.get(name) ?? []).filter((one) => !isSame(one, wish));
    if (left.length > 0) this.#wishes.set(name, left);
    else this.#wishes.delete(name);
  }

  /** Partitions were taken over, or markers written: wishes may be fulfilled here, or over. */
  look(): void {
    for (const [name, wishes] of this.#wishes) this.#look(name, wishes);
  }

  /** A key's detour is over. */
  detourEnded({ partition, marker }: Aside<PreparedEvent>, end: RedriveEnd): void {
    this.#end(wishName(partition, marker), end);
  }

  #look(name: string, wishes: readonly AsideWish[]): void {
    const [first] = wishes;
    if (first === undefined || !this.#to.isCurrent()) return;
    const end = this.#endElsewhere(first.request);
    if (end !== null) return this.#end(name, end);
    for (const wish of wishes) {
      if (wish.kind === "redrive") this.#to.step({ kind: "redrive", ...wish.request });
      else this.#to.step({ kind: "discard", ...wish.request });
    }
  }

  #end(name: string, end: DiscardEnd): void {
    const { owner } = this.#to;
    const wishes = this.#wishes.get(name) ?? [];
    this.#wishes.delete(name);
    // Of two that were wanted of a dead letter nobody here knows which was done: then none says that it was delivered.
    const mayBeDropped = wishes.some(({ kind }) => kind === "discard");
    const delivered = mayBeDropped ? "dropped" : "delivered";
    for (const wish of wishes) {
      if (wish.kind === "discard") owner.discarded(wish.request, end);
      else owner.redriven(wish.request, end === "elsewhere" ? delivered : end);
    }
  }

  /** How it ended, as far as markers tell; null where it is still to be done, or not for this process to know. */
  #endElsewhere(request: RedriveRequest): DiscardEnd | null {
    const { offset, redriveCount } = request;
    // Without a marker its event may be on its way to one: its dead letter was written, and its owner ended.
    if (!this.#isSettled(request, offset)) return null;
    const marker = this.#asideOf(request)?.marker;
    if (marker === undefined || marker.offset > offset) return "elsewhere";
    // An earlier marker than the one that people saw is about to be followed by that.
    return marker.offset === offset && marker.redriveCount > redriveCount ? "given-up" : null;
  }

  #hasBegun(request: RedriveRequest): boolean {
    const aside = this.#asideOf(request);
    return aside?.marker.offset === request.offset && (aside.isMarking || aside.detour !== null);
  }

  /** False for a partition of someone else: that is not for this process to know. */
  #isSettled({ topic, partition }: TopicPartition, offset: Offset): boolean {
    const tracker = this.#to.state.partitions.get(partitionName(topic, partition))?.tracker;
    return tracker !== undefined && (offset < tracker.committable || tracker.wasDone(offset));
  }

  #asideOf({ topic, partition, key }: RedriveRequest): Aside<PreparedEvent> | undefined {
    const lane = laneNameOf(this.#order, key);
    if (lane === null) return undefined;
    return this.#to.state.partitions.get(partitionName(topic, partition))?.aside.get(lane);
  }

  #nameOf(request: RedriveRequest): string | null {
    const { offset, redriveCount, key } = request;
    const lane = laneNameOf(this.#order, key);
    return lane === null ? null : wishName(request, { lane, offset, redriveCount });
  }
}

/** Whether two wishes of one dead letter are the same. */
function isSame(one: AsideWish, other: AsideWish): boolean {
  return belowOf(one) === belowOf(other);
}

function belowOf(wish: AsideWish): Offset | null {
  return wish.kind === "discard" ? wish.request.below : null;
}

function wishName(
  { topic, partition }: TopicPartition,
  { lane, offset, redriveCount }: Pick<Marker, "lane" | "offset" | "redriveCount">,
): string {
  return JSON.stringify([topic, partition, lane, offset, redriveCount]);
}
