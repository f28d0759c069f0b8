/**
 * What people want redriven, until it is. A wish names the dead letter that they saw and outlasts rebalances of this process:
 * whoever owns the partition fulfils it. It is over when the key is released or given up again, here or elsewhere: its owner
 * finds its event settled and no marker of it, or a later one. A marker may be seen before its write is acknowledged, so
 * wishes are looked at again when one is. Whoever no longer knows whether it owns the partition says nothing of them.
 */
import type { EngineConfig } from "../../core/config.ts";
import type { Aside, Marker } from "../../core/aside/marker.ts";
import type { RedriveRequest } from "../../core/aside/redrive.ts";
import { laneNameOf } from "../../core/lanes/lane.ts";
import type { Offset, TopicPartition } from "../../core/lanes/identity.ts";
import { partitionName, type EngineState } from "../../core/state.ts";
import type { PreparedEvent } from "../../ports.ts";
import type { RedriveEnd } from "../options.ts";

/** Whom the wishes are handed on to. */
export interface WishOwner {
  readonly state: Readonly<EngineState<PreparedEvent>>;
  /** Whether its partitions are its own, and nobody has gone on with them meanwhile. */
  readonly isCurrent: () => boolean;
  /** Has the engine look at one. */
  readonly redrive: (request: RedriveRequest) => void;
  readonly redriven: (request: RedriveRequest, end: RedriveEnd) => void;
}

/** See the head of this file. */
export class RedriveWishes {
  readonly #order: EngineConfig["order"];
  readonly #to: WishOwner;
  readonly #wishes = new Map<string, RedriveRequest>();

  constructor(order: EngineConfig["order"], to: WishOwner) {
    this.#order = order;
    this.#to = to;
  }

  /** Takes one; again changes nothing. Nothing is set aside where there is no order. */
  add(request: RedriveRequest): void {
    const name = this.#nameOf(request);
    if (name === null) return;
    this.#wishes.set(name, request);
    this.#look(name, request);
  }

  /** Nobody wants it any more; what has begun here goes on, and its end is told. */
  forget(request: RedriveRequest): void {
    const name = this.#nameOf(request);
    if (name !== null && !this.#hasBegun(request)) this.#wishes.delete(name);
  }

  /** Partitions were taken over, or markers written: wishes may be fulfilled here, or over. */
  look(): void {
    for (const [name, request] of this.#wishes) this.#look(name, request);
  }

  /** A key's detour is over. */
  detourEnded({ partition, marker }: Aside<PreparedEvent>, end: RedriveEnd): void {
    this.#end(wishName(partition, marker), end);
  }

  #look(name: string, request: RedriveRequest): void {
    if (!this.#to.isCurrent()) return;
    const end = this.#endElsewhere(request);
    if (end === null) return this.#to.redrive(request);
    this.#end(name, end);
  }

  #end(name: string, end: RedriveEnd): void {
    const request = this.#wishes.get(name);
    this.#wishes.delete(name);
    if (request !== undefined) this.#to.redriven(request, end);
  }

  /** How it ended, as far as markers tell; null where it is still to be done, or not for this process to know. */
  #endElsewhere(request: RedriveRequest): RedriveEnd | null {
    const { offset, redriveCount } = request;
    // Without a marker its event may be on its way to one: its dead letter was written, and its owner ended.
    if (!this.#isSettled(request, offset)) return null;
    const marker = this.#asideOf(request)?.marker;
    if (marker === undefined || marker.offset > offset) return "delivered";
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

function wishName(
  { topic, partition }: TopicPartition,
  { lane, offset, redriveCount }: Pick<Marker, "lane" | "offset" | "redriveCount">,
): string {
  return JSON.stringify([topic, partition, lane, offset, redriveCount]);
}
