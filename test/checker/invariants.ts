/** Every invariant with its code; a missing one does not compile. */
import type { Invariant } from "./findings.ts";
import { arrivalOrder } from "./invariants/arrival-order.ts";
import { commitOrder } from "./invariants/commit-order.ts";
import { idempotencyKeys } from "./invariants/idempotency-keys.ts";
import { justifiedRepeats } from "./invariants/justified-repeats.ts";
import { oneInFlight } from "./invariants/one-in-flight.ts";
import { settledAtCommit, settledBelowCommit } from "./invariants/settled-below-commit.ts";
import { wholeHistory } from "./invariants/whole-history.ts";
import type { InvariantId } from "./verdict.ts";

const untold = (title: string): Invariant => ({
  title,
  needs: [],
  judge: (_ledger, findings) => findings.cannotJudge("the history has no lines of it"),
});

/** By number. */
export const INVARIANTS: Readonly<Record<InvariantId, Invariant>> = {
  H: wholeHistory,
  S1: untold("every acknowledged event is in the log"),
  S2: untold("nothing is in the log, given up or at a target that was not emitted"),
  S3: untold("an offset has one value, an event one offset unless its emit was repeated"),
  S4: untold("events of one producer and key stand in the order they were emitted in"),
  S5: settledBelowCommit,
  S6: settledAtCommit,
  S7: commitOrder,
  S8: arrivalOrder,
  S9: oneInFlight,
  S10: untold("a gap in a key's sequence is dead-lettered, parked or filtered"),
  S11: idempotencyKeys,
  S12: justifiedRepeats,
  S13: untold("a change of owner repeats no more than was open or not yet committed"),
  S14: untold("nothing below the committed offset is sent again"),
  S15: untold("a dead letter carries the original"),
  S16: untold("only the target's answers and its network path are charged"),
  S17: untold("rate, concurrency and Retry-After are kept"),
  S18: untold("retries and first attempts do not starve each other"),
  S19: untold("a redrive keeps the order of its key"),
  S20: untold("a replay sends exactly its range"),
  S21: untold("the body is the mapping of the event"),
  S22: untold("the tap sees each event once and slows nothing"),
  S23: untold("tenants never see each other"),
  S24: untold("secrets and masked fields appear nowhere"),
  L1: untold("after healing, lag returns to 0"),
  L2: untold("no partition stands still with work to do"),
  L3: untold("SIGTERM drains and exits in its grace"),
  L4: untold("a sick key or target slows no healthy one"),
  L5: untold("memory, sockets and timers return to their baseline"),
};
