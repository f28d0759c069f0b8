/**
 * A restless start: a target that begins with what comes, whose processes stand still for longer than a session in the middle
 * of the takeover that finds where that is, and commit it late, while events come.
 */
import type { Draws } from "./draws.ts";
import type { FaultClass } from "./fault-classes.ts";
import type { Focus } from "./focus.ts";

/** Seeds that start so. */
const SHARE = 0.08;

/** With one process nobody would take over. */
export const RESTLESS_SLOTS_MIN = 2;

/** Longer than a session, ms. */
export const RESTLESS_FREEZES_MS = [12_000, 18_000, 25_000] as const;

/** Faults that such a seed has. */
export const RESTLESS_FAULTS: readonly FaultClass[] = [
  "commit-lost",
  "freeze",
  "reject",
  "commit-delayed",
  "rebalance",
];

/** Of members that own nothing yet: all that they commit is where a partition begins. */
export const RESTLESS_FOCI: readonly Focus[] = [
  { fault: "commit-lost", state: "membership-none", isAmbush: true },
  { fault: "freeze", state: "membership-none" },
  { fault: "rebalance", state: "membership-active", isAmbush: true },
  { fault: "commit-delayed", state: "membership-draining", isAmbush: true },
];

/** Whether a seed starts so. */
export function isRestlessStart(draws: Draws): boolean {
  return draws.chance("plan.restless", SHARE);
}
