/** What a fault is, and what it may work with. */
import type { Emission } from "../emission.ts";
import type { DelivererPool } from "../deliverer-pool.ts";
import type { World } from "../world.ts";
import type { OperationsLog } from "../record/operations-log.ts";
import type { FaultName } from "./fault-name.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";

/** Where faults happen. */
export interface FaultScene {
  readonly world: World;
  readonly pool: DelivererPool;
  readonly emission: Emission;
  readonly operations: OperationsLog;
  readonly random: SeededRandom;
  /** Waits; rejects when the run is broken off. */
  readonly pause: (ms: number) => Promise<void>;
  /** Waits for as long as a harm lasts: so long, or as the run was told. */
  readonly hold: (ms: number) => Promise<void>;
}

/** What a fault did, for the report and for its proof. */
export interface FaultRecord extends FaultOutcome {
  readonly name: FaultName;
  /** Epoch ms. */
  readonly startAt: number;
  /** When the last harm was undone: what broke is whole again, but the backlog may stand. */
  readonly endAt: number;
}

/** What a fault tells of itself when it is over. */
export interface FaultOutcome {
  /** The target it befell; null: processes or servers that all targets share. */
  readonly target: string | null;
  /** Processes, brokers or keys that it befell. */
  readonly who: readonly string[];
  /** Whom it leaves healthy: nobody, the other targets, or the other keys of the target. */
  readonly scope: "all" | "target" | "keys";
}

/** Does the harm, holds it, undoes it. */
export type Fault = (scene: FaultScene) => Promise<FaultOutcome>;
