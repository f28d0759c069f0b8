/** Asks for discards, and follows how each of them ends. */
import type { ControlBoard, DiscardAction, Wish } from "@millrace/control";
import type { DiscardRequest, TargetId } from "@millrace/engine";
import { wishName } from "./redrive-plan.ts";

/** How one ended: as it was wanted, as a redrive that came first, as a dead letter again; or it goes on. */
export type DiscardOutcome = "dropped" | "given-up" | "redriven" | "under-way";

/** What is carried out. */
export interface DiscardRun {
  readonly board: ControlBoard;
  readonly target: TargetId;
  /** At least one. */
  readonly requests: readonly DiscardRequest[];
  readonly action: DiscardAction;
  readonly wish: Wish;
  readonly onProgress: (endedCount: number) => void;
  /** Ends the following; what was asked for goes on. */
  readonly signal: AbortSignal;
}

/**
 * Resolves when all have ended, or at once when it is interrupted, to how each of them did, in their order.
 * @throws MillraceError of the control topic; what was asked for goes on.
 */
export async function runDiscards(run: DiscardRun): Promise<readonly DiscardOutcome[]> {
  const { board, target, requests, action, wish, onProgress, signal } = run;
  const done = Promise.withResolvers<undefined>();
  const open = new Set(requests.map(wishName));
  const cancel = board.follow((change) => {
    if (change.kind !== "discard-ended" || change.target !== target) return;
    if (!open.delete(wishName(change.request))) return;
    onProgress(requests.length - open.size);
    if (open.size === 0) done.resolve(undefined);
  });
  signal.addEventListener("abort", () => done.resolve(undefined), { once: true });
  try {
    if (!signal.aborted) await board.discard(target, requests, { action, wish });
    onProgress(0);
    await done.promise;
  } finally {
    cancel();
  }
  return requests.map((request) => {
    if (open.has(wishName(request))) return "under-way";
    return board.resolutionOf(target, request, wish)?.kind ?? "given-up";
  });
}
