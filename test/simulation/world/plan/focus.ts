/** What a seed is about besides chance: faults that are to strike engines in states that they are seldom in. */
import type { EngineStateName } from "../../coverage/engine-states.ts";
import type { FaultClass } from "./fault-classes.ts";
import { isSpell } from "./spells.ts";

/** A fault that strikes whoever is in a state, more often than its plan says otherwise. */
export interface Focus {
  readonly fault: FaultClass;
  readonly state: EngineStateName;
  /** It is to bring another state about, for the first target that a process serves: the others are spared. */
  readonly isAmbush?: boolean;
}

/** How a state is brought about, and made to last. */
interface Recipe {
  /** Faults that are strong all the time. */
  readonly always?: readonly FaultClass[];
  /** Faults that strike in states that come before it, or in it. */
  readonly aimed?: readonly (readonly [fault: FaultClass, state: EngineStateName])[];
}

/** Of each state; nothing where chance does. */
const RECIPES: Readonly<Partial<Record<EngineStateName, Recipe>>> = {
  "membership-none": {
    always: ["slow-call", "reject"],
    aimed: [
      ["long-stall", "lane-in-flight"],
      ["link-cut", "lane-in-flight"],
      ["redrive", "quarantine"],
      ["fetch-delayed", "quarantine"],
      ["long-stall", "quarantine"],
    ],
  },
  "membership-draining": { always: ["rebalance", "terminate", "slow-call"] },
  "generation-over": {
    always: ["undeliverable"],
    aimed: [
      ["rebalance", "membership-active"],
      ["commit-delayed", "membership-draining"],
      ["commit-lost", "membership-draining"],
      ["group-delayed", "membership-draining"],
      ["group-delayed", "generation-over"],
    ],
  },
  throttled: { always: ["slow-call", "reject"], aimed: [["throttle-spell", "lane-in-flight"]] },
  misconfigured: {
    always: ["slow-call", "reject"],
    aimed: [["unauthorized-spell", "lane-in-flight"]],
  },
  "breaker-open": { always: ["slow-call", "reject"], aimed: [["outage", "lane-in-flight"]] },
  "breaker-half-open": {
    always: ["slow-call", "undeliverable", "rebalance"],
    aimed: [
      ["outage", "lane-in-flight"],
      ["slow-call", "breaker-half-open"],
    ],
  },
  "breaker-slow-start": { always: ["slow-call", "reject"], aimed: [["outage", "lane-in-flight"]] },
  paused: { always: ["slow-call", "reject"], aimed: [["pause", "lane-in-flight"]] },
  "limit-reduced": { always: ["throttle", "server-error"] },
  "lane-waiting": { always: ["server-error"] },
  "lane-owing": {
    always: ["undeliverable", "slow-call"],
    aimed: [
      ["pause", "lane-in-flight"],
      ["rebalance", "lane-in-flight"],
      ["slow-call", "paused"],
      ["slow-call", "membership-draining"],
    ],
  },
  "lane-writing": {
    always: ["reject", "undeliverable"],
    aimed: [["produce-delayed", "lane-writing"]],
  },
  "lane-marking": {
    always: ["reject", "undeliverable", "straggler"],
    aimed: [
      ["state-delayed", "lane-marking"],
      ["rebalance", "lane-marking"],
    ],
  },
  "lane-parking": {
    always: ["reject", "undeliverable"],
    aimed: [["produce-delayed", "lane-parking"]],
  },
  "lane-held": {
    always: ["reject", "redrive", "slow-key"],
    aimed: [
      ["redrive", "quarantine"],
      ["state-delayed", "lane-releasing"],
      ["fetch-delayed", "lane-held"],
    ],
  },
  "lane-releasing": {
    always: ["reject", "redrive", "slow-key"],
    aimed: [
      ["redrive", "quarantine"],
      ["state-delayed", "lane-releasing"],
    ],
  },
  quarantine: { always: ["reject"] },
  "commit-in-flight": { aimed: [["commit-delayed", "commit-in-flight"]] },
  "fetch-paused": { always: ["slow-key"] },
};

/**
 * A generation that is over while calls are open: their process was stopped in its drain, for longer than that may take.
 * When it goes on it joins first, and hears of their ends then.
 */
const OVERSLEPT: Recipe["aimed"] = [
  ["rebalance", "lane-in-flight"],
  ["long-stall", "membership-draining"],
  ["group-delayed", "generation-over"],
];

/** What strikes when the sender of a call hears of its end. */
const OF_CALLS: ReadonlySet<FaultClass> = new Set([
  ...(["server-error", "throttle", "lost-answer", "late-arrival", "reset", "hang"] as const),
  ...(["refused", "invalid-answer", "slow-call", "slow-key", "reject"] as const),
  ...(["outage", "flapping", "refused-spell", "throttle-spell", "absurd-retry-after"] as const),
  ...(["unauthorized-spell", "redirect-spell", "tls-spell", "slow-spell", "hang-spell"] as const),
]);

/** Whether a fault strikes when the sender of a call hears of its end. */
export function isOfCalls(fault: FaultClass): boolean {
  return OF_CALLS.has(fault);
}

/** Whether a focus is on calls that end when a stopped process has slept through its drain. */
export function isOverslept({ fault, state }: Focus): boolean {
  return state === "generation-over" && isOfCalls(fault);
}

/** What else is to strike, and where, so that a state comes about, and lasts, and is met by a fault. */
export function ambushesOf(
  state: EngineStateName,
  faults: ReadonlySet<FaultClass>,
): readonly Focus[] {
  const isSleeping = Array.from(faults, (fault): Focus => ({ fault, state })).some(isOverslept);
  const aimed = [...((isSleeping ? OVERSLEPT : RECIPES[state]?.aimed) ?? [])];
  // A source that reads again does so behind a rebalance.
  if (faults.has("refetch")) aimed.push(["rebalance", state]);
  // Calls that end in a state in which none begins were struck before.
  if (isSleeping || SILENT.includes(state))
    for (const fault of faults) if (isSpell(fault)) aimed.push([fault, "lane-in-flight"]);
  return aimed.map(([fault, where]): Focus => ({ fault, state: where, isAmbush: true }));
}

/** Faults that come with events, wherever these meet an engine: none can be aimed. */
const UNAIMED: ReadonlySet<FaultClass> = new Set([
  ...(["gaps", "undeliverable", "reject", "slow-key"] as const),
]);

/** The classes of faults that foci need. */
export function aimedClasses(foci: readonly Focus[]): ReadonlySet<FaultClass> {
  return new Set([...foci.map(({ fault }) => fault), ...strongClasses(foci)]);
}

/** Those of them that have to be strong everywhere, so that the states come about and are met. */
export function strongClasses(foci: readonly Focus[]): ReadonlySet<FaultClass> {
  const met = foci.map(({ fault }) => fault).filter((fault) => UNAIMED.has(fault));
  return new Set([...foci.flatMap(({ state }) => RECIPES[state]?.always ?? []), ...met]);
}

/** States in which no call begins: what strikes calls in them was on its way before. */
export const SILENT: readonly EngineStateName[] = [
  ...(["membership-none", "membership-draining", "throttled", "misconfigured"] as const),
  ...(["breaker-open", "breaker-half-open", "paused", "lane-owing", "lane-none"] as const),
];
