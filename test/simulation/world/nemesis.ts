/**
 * Does what a seed is about, where and when it can: begins spells, operates on processes and servers, and ends the calls
 * that were kept for a state.
 */
import type { Aim, Shot } from "./aim.ts";
import type { EventQueue } from "./event-queue.ts";
import { isOperation, makeOperation } from "./plan/draw-operations.ts";
import type { Draws } from "./plan/draws.ts";
import type { FaultClass } from "./plan/fault-classes.ts";
import type { OperationPlan } from "./plan/plan.ts";
import { SPELLS, isSpell } from "./plan/spells.ts";
import type { TargetWorld } from "./processes/deliverer.ts";
import type { Fleet } from "./processes/fleet.ts";
import type { Words } from "./words.ts";

/** How long the spells last that it begins, ms. */
const SPELLS_MS = [500, 2_000, 6_000] as const;

/** What it works with. */
export interface NemesisPorts {
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly words: Words;
  readonly aim: Aim;
  readonly fleet: Fleet;
  readonly targets: readonly TargetWorld[];
  readonly operate: (operation: OperationPlan) => void;
  /** Someone asks for one of a target's keys that are set aside. */
  readonly redrive: (target: string, pick: number) => void;
}

/** See the head of this file. */
export class Nemesis {
  readonly #ports: NemesisPorts;

  constructor(ports: NemesisPorts) {
    this.#ports = ports;
  }

  /** What is to be done now. */
  act(): void {
    const { aim, fleet, targets } = this.#ports;
    for (const { api } of targets) {
      api.letGo((fault, machine) => aim.isDue(fault, fleet.on(machine), api.plan.name));
    }
    for (const shot of aim.shots(isShot, fleet.slots)) this.#shoot(shot);
  }

  #shoot({ fault, deliverer, target }: Shot): void {
    const { queue, draws, targets, operate, redrive } = this.#ports;
    const { now } = queue;
    if (fault === "scale-out") return this.#scaleOut();
    if (fault === "redrive") return redrive(target, draws.below("aim.pick", 64));
    const api = targets.map((one) => one.api).find(({ plan }) => plan.name === target);
    if (api === undefined) throw new Error(`no such target: ${target}`);
    if (isOperation(fault)) {
      const slot = (): number => deliverer.slot;
      return operate(
        makeOperation(fault, now, { draws, site: "aim", slot, target: () => api.plan }),
      );
    }
    const [, kind] = SPELLS.find(([name]) => name === fault) ?? [fault, "outage"];
    api.begin({ kind, fault, from: now, to: now + draws.pick("aim.spell", SPELLS_MS) });
  }

  /** Whoever is there has to share with a newcomer. */
  #scaleOut(): void {
    const { fleet, words } = this.#ports;
    const slot = fleet.slots.indexOf(null);
    if (slot < 0) return;
    words.strike("scale-out");
    fleet.start(slot);
  }
}

/** Whether a fault is done to a process or a target, and not to single requests or calls. */
function isShot(fault: FaultClass): boolean {
  return isSpell(fault) || fault === "scale-out" || fault === "redrive" || isOperation(fault);
}
