import type { EngineState, Pauser, PreparedEvent } from "@millrace/engine";
import { untilMs, type Moment } from "./moment.ts";

type Hold = EngineState<PreparedEvent>["hold"];

/** Why a whole target waits in this process. `waitMs`: until something is sent again, if only a probe; null: not by itself. */
export type HoldView =
  | { readonly kind: "paused"; readonly by: Pauser; readonly waitMs: null }
  /** It asked for time: 429, or 503 with Retry-After. `toldBy`: the process that was asked; null: this one. */
  | { readonly kind: "throttled"; readonly waitMs: number; readonly toldBy: string | null }
  /** It does not take us as we are configured: 401, 403, 3xx, TLS, a blocked address. */
  | { readonly kind: "misconfigured"; readonly waitMs: number | null }
  /** It, or the way to it, fails. */
  | { readonly kind: "breaker-open"; readonly waitMs: number | null };

/** What holds a target now, in no order. */
export function holdsOf(hold: Hold, moment: Moment): readonly HoldView[] {
  const { throttle, misconfiguration, breaker, pauses } = hold;
  const until = (at: number): number => untilMs(at, moment);
  const holds: HoldView[] = Array.from(pauses, (by) => ({ kind: "paused", by, waitMs: null }));
  if (moment.now < throttle.until) {
    const { toldBy } = throttle;
    holds.push({ kind: "throttled", waitMs: until(throttle.until), toldBy });
  }
  if (misconfiguration.isHeld) {
    const isProbing = misconfiguration.probe !== null;
    holds.push({
      kind: "misconfigured",
      waitMs: isProbing ? null : until(misconfiguration.probeAt),
    });
  }
  if (breaker.stage === "open")
    holds.push({ kind: "breaker-open", waitMs: until(breaker.probeAt) });
  // A probe is out.
  if (breaker.stage === "half-open") holds.push({ kind: "breaker-open", waitMs: null });
  return holds;
}
