import type { Deliverer } from "../world/processes/deliverer.ts";
import { FAULT_CLASSES, type FaultClass } from "../world/plan/fault-classes.ts";
import { ENGINE_STATES, statesOf, type EngineStateName } from "./engine-states.ts";

/** How often a class of faults struck an engine in a state, for the full product of both. */
export class Coverage {
  readonly #hits: number[];

  /** @param hits what {@link Coverage.hits} gave elsewhere; default nothing. */
  constructor(hits: readonly number[] = []) {
    const pairCount = FAULT_CLASSES.length * ENGINE_STATES.length;
    this.#hits = Array.from({ length: pairCount }, (_, index) => hits[index] ?? 0);
  }

  /** Counts by fault, then by state, in their order. */
  get hits(): readonly number[] {
    return this.#hits;
  }

  /** A fault strikes a process: each of its drivers, or only one target's. */
  note(fault: FaultClass, { drivers, machine }: Deliverer, target: string | null): void {
    for (const { name, driver } of drivers) {
      if (target !== null && target !== name) continue;
      for (const state of statesOf(driver.state, machine.now())) this.#add(fault, state);
    }
  }

  /** Adds what was counted elsewhere. */
  merge(hits: readonly number[]): void {
    for (const [index, count] of hits.entries())
      this.#hits[index] = (this.#hits[index] ?? 0) + count;
  }

  hitsOf(fault: FaultClass, state: EngineStateName): number {
    return this.#hits[placeOf(fault, state)] ?? 0;
  }

  #add(fault: FaultClass, state: EngineStateName): void {
    const place = placeOf(fault, state);
    this.#hits[place] = (this.#hits[place] ?? 0) + 1;
  }
}

const FAULT_PLACES = new Map(FAULT_CLASSES.map((fault, index) => [fault, index]));
const STATE_PLACES = new Map(ENGINE_STATES.map((state, index) => [state, index]));

function placeOf(fault: FaultClass, state: EngineStateName): number {
  const row = FAULT_PLACES.get(fault) ?? 0;
  return row * ENGINE_STATES.length + (STATE_PLACES.get(state) ?? 0);
}
