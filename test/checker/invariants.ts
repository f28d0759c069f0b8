/** Every invariant with its code; a missing one does not compile. */
import type { Invariant } from "./findings.ts";
import { arrivalOrder } from "./invariants/arrival-order.ts";
import { canaries } from "./invariants/canaries.ts";
import { commitOrder } from "./invariants/commit-order.ts";
import { idempotencyKeys } from "./invariants/idempotency-keys.ts";
import { justifiedRepeats } from "./invariants/justified-repeats.ts";
import { oneInFlight } from "./invariants/one-in-flight.ts";
import { settledAtCommit, settledBelowCommit } from "./invariants/settled-below-commit.ts";
import { chargedAttempts, wholeDeadLetters } from "./invariants/dead-letters.ts";
import {
  acknowledgedIsLogged,
  emitOrder,
  loggedWasEmitted,
  oneOffsetOneEvent,
} from "./invariants/emitted-log.ts";
import { explainedGaps } from "./invariants/explained-gaps.ts";
import { goldenBodies } from "./invariants/golden-bodies.ts";
import { lagReturns, noStandstill } from "./invariants/lag.ts";
import { baselines, isolation, tapCost } from "./invariants/measures.ts";
import { ownerChanges } from "./invariants/owner-changes.ts";
import { redriveOrder } from "./invariants/redrive-order.ts";
import { replayRange } from "./invariants/replay-range.ts";
import { retryShare } from "./invariants/retry-share.ts";
import { sendsBelowCommit } from "./invariants/sends-below-commit.ts";
import { targetLimits } from "./invariants/target-limits.ts";
import { termination } from "./invariants/termination.ts";
import { wholeHistory } from "./invariants/whole-history.ts";
import type { InvariantId } from "./verdict.ts";

/** S23: from when there are tenants. */
const tenantsApart: Invariant = {
  title: "tenants never see each other",
  needs: [],
  judge: (_ledger, findings) => findings.cannotJudge("there are no tenants yet"),
};

/** By number. */
export const INVARIANTS: Readonly<Record<InvariantId, Invariant>> = {
  H: wholeHistory,
  S1: acknowledgedIsLogged,
  S2: loggedWasEmitted,
  S3: oneOffsetOneEvent,
  S4: emitOrder,
  S5: settledBelowCommit,
  S6: settledAtCommit,
  S7: commitOrder,
  S8: arrivalOrder,
  S9: oneInFlight,
  S10: explainedGaps,
  S11: idempotencyKeys,
  S12: justifiedRepeats,
  S13: ownerChanges,
  S14: sendsBelowCommit,
  S15: wholeDeadLetters,
  S16: chargedAttempts,
  S17: targetLimits,
  S18: retryShare,
  S19: redriveOrder,
  S20: replayRange,
  S21: goldenBodies,
  S22: tapCost,
  S23: tenantsApart,
  S24: canaries,
  L1: lagReturns,
  L2: noStandstill,
  L3: termination,
  L4: isolation,
  L5: baselines,
};
