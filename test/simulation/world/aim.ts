/** Looks for the moments that a seed is about: a process in a state in which a fault is to strike it. */
import type { TargetDriver } from "@millrace/engine";
import { statesOf, type EngineStateName } from "../coverage/engine-states.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Draws } from "./plan/draws.ts";
import type { FaultClass } from "./plan/fault-classes.ts";
import { aimedClasses, type Focus } from "./plan/focus.ts";
import type { Deliverer } from "./processes/deliverer.ts";

/** Share of requests and calls that a fault strikes in a state that it is aimed at. */
const AIMED_SHARE = 0.5;
/** Share of calls elsewhere: many of these states are entered while calls are out, and none begins in them. */
const CALL_SHARE = 0.15;
/** Operations of one focus in a run. */
const SHOTS_MAX = 10;
/** Partitions that lost records stand still: one is enough. */
const RETENTIONS_MAX = 2;

/** A fault that is done to a process at once. */
export interface Shot {
  readonly fault: FaultClass;
  readonly deliverer: Deliverer;
  readonly target: string;
}

interface Watched {
  readonly focus: Focus;
  shotCount: number;
  /** Not before that. */
  nextAt: number;
}

/** See the head of this file. */
export class Aim {
  readonly #queue: EventQueue;
  readonly #draws: Draws;
  readonly #restMsMax: number;
  readonly #aimed: ReadonlySet<FaultClass>;
  readonly #statesByFault = new Map<FaultClass, Set<EngineStateName>>();
  readonly #watched: readonly Watched[];
  /** When each fault was done last: two at once are one. */
  readonly #lastAt = new Map<FaultClass, number>();

  /** @param restMsMax the longest time between two shots of a focus. */
  constructor(
    foci: readonly Focus[],
    ports: { readonly queue: EventQueue; readonly draws: Draws; readonly restMsMax: number },
  ) {
    this.#queue = ports.queue;
    this.#draws = ports.draws;
    this.#restMsMax = ports.restMsMax;
    for (const { fault, state } of foci) {
      const states = this.#statesByFault.get(fault) ?? new Set();
      this.#statesByFault.set(fault, states.add(state));
    }
    this.#aimed = aimedClasses(foci);
    this.#watched = foci.map((focus) => ({ focus, shotCount: 0, nextAt: 0 }));
  }

  /** The least share of requests that a fault strikes now; `target`: of one driver of the process. */
  shareOf(fault: FaultClass, deliverer: Deliverer | null, target: string | null): number {
    const states = this.#statesByFault.get(fault);
    if (states === undefined || deliverer === null) return 0;
    const now = deliverer.machine.now();
    for (const { name, driver } of deliverer.drivers) {
      if ((target === null || target === name) && isIn(driver, states, now)) return AIMED_SHARE;
    }
    return 0;
  }

  /** The same of calls. */
  shareOfCalls(fault: FaultClass, deliverer: Deliverer | null, target: string): number {
    if (!this.#aimed.has(fault)) return 0;
    return Math.max(CALL_SHARE, this.shareOf(fault, deliverer, target));
  }

  /** A fault is done as it was planned. */
  noteDone(fault: FaultClass): void {
    this.#lastAt.set(fault, this.#queue.now);
  }

  /** What is to be done now. */
  *shots(
    isMeant: (fault: FaultClass) => boolean,
    deliverers: readonly (Deliverer | null)[],
  ): Generator<Shot> {
    for (const watched of this.#watched) {
      const { fault, state } = watched.focus;
      const { now } = this.#queue;
      const most = fault === "retention" ? RETENTIONS_MAX : SHOTS_MAX;
      const isDue = watched.shotCount < most && now >= watched.nextAt;
      if (this.#lastAt.get(fault) === now) continue;
      if (!isDue || !isMeant(fault)) continue;
      const shot = shotAt(fault, state, deliverers);
      if (shot === null) continue;
      watched.shotCount += 1;
      this.noteDone(fault);
      watched.nextAt = now + this.#draws.between("aim.rest", 0, this.#restMsMax);
      yield shot;
    }
  }
}

function shotAt(
  fault: FaultClass,
  state: EngineStateName,
  deliverers: readonly (Deliverer | null)[],
): Shot | null {
  const states = new Set([state]);
  for (const deliverer of deliverers) {
    if (deliverer === null || deliverer.machine.isStalled) continue;
    const now = deliverer.machine.now();
    const found = deliverer.drivers.find(({ driver }) => isIn(driver, states, now));
    if (found !== undefined) return { fault, deliverer, target: found.name };
  }
  return null;
}

function isIn({ state }: TargetDriver, wanted: ReadonlySet<EngineStateName>, now: number): boolean {
  const states = statesOf(state, now);
  for (const one of wanted) if (states.has(one)) return true;
  return false;
}
