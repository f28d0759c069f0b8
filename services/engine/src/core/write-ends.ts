/**
 * Acknowledgements of what is written before an event settles. I6: the dead letter stands in the log before its event
 * settles. I17: so does the marker of its key. I18: an event is parked before it settles as parked. What comes after
 * an epoch's end changes nothing (I4); what failed is owed again, at once as the driver paces it, or after a drain.
 */
import { assert } from "../errors.ts";
import { boundIntake } from "./bounds.ts";
import type { StepContext } from "./context.ts";
import type { Delivery } from "./delivery.ts";
import { offer } from "./dispatch.ts";
import type { LaneState } from "./lane.ts";
import type { Mark, Park } from "./marker.ts";
import { conclude, settle } from "./settlement.ts";
import { block, mark, markerKind } from "./writes.ts";

/** Dead letters are in the log: their lanes go on, or are marked first. */
export function endDeadLetters<P>(
  context: StepContext<P>,
  deliveries: readonly Delivery<P>[],
): void {
  for (const delivery of deliveries) {
    if (!isToldOf(context, delivery, "writing")) continue;
    delivery.isDeadLettered = true;
    const kind = markerKind(context, delivery.lane);
    if (kind === null) settle(context, delivery, "dead-lettered");
    else mark(context, delivery, kind);
  }
}

/** Markers are in the log: from here on their lanes are set aside, whoever owns them. */
export function endMarks<P>(context: StepContext<P>, marks: readonly Mark<P>[]): void {
  for (const { delivery, marker } of marks) {
    if (!isToldOf(context, delivery, "marking")) continue;
    delivery.partition.aside.set(marker.lane, { marker, parkedCount: 0 });
    if (marker.kind === "block") block(context, delivery.lane);
    else settle(context, delivery, "dead-lettered");
  }
}

/** Runs are in the parked topic. */
export function endParks<P>(context: StepContext<P>, parks: readonly Park<P>[]): void {
  for (const { marker, deliveries } of parks) {
    const [head] = deliveries;
    if (head === undefined || !isToldOf(context, head, "parking")) continue;
    const { lane, partition } = head;
    const aside = partition.aside.get(marker.lane);
    if (aside !== undefined) aside.parkedCount += deliveries.length;
    for (const delivery of deliveries) conclude(context, delivery, "parked");
    offer(context, lane);
    boundIntake(context, partition);
  }
}

/** Writes of these lanes' heads failed. */
export function failWrites<P>(
  context: StepContext<P>,
  heads: readonly (Delivery<P> | undefined)[],
): void {
  for (const head of heads) {
    if (head === undefined) continue;
    context.state.writingCount -= 1;
    if (head.partition.isOwned) offer(context, head.lane);
  }
}

/** Counts a write's end; false when its epoch is over. */
function isToldOf<P>({ state }: StepContext<P>, head: Delivery<P>, open: LaneState): boolean {
  state.writingCount -= 1;
  if (!head.partition.isOwned) return false;
  const isOpen = head.lane.state === open && head.lane.head === head;
  assert(isOpen, "I2: a write ends that was not open, or not of the head");
  return true;
}
