import type { EngineStateName } from "../../coverage/engine-states.ts";
import type { Draws } from "./draws.ts";
import type { FaultClass } from "./fault-classes.ts";

/** How strong the faults of a seed are: none of a class that is off, else of any order of magnitude. */
export class Strength {
  readonly #draws: Draws;
  readonly #classes: ReadonlySet<FaultClass>;
  readonly #strong: ReadonlySet<FaultClass>;

  /** @param strong classes that are as strong as they get, if they are on. */
  constructor(
    draws: Draws,
    classes: ReadonlySet<FaultClass>,
    strong: ReadonlySet<FaultClass> = new Set(),
  ) {
    this.#draws = draws;
    this.#classes = classes;
    this.#strong = strong;
  }

  /** A share from `least` to `most`, by its logarithm uniform. */
  of(fault: FaultClass, least: number, most: number): number {
    const from = this.#strong.has(fault) ? Math.sqrt(least * most) : least;
    const drawn = this.#draws.between(`strength.${fault}`, Math.log(from), Math.log(most));
    return this.#classes.has(fault) ? Math.exp(drawn) : 0;
  }

  /** How often something happens: none where it is off, at least once where it is on. */
  count(fault: FaultClass, most: number): number {
    const drawn = this.#draws.below(`strength.${fault}`, most);
    if (!this.#classes.has(fault)) return 0;
    return this.#strong.has(fault) ? most : 1 + drawn;
  }
}

/** What the parts of a plan are drawn from. */
export interface Drawing {
  readonly draws: Draws;
  readonly strength: Strength;
  readonly chaosMs: number;
  readonly classes: ReadonlySet<FaultClass>;
  /** What brings about the states that the seed is about. */
  readonly strong: ReadonlySet<FaultClass>;
  /** States that the seed is about. */
  readonly states: ReadonlySet<EngineStateName>;
  /** Whether calls are to end when a stopped process has slept through its drain. */
  readonly isOverslept: boolean;
  /** Whether the first takeovers are disturbed (restless-start.ts). */
  readonly isRestless: boolean;
}
