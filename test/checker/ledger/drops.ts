/** Events that people had dropped: by the word of the owners that did it, and of the people who wanted it. */
import type { Ledger } from "./ledger.ts";
import { laneOf } from "./lanes.ts";
import { type Channel, type Delivery, NEVER } from "./rows.ts";
import { spoilsOf } from "./spoils.ts";

/** When events of a channel were first dropped, by offset. */
export type Drops = ReadonlyMap<number, number>;

/** What was dropped of a channel. */
export function dropsOf({ operations }: Channel): Drops {
  const drops = new Map<number, number>();
  for (const { line, order } of operations) {
    const { from } = line;
    if (line.f === "dropped" && from !== undefined && !drops.has(from)) drops.set(from, order);
  }
  return drops;
}

/** When an event was first dropped; NEVER where it was not. */
export function droppedOrder(drops: Drops, { offset }: Delivery): number {
  return drops.get(offset) ?? NEVER;
}

/** Whether an event was dropped, and the group lost its done set, which alone tells of that, between that and `order`. */
export function isDropForgotten(drops: Drops, delivery: Delivery, order: number): boolean {
  const dropped = droppedOrder(drops, delivery);
  if (dropped === NEVER) return false;
  return spoilsOf(delivery.channel).some((spoilt) => dropped < spoilt && spoilt < order);
}

/** Whether someone wanted an event dropped before `order`. */
export function isDropWanted(delivery: Delivery, order: number, { names }: Ledger): boolean {
  const { channel, offset } = delivery;
  const isWhole = channel.target.terms.order === "partition";
  return channel.operations.some(({ line, order: askedAt }) => {
    if (line.f !== "discard" || askedAt > order) return false;
    const lane = isWhole ? 0 : names.keyOf(line.key ?? null);
    const { from = 0, to = 0 } = line;
    return lane === laneOf(delivery) && from <= offset && offset < to;
  });
}
