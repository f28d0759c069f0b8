import type { Effect } from "./effect.ts";
import type { StepRandom } from "./entropy.ts";
import type { EngineState } from "./state.ts";

/** What the parts of one step share: the state they change, the effects they add, the moment they happen in. */
export interface StepContext<Payload> {
  readonly state: EngineState<Payload>;
  readonly effects: Effect<Payload>[];
  readonly now: number;
  readonly wallNow: number;
  readonly random: StepRandom;
  /** Attempts that were in flight when the step began. */
  readonly inFlightBefore: number;
}
