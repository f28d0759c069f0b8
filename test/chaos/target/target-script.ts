import type { SeededRandom } from "../../support/seeded-random.ts";

/**
 * How a call may end other than well.
 *
 * - `status`: refused with this status, nothing applied.
 * - `reset`: `before` applying; `during` the answer: applied, status line and half of the body sent; `after`: applied,
 *   nothing answered.
 * - `hang`: applied, the answer withheld for so long (a caller with a shorter timeout sees none).
 */
export type BadEnd =
  | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds: number | null }
  | { readonly kind: "reset"; readonly when: "before" | "during" | "after" }
  | { readonly kind: "hang"; readonly ms: number };

/** How a call ends. */
export type CallEnd = { readonly kind: "apply" } | BadEnd;

/** What a target does from now on. */
export interface TargetScript {
  /** Time from a call's arrival to its end, uniform, ms. */
  readonly latency: { readonly minMs: number; readonly maxMs: number };
  /** Shares of the calls that end badly, at most 1 in all. */
  readonly faults: readonly { readonly share: number; readonly end: BadEnd }[];
  /** Keys that are refused for good, with the status they get. */
  readonly reject: Readonly<Record<string, number>>;
  /** Keys that take longer, with what is added to their latency, ms. */
  readonly slow: Readonly<Record<string, number>>;
}

/** A target in good health. */
export const HEALTHY: TargetScript = {
  latency: { minMs: 2, maxMs: 12 },
  faults: [],
  reject: {},
  slow: {},
};

/** What becomes of one call. */
export interface CallPlan {
  readonly delayMs: number;
  readonly end: CallEnd;
}

/** Decides what becomes of a call of `key`; draws twice. */
export function planCall(script: TargetScript, key: string | null, random: SeededRandom): CallPlan {
  const { minMs, maxMs } = script.latency;
  const delayMs = minMs + random.next() * (maxMs - minMs) + (valueOf(script.slow, key) ?? 0);
  const draw = random.next();
  const refusal = valueOf(script.reject, key);
  if (refusal !== undefined) {
    return { delayMs, end: { kind: "status", status: refusal, retryAfterSeconds: null } };
  }
  let reached = 0;
  for (const { share, end } of script.faults) {
    reached += share;
    if (draw < reached) return { delayMs, end };
  }
  return { delayMs, end: { kind: "apply" } };
}

function valueOf(table: Readonly<Record<string, number>>, key: string | null): number | undefined {
  return key !== null && Object.hasOwn(table, key) ? table[key] : undefined;
}
