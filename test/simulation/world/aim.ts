/** Looks for the moments that a seed is about: a process in a state in which a fault is to strike it. */
import type { TargetDriver } from "@millrace/engine";
import { isIn, type EngineStateName } from "../coverage/engine-states.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Draws } from "./plan/draws.ts";
import type { FaultClass } from "./plan/fault-classes.ts";
import { isOverslept, SILENT, type Focus } from "./plan/focus.ts";
import type { Deliverer } from "./processes/deliverer.ts";

/** Share of requests and calls that a fault strikes in a state that it is aimed at. */
const AIMED_SHARE = 0.7;
/** Share of calls elsewhere: many of these states are entered while calls are out, and none begins in them. */
const CALL_SHARE = 0.7;
/** Faults of single calls. */
const CALL_FAULTS: ReadonlySet<FaultClass> = new Set([
  ...(["refused", "server-error", "throttle", "lost-answer", "hang", "late-arrival"] as const),
  ...(["reset", "invalid-answer", "slow-call"] as const),
]);
const STALLS: ReadonlySet<FaultClass> = new Set(["stall", "long-stall"]);
/** Operations of one focus in a run. */
const SHOTS_MAX = 30;
/** The state that an ambush is to bring about needs more than one attempt. */
const AMBUSHES_A_SHOT = 3;
const AMBUSHES_MAX = AMBUSHES_A_SHOT * SHOTS_MAX;
/** Before it is stopped again, a process does what has become due meanwhile, ms. */
const AWAKE_MS_MIN = 1_000;
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
  /** Faults that are to strike in states in which no call begins. */
  readonly #silent: ReadonlySet<FaultClass>;
  /** A call has one fault at most: they share it. */
  readonly #callFaultCount: number;
  readonly #statesByFault = new Map<FaultClass, Set<EngineStateName>>();
  readonly #ambushes = new Map<FaultClass, Set<EngineStateName>>();
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
    for (const { fault, state, isAmbush = false } of foci) {
      const statesByFault = isAmbush ? this.#ambushes : this.#statesByFault;
      statesByFault.set(fault, (statesByFault.get(fault) ?? new Set()).add(state));
    }
    const silent = foci.filter((focus) => SILENT.includes(focus.state) || isOverslept(focus));
    this.#silent = new Set(silent.map(({ fault }) => fault));
    const callFaults = foci.map(({ fault }) => fault).filter((fault) => CALL_FAULTS.has(fault));
    this.#callFaultCount = Math.max(1, new Set(callFaults).size);
    this.#watched = foci.map((focus) => ({ focus, shotCount: 0, nextAt: 0 }));
  }

  /** The least share of requests that a fault strikes now; `target`: of one driver of the process. */
  shareOf(fault: FaultClass, deliverer: Deliverer | null, target: string | null): number {
    const states = this.#statesByFault.get(fault);
    return isAnyIn(states, deliverer, target) ? AIMED_SHARE : 0;
  }

  /** The same of requests to brokers, which strike the whole process. */
  shareOfRequests(fault: FaultClass, deliverer: Deliverer | null, target: string | null): number {
    const states = this.#ambushes.get(fault);
    const victim = victimOf(deliverer);
    const isVictims = target === null || target === victim;
    if (isVictims && isAnyIn(states, deliverer, victim)) return AIMED_SHARE;
    return this.shareOf(fault, deliverer, null);
  }

  /** The same of calls. */
  shareOfCalls(fault: FaultClass, deliverer: Deliverer | null, target: string): number {
    if (isAnyIn(this.#ambushes.get(fault), deliverer, target)) return AIMED_SHARE;
    if (this.shareOf(fault, deliverer, target) > 0) return AIMED_SHARE / this.#callFaultCount;
    return this.#silent.has(fault) ? CALL_SHARE / this.#callFaultCount : 0;
  }

  /** Whether a call is to end when its sender comes into a state in which it would begin none. */
  isKept(fault: FaultClass, deliverer: Deliverer | null, target: string): boolean {
    return this.#silent.has(fault) && !this.isDue(fault, deliverer, target);
  }

  /** Whether the sender of a call is in a state in which a fault is to strike. */
  isDue(fault: FaultClass, deliverer: Deliverer | null, target: string): boolean {
    // The ambush of a spell is its beginning, and not the end of its calls.
    const ambush = CALL_FAULTS.has(fault) ? this.#ambushes.get(fault) : undefined;
    const states = this.#statesByFault.get(fault);
    return isAnyIn(states, deliverer, target) || isAnyIn(ambush, deliverer, target);
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
      const { fault, isAmbush = false } = watched.focus;
      const { now } = this.#queue;
      const most = fault === "retention" ? RETENTIONS_MAX : isAmbush ? AMBUSHES_MAX : SHOTS_MAX;
      const isDue = watched.shotCount < most && now >= watched.nextAt;
      if (this.#lastAt.get(fault) === now) continue;
      if (!isDue || !isMeant(fault)) continue;
      const shot = shotAt(watched.focus, deliverers);
      if (shot === null) continue;
      watched.shotCount += 1;
      this.noteDone(fault);
      const restMsMax = this.#restMsMax / (isAmbush ? AMBUSHES_A_SHOT : 1);
      watched.nextAt = now + this.#draws.between("aim.rest", 0, restMsMax);
      yield shot;
    }
  }
}

function shotAt(
  { fault, state, isAmbush = false }: Focus,
  deliverers: readonly (Deliverer | null)[],
): Shot | null {
  for (const deliverer of deliverers) {
    if (deliverer === null || deliverer.machine.isStalled) continue;
    if (STALLS.has(fault) && deliverer.machine.awakeMs < AWAKE_MS_MIN) continue;
    const now = deliverer.machine.now();
    const drivers = isAmbush ? deliverer.drivers.slice(0, 1) : deliverer.drivers;
    const found = drivers.find(({ driver }) => isIn(state, driver.state, now));
    if (found !== undefined) return { fault, deliverer, target: found.name };
  }
  return null;
}

/** Whose driver is ambushed of those that share a process: the first one's. */
function victimOf(deliverer: Deliverer | null): string | null {
  return deliverer?.drivers[0]?.name ?? null;
}

/** @param target whose driver counts; null: each of the process. */
function isAnyIn(
  states: ReadonlySet<EngineStateName> | undefined,
  deliverer: Deliverer | null,
  target: string | null,
): boolean {
  if (states === undefined || deliverer === null) return false;
  const now = deliverer.machine.now();
  return deliverer.drivers.some(
    ({ name, driver }) => (target === null || target === name) && isInAny(states, driver, now),
  );
}

function isInAny(
  states: ReadonlySet<EngineStateName>,
  { state }: TargetDriver,
  now: number,
): boolean {
  for (const one of states) if (isIn(one, state, now)) return true;
  return false;
}
