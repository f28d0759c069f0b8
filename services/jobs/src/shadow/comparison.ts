import type { Outcome } from "./outcome.ts";
import { diffRequests, type RequestDiff } from "./request-diff.ts";

/** What can become of a record under a changed configuration. */
export type ShadowChange =
  | "request-changed"
  | "newly-filtered"
  | "no-longer-filtered"
  | "newly-undeliverable"
  /** It is sent now, or filtered. */
  | "no-longer-undeliverable"
  /** It was and stays so, for another reason. */
  | "undeliverable-otherwise";

/** How the outcomes of a record under two configurations compare. */
export type Comparison =
  | { readonly change: "unchanged" }
  | {
      readonly change: ShadowChange;
      /** Of requests; empty where one side has none. */
      readonly diff: RequestDiff;
    };

const UNCHANGED: Comparison = { change: "unchanged" };
const NO_DIFF: RequestDiff = { changes: [], isCut: false };

/** Compares what two configurations make of a record. */
export function compare(before: Outcome, after: Outcome): Comparison {
  if (before.kind === "request" && after.kind === "request") {
    const diff = diffRequests(before.request, after.request);
    return diff.changes.length === 0 ? UNCHANGED : { change: "request-changed", diff };
  }
  const change = changeOf(before, after);
  return change === null ? UNCHANGED : { change, diff: NO_DIFF };
}

function changeOf(before: Outcome, after: Outcome): ShadowChange | null {
  if (before.kind === "undeliverable") {
    if (after.kind !== "undeliverable") return "no-longer-undeliverable";
    const isSame = before.reason === after.reason && before.detail === after.detail;
    return isSame ? null : "undeliverable-otherwise";
  }
  if (after.kind === "undeliverable") return "newly-undeliverable";
  if (before.kind === after.kind) return null;
  return after.kind === "filtered" ? "newly-filtered" : "no-longer-filtered";
}
