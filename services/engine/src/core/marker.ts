/**
 * The marker of a key that is set aside: which events of it are settled, and what becomes of the later ones. It stands
 * in the state topic and outlives its owner; every later owner goes by it until it is released.
 */
import type { Delivery } from "./delivery.ts";
import type { Epoch, Offset } from "./identity.ts";

/**
 * - `quarantine`: the event at `offset` is dead-lettered and settled; later ones are parked.
 * - `block`: the event at `offset` is dead-lettered and does not settle; later ones wait behind it.
 */
export type MarkerKind = "quarantine" | "block";

/** A marker, valid from its acknowledgement on. */
export interface Marker {
  readonly kind: MarkerKind;
  /** Name of the lane: the key, or the empty string for a whole partition in order. */
  readonly lane: string;
  /** Who wrote it. */
  readonly epoch: Epoch;
  /** Of the dead letter's event in its source partition. All of the lane before it is settled. */
  readonly offset: Offset;
}

/** A marker to be written, for the dead-lettered head of its lane. */
export interface Mark<Payload> {
  readonly delivery: Delivery<Payload>;
  readonly marker: Marker;
}

/** A run of a lane, from its head on, to be parked. */
export interface Park<Payload> {
  readonly marker: Marker;
  /** At least one, in order. */
  readonly deliveries: readonly Delivery<Payload>[];
}

/** A marker as its owner keeps it. */
export interface Aside {
  readonly marker: Marker;
  /** Events that this owner has parked. */
  parkedCount: number;
}

/** Whether an event of the marker's lane is settled by what the marker says. */
export function isSettledBy({ kind, offset }: Marker, event: Offset): boolean {
  return kind === "block" ? event < offset : event <= offset;
}
