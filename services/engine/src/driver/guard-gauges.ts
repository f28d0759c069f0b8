import type { BreakerStage } from "../core/guards/breaker.ts";
import type { TargetId } from "../core/lanes/identity.ts";
import type { Pauser } from "../core/guards/pause.ts";
import type { EngineState } from "../core/state.ts";
import type { Cancel, PreparedEvent, Telemetry } from "../ports.ts";

const STAGES: readonly BreakerStage[] = ["closed", "open", "half-open", "slow-start"];
const PAUSERS: readonly Pauser[] = ["operator", "guard"];

/** What the guards of a target do, as gauges: of each state one series, 1 where it is so and 0 where it is not. */
export function guardGauges(
  telemetry: Telemetry,
  target: TargetId,
  state: Readonly<EngineState<PreparedEvent>>,
): readonly Cancel[] {
  const { hold } = state;
  const stages = STAGES.map((stage) => ({
    stage,
    labels: { target, state: stage.replace("-", "_") },
  }));
  const pausers = PAUSERS.map((by) => ({ by, labels: { target, by } }));
  return [
    telemetry.gauge("millrace.breaker.state", "1 for the state the breaker is in", () =>
      stages.map(({ stage, labels }) => ({ value: stage === hold.breaker.stage ? 1 : 0, labels })),
    ),
    telemetry.gauge("millrace.limiter.limit", "attempts that may be in flight", () => [
      { value: state.slotCount, labels: { target } },
    ]),
    telemetry.gauge("millrace.target.paused", "1 while a pause stands", () =>
      pausers.map(({ by, labels }) => ({ value: hold.pauses.has(by) ? 1 : 0, labels })),
    ),
  ];
}
