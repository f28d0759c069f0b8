import { assert } from "../../errors.ts";
import type { Order } from "../config.ts";
import type { Delivery } from "./delivery.ts";
import type { Detour } from "../aside/detour.ts";
import type { RecordKey } from "./identity.ts";
import type { PartitionState } from "./partition.ts";
import type { Replay } from "../replay/replay.ts";

/**
 * Where the head of a lane stands.
 *
 *   idle ──arrival──▶ ready ──slot──▶ in-flight ──delivered──▶ (next head: ready, owing, or idle)
 *     │                 ▲                 │ failed, may heal
 *     │                 └────due──── waiting ◀┘
 *     │ quarantined, or                   │ given up
 *     │ never deliverable                 ▼
 *     └─────────▶ owing ──begins──▶ writing ──skip: acknowledged──▶ (next head)
 *                  ▲ │ ▲               │ quarantine, block: acknowledged
 *           failed │ │ └─── failed ─ marking ──acknowledged, quarantine──▶ (next head: owing, or idle)
 *                  │ ▼                 └───────acknowledged, block──▶ blocked
 *                 parking ──acknowledged──▶ (next head: owing, idle; at the bound: blocked)
 *
 * A lane owes a write that begins at the end of the step, or after a drain.
 */
export type LaneState =
  | "idle"
  | "ready"
  | "in-flight"
  | "waiting"
  | "owing"
  | "writing"
  | "marking"
  | "parking"
  | "blocked"
  | "held"
  | "releasing";

/** The FIFO of undelivered events of one (target, topic, partition, key): at most its head is on its way (S9). */
export interface Lane<Payload> {
  readonly partition: PartitionState<Payload>;
  /** Its place in `PartitionState.lanes`; null for a loose lane, which holds one unordered event. */
  readonly name: string | null;
  state: LaneState;
  head: Delivery<Payload> | null;
  tail: Delivery<Payload> | null;
  /** Monotonic ms at which a waiting lane goes on. */
  dueAt: number;
  /** Its key is deferred once the attempt in flight has ended. */
  isToBeDeferred: boolean;
  /** Its key is being deferred: the marker may stand already, so nothing of it is sent before it is acknowledged. */
  isDeferring: boolean;
  /** The detour whose lane this is; null for what comes from the source partition. */
  detour: Detour<Payload> | null;
  /** The replay whose lane this is; null for what is live. */
  replay: Replay<Payload> | null;
  /** Of a replay: live calls of its key that it has waited for. */
  passedCount: number;
}

/** Lane name of `order: partition`: one for all keys. */
const WHOLE_PARTITION = "";

/** The lane of a key; null: its events are ordered with no other. */
export function laneNameOf(order: Order, key: RecordKey | null): string | null {
  switch (order) {
    case "key":
      return key;
    case "partition":
      return WHOLE_PARTITION;
    case "none":
      return null;
  }
}

/** An empty lane. */
export function createLane<P>(partition: PartitionState<P>, name: string | null): Lane<P> {
  return {
    partition,
    name,
    state: "idle",
    head: null,
    tail: null,
    dueAt: 0,
    isToBeDeferred: false,
    isDeferring: false,
    detour: null,
    replay: null,
    passedCount: 0,
  };
}

/** Where lanes with work are kept: a partition, or a replay of one. */
export interface LaneHome<Payload> {
  /** By key. */
  readonly lanes: Map<string, Lane<Payload>>;
  /** Of events that are ordered with no other. */
  readonly looseLanes: Set<Lane<Payload>>;
}

/** The lane of a key in its home, a new one where there is none; without a key always a new one. */
export function laneIn<P>(
  { lanes, looseLanes }: LaneHome<P>,
  partition: PartitionState<P>,
  name: string | null,
): Lane<P> {
  const known = name === null ? undefined : lanes.get(name);
  if (known !== undefined) return known;
  const lane = createLane(partition, name);
  if (name === null) looseLanes.add(lane);
  else lanes.set(name, lane);
  return lane;
}

/** An empty lane leaves its home, so that memory follows the backlog and not the number of keys ever seen. */
export function removeLane<P>({ lanes, looseLanes }: LaneHome<P>, lane: Lane<P>): void {
  if (lane.name === null) looseLanes.delete(lane);
  else lanes.delete(lane.name);
}

/** Whether two lanes are of one key, in whatever epochs. */
export function isSameLane<P>(one: Lane<P>, other: Lane<P>): boolean {
  if (one === other) return true;
  if (one.name === null || one.name !== other.name) return false;
  const { topic, partition } = one.partition;
  return topic === other.partition.topic && partition === other.partition.partition;
}

/** Puts a delivery behind the others. */
export function enqueue<P>(lane: Lane<P>, delivery: Delivery<P>): void {
  if (lane.tail === null) lane.head = delivery;
  else lane.tail.next = delivery;
  lane.tail = delivery;
}

/** Drops what a lane holds. */
export function emptyLane<P>(lane: Lane<P>): void {
  lane.head = null;
  lane.tail = null;
  lane.state = "idle";
}

/** Takes the settled head away. */
export function dequeue<P>(lane: Lane<P>): void {
  assert(lane.head !== null, "I2: a lane without a head settles nothing");
  const next = lane.head.next;
  lane.head.next = null;
  lane.head = next;
  if (next === null) lane.tail = null;
}
