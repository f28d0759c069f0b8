/**
 * The marker of a key that is set aside: which events of it are settled, and what becomes of the later ones. It stands
 * in the state topic and outlives its owner; every later owner goes by it until it is released.
 */
import type { Delivery } from "../lanes/delivery.ts";
import type { Detour } from "./detour.ts";
import type { Epoch, Offset } from "../lanes/identity.ts";
import type { PartitionState } from "../lanes/partition.ts";

/**
 * - `quarantine`: the event at `offset` is dead-lettered and settled; later ones are parked.
 * - `block`: the event at `offset` is dead-lettered and does not settle; later ones wait behind it.
 * - `deferred`: the key is slow; the event at `offset` and later ones are parked and go on from there by themselves.
 */
export type MarkerKind = "quarantine" | "block" | "deferred";

/** A marker, valid from its acknowledgement on. */
export interface Marker {
  readonly kind: MarkerKind;
  /** Name of the lane: the key, or the empty string for a whole partition in order. */
  readonly lane: string;
  /** Who wrote it. */
  readonly epoch: Epoch;
  /**
   * Whose marker set the lane aside first, of those that have replaced one another since: nothing that is needed behind it
   * was parked by an earlier owner. 0 where that is not known.
   */
  readonly firstEpoch: Epoch;
  /** Of the dead-lettered or deferred event in its source partition. All of the lane before it is settled. */
  readonly offset: Offset;
  /** How often the dead letter had been redriven when it was given up. */
  readonly redriveCount: number;
  /** What its Idempotency-Key gets appended when it is redriven; 0: nothing, the key stays (S11). */
  readonly keyCount: number;
}

/** A marker to be written. */
export interface Mark<Payload> {
  readonly partition: PartitionState<Payload>;
  /** The head that it is of; null where the event of a block has not been read yet. */
  readonly delivery: Delivery<Payload> | null;
  readonly marker: Marker;
  /** What it replaces. */
  readonly earlier: Marker | null;
}

/** A run of a lane, from its head on, to be parked. */
export interface Park<Payload> {
  readonly marker: Marker;
  /** At least one, in order. */
  readonly deliveries: readonly Delivery<Payload>[];
}

/** A key set aside, as an earlier owner left it. */
export interface AsideTakeover {
  readonly marker: Marker;
  /** Everything of the lane below is settled for good, on a detour too; at least the marker's offset. */
  readonly next: Offset;
  /** Where in its partition of the parked topic to look for what comes; null: at its start. */
  readonly cursor: Offset | null;
  /** What it has below is dropped on its way back and not sent; null: nothing is. */
  readonly dropBelow: Offset | null;
}

/** A key set aside, as its owner keeps it. */
export interface Aside<Payload> {
  readonly partition: PartitionState<Payload>;
  marker: Marker;
  next: Offset;
  cursor: Offset | null;
  dropBelow: Offset | null;
  /** What is dropped stands in the log: every later owner drops it too. */
  isDropNoted: boolean;
  /** Events that this owner has parked and that its way back has not passed. */
  parkedCount: number;
  /** The marker is being replaced. */
  isMarking: boolean;
  /** The deferred head until it comes back: its attempts and its wait count on. */
  deferred: Delivery<Payload> | null;
  /** Its way back; null while it only waits. */
  detour: Detour<Payload> | null;
}

/** A key set aside from now on. */
export function createAside<P>(
  partition: PartitionState<P>,
  { marker, next, cursor, dropBelow }: AsideTakeover,
): Aside<P> {
  return {
    partition,
    marker,
    next,
    cursor,
    dropBelow,
    isDropNoted: dropBelow !== null,
    parkedCount: 0,
    isMarking: false,
    deferred: null,
    detour: null,
  };
}

/** Whether an event of the marker's lane, read from its source partition, is settled by what the marker says. */
export function isSettledBy({ kind, offset }: Marker, event: Offset): boolean {
  return kind === "quarantine" ? event <= offset : event < offset;
}
