/**
 * People who pause targets and let them go on, as the control topic would hold it: what is wanted, not what was said.
 * Every process hears of it, sooner or later; one that starts knows it before it does anything.
 */
import type { OperationLine } from "../../../checker/history.ts";
import type { Deliverer } from "../processes/deliverer.ts";
import type { Draws } from "../plan/draws.ts";
import type { EventQueue } from "../event-queue.ts";

/** The longest a process takes to hear of it, ms. */
const HEARING_MS_MAX = 2_000;
/** Alarms at which someone pauses the target besides, and for how long, ms: beyond the guard's own pause, or less. */
const ALARMED_SHARE = 0.9;
const ALARMED_MS = [1_000, 10_000, 20_000] as const;

/** What a desk works with. */
export interface PauseDeskPorts {
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly deliverers: () => readonly Deliverer[];
  readonly write: (line: OperationLine) => void;
}

/** See the head of this file. */
export class PauseDesk {
  readonly #ports: PauseDeskPorts;
  /** Pauses that stand, by target; it goes on when none does. */
  readonly #counts = new Map<string, number>();
  #isHealed = false;

  constructor(ports: PauseDeskPorts) {
    this.#ports = ports;
  }

  /** Pauses a target for a while. */
  pause(target: string, forMs: number): void {
    this.#change(target, 1);
    this.#ports.queue.after(forMs, () => {
      if (this.#isPaused(target)) this.#change(target, -1);
    });
  }

  /** A guard has paused a target: people may do so too. */
  alarm(target: string): void {
    const { draws } = this.#ports;
    if (this.#isHealed || !draws.chance("pause.alarmed", ALARMED_SHARE)) return;
    this.pause(target, draws.pick("pause.alarmed-ms", ALARMED_MS));
  }

  /** A process starts. */
  greet(deliverer: Deliverer): void {
    for (const { name } of deliverer.drivers) this.#apply(deliverer, name);
  }

  /** Whoever paused something lets it go on. */
  heal(): void {
    this.#isHealed = true;
    for (const [target, count] of this.#counts) if (count > 0) this.#change(target, -count);
  }

  #change(target: string, by: number): void {
    const { queue, draws, deliverers, write } = this.#ports;
    const before = this.#isPaused(target);
    this.#counts.set(target, (this.#counts.get(target) ?? 0) + by);
    const isPaused = this.#isPaused(target);
    if (isPaused === before) return;
    write({ h: "ops", at: queue.now, f: isPaused ? "pause" : "resume", who: "operator", target });
    for (const deliverer of deliverers()) {
      const delayMs = draws.between("pause.hearing", 0, HEARING_MS_MAX);
      deliverer.machine.schedule(delayMs, () => this.#apply(deliverer, target));
    }
  }

  #apply({ drivers }: Deliverer, target: string): void {
    const found = drivers.find(({ name }) => name === target);
    if (this.#isPaused(target)) found?.driver.pause("operator", "maintenance");
    else found?.driver.resume("operator");
  }

  #isPaused(target: string): boolean {
    return (this.#counts.get(target) ?? 0) > 0;
  }
}
