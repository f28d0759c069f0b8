/**
 * People who have mended a target and do not wait for its breakers, as the control topic would hold it: every process that
 * runs hears of a reset, sooner or later; one that starts later has nothing to reset.
 */
import type { OperationLine } from "../../../checker/history.ts";
import type { Draws } from "../plan/draws.ts";
import type { EventQueue } from "../event-queue.ts";
import type { Deliverer } from "../processes/deliverer.ts";

/** The longest a process takes to hear of it, ms. */
const HEARING_MS_MAX = 2_000;

/** What a desk works with. */
export interface ResetDeskPorts {
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly deliverers: () => readonly Deliverer[];
  readonly write: (line: OperationLine) => void;
}

/** See the head of this file. */
export class ResetDesk {
  readonly #ports: ResetDeskPorts;

  constructor(ports: ResetDeskPorts) {
    this.#ports = ports;
  }

  /** Someone asks for a reset, if a breaker of the target is open anywhere. @returns whether one is. */
  ask(target: string): boolean {
    const { draws, deliverers } = this.#ports;
    const isOpen = deliverers().some(({ drivers }) =>
      drivers.some(
        ({ name, driver }) => name === target && driver.state.hold.breaker.stage === "open",
      ),
    );
    if (!isOpen) return false;
    for (const deliverer of deliverers()) {
      const delayMs = draws.between("reset.hearing", 0, HEARING_MS_MAX);
      deliverer.machine.schedule(delayMs, () => this.#apply(deliverer, target));
    }
    return true;
  }

  #apply({ name: who, drivers }: Deliverer, target: string): void {
    const { queue, write } = this.#ports;
    write({ h: "ops", at: queue.now, f: "breaker-reset", who, target });
    drivers.find(({ name }) => name === target)?.driver.resetBreaker();
  }
}
