import type { Findings } from "../findings.ts";
import { appliedCommits } from "../ledger/commit-log.ts";
import { type Drops, droppedOrder } from "../ledger/drops.ts";
import { laneOf } from "../ledger/lanes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Channel, type Delivery, NEVER } from "../ledger/rows.ts";
import { acceptedOrder, deliveredOrder, givenUpOrder } from "../ledger/settlement.ts";

/**
 * Part of S19: a dead letter that is behind the last commit, and nobody took or dropped, holds its key by a marker that holds by
 * the claims: whatever its owner went on to do, the next one knows of its key by that alone. Judged where its key has
 * any marker, so where the state topic is told.
 */
export function judgeMarked(
  channel: Channel,
  { ledger, drops, findings }: { ledger: Ledger; drops: Drops; findings: Findings },
): void {
  if (channel.target.terms.order !== "key") return;
  const committed = appliedCommits(ledger, channel).at(-1)?.offset ?? 0;
  const marked = new Set(channel.markers.map(({ offset }) => offset));
  for (const delivery of channel.deliveries) {
    if (delivery.offset >= committed || !isDeadLetter(delivery)) continue;
    if (!channel.setAsideKeys.has(laneOf(delivery)) || isOver(delivery, drops)) continue;
    findings.judged();
    if (marked.has(delivery.offset)) continue;
    findings.breach(() => "is a dead letter, and no marker that holds says so", delivery);
  }
}

/** One that was also parked is behind another: an owner wrote its dead letter that may not have come to its marker. */
function isDeadLetter(delivery: Delivery): boolean {
  return givenUpOrder(delivery, "dlq") !== NEVER && givenUpOrder(delivery, "park") === NEVER;
}

function isOver(delivery: Delivery, drops: Drops): boolean {
  const { operations } = delivery.channel;
  const isTaken = Math.min(acceptedOrder(delivery, -1), deliveredOrder(delivery, -1)) !== NEVER;
  const isDropped = droppedOrder(drops, delivery) !== NEVER;
  return isTaken || isDropped || operations.some(({ line }) => line.f === "resolved");
}
