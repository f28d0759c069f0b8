import type { EngineStateName } from "../../coverage/engine-states.ts";
import type { Draws } from "./draws.ts";
import type { FaultClass } from "./fault-classes.ts";

/** How strong the faults of a seed are: none of a class that is off, else of any order of magnitude. */
export class Strength {
  readonly #draws: Draws;
  readonly #classes: ReadonlySet<FaultClass>;
  readonly #aimed: ReadonlySet<FaultClass>;

  /** @param aimed classes that the seed is about: they are as strong as they get. */
  constructor(
    draws: Draws,
    classes: ReadonlySet<FaultClass>,
    aimed: ReadonlySet<FaultClass> = new Set(),
  ) {
    this.#draws = draws;
    this.#classes = classes;
    this.#aimed = aimed;
  }

  /** A share from `least` to `most`, by its logarithm uniform. */
  of(fault: FaultClass, least: number, most: number): number {
    const from = this.#aimed.has(fault) ? Math.sqrt(least * most) : least;
    const drawn = this.#draws.between(`strength.${fault}`, Math.log(from), Math.log(most));
    return this.#classes.has(fault) ? Math.exp(drawn) : 0;
  }

  /** How often something happens: none where it is off, at least once where it is on. */
  count(fault: FaultClass, most: number): number {
    const drawn = this.#draws.below(`strength.${fault}`, most);
    if (!this.#classes.has(fault)) return 0;
    return this.#aimed.has(fault) ? most : 1 + drawn;
  }
}

/** What the parts of a plan are drawn from. */
export interface Drawing {
  readonly draws: Draws;
  readonly strength: Strength;
  readonly chaosMs: number;
  readonly classes: ReadonlySet<FaultClass>;
  /** What the seed is about: classes of faults, and states they are to strike in. */
  readonly aimed: ReadonlySet<FaultClass>;
  readonly states: ReadonlySet<EngineStateName>;
}
