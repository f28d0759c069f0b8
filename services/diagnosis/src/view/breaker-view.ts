import type { EngineState, PreparedEvent } from "@millrace/engine";
import { untilMs, type Moment } from "./moment.ts";

type Breaker = EngineState<PreparedEvent>["hold"]["breaker"];

/** The breaker of a target in this process. */
export interface BreakerView {
  readonly stage: Breaker["stage"];
  /** Until the target may be asked again, while the breaker is open; null: it is not open, or a probe is out. */
  readonly nextProbeMs: number | null;
}

/** Takes a picture of a breaker. */
export function viewBreaker({ stage, probeAt }: Breaker, moment: Moment): BreakerView {
  return { stage, nextProbeMs: stage === "open" ? untilMs(probeAt, moment) : null };
}
