import type { Ledger } from "./ledger.ts";
import type { Channel } from "./rows.ts";

/** Whether a partition's last owner found its records or offsets gone, and so stands. */
export function isHaltedAt({ operations }: Channel, order: number): boolean {
  let isHalted = false;
  for (const { line, order: at } of operations) {
    if (at > order) break;
    if (line.f === "halted") isHalted = true;
    if (line.f === "assigned") isHalted = false;
  }
  return isHalted;
}

/** Whether records of a partition, or its group's offset, were deleted before a moment. */
export function hasLost(
  { operations }: Ledger,
  { target, stream }: Channel,
  order: number,
): boolean {
  return operations.some(({ line, order: at }) => {
    const isHere = line.topic === stream.topic && line.partition === stream.partition;
    const isItsOffset = line.f === "offset-gone" && line.target === target.terms.target;
    return (line.f === "retention" || isItsOffset) && isHere && at < order;
  });
}
