/** What is done to a world, apart from its single requests and calls. */
import type { EngineConfig } from "@millrace/engine";
import { drawRedrives } from "./draw-redrives.ts";
import { drawReplays } from "./draw-replays.ts";
import { drawResets } from "./draw-resets.ts";
import type { Draws } from "./draws.ts";
import type { FaultClass } from "./fault-classes.ts";
import type { OperationPlan, TargetPlan } from "./plan.ts";
import type { Drawing } from "./strength.ts";

/** What an operation is drawn from; `at` is a name for its draws. */
export interface OperationDrawing {
  readonly draws: Draws;
  readonly site: string;
  readonly slot: () => number;
  readonly target: () => TargetPlan;
}

type Made = OperationPlan extends infer One
  ? One extends OperationPlan
    ? Omit<One, "at" | "fault">
    : never
  : never;

/** A partition that lost records stands still for the rest of the run: seldom, or little else would be tried. */
const RETENTION_SHARE = 0.15;
/** So is one whose offset is gone. */
const OFFSET_GONE_SHARE = 0.06;
/** Seeds in which a target's terms may change. */
const RECONFIGURED_SHARE = 0.4;

const DOWN_MS = [50, 1_000, 5_000, 20_000];
/** Of no form, of another version, cut off, and of a set that reaches beyond the log: one undone, then a million done. */
const METADATA = [
  ...["", "someone else's", "millrace/1:!!", "millrace/9:AQEBAQ", "millrace/1:_____w"],
  "millrace/1:AcCEPQ",
];

/** How each fault that is an operation is done, and how often a seed has it at the most. */
const OPERATIONS = {
  crash: {
    most: 4,
    make: ({ draws, site, slot }) => ({
      ...{ kind: "kill", slot: slot(), downMs: draws.pick(`${site}.down`, DOWN_MS) },
    }),
  },
  terminate: {
    most: 3,
    make: ({ draws, site, slot }) => ({
      ...{ kind: "terminate", slot: slot(), downMs: draws.pick(`${site}.down`, DOWN_MS) },
    }),
  },
  stall: {
    most: 4,
    make: ({ draws, site, slot }) => ({
      ...{ kind: "stall", slot: slot() },
      forMs: draws.pick(`${site}.stall`, [50, 500, 3_000, 7_000]),
    }),
  },
  "long-stall": {
    most: 2,
    make: ({ draws, site, slot }) => ({
      ...{ kind: "stall", slot: slot() },
      forMs: draws.pick(`${site}.long-stall`, [8_500, 11_000, 20_000, 70_000]),
    }),
  },
  "link-cut": {
    most: 2,
    make: ({ draws, site, slot }) => ({
      ...{ kind: "cut-link", slot: slot() },
      forMs: draws.pick(`${site}.link`, [500, 5_000, 9_000, 15_000]),
    }),
  },
  "broker-outage": {
    most: 2,
    make: ({ draws, site }) => ({
      ...{ kind: "broker-outage" },
      forMs: draws.pick(`${site}.broker`, [200, 3_000, 9_000, 20_000]),
    }),
  },
  "writes-refused": {
    most: 2,
    make: ({ draws, site }) => ({
      ...{ kind: "refuse-writes" },
      forMs: draws.pick(`${site}.refusal`, [500, 5_000, 20_000, 60_000]),
    }),
  },
  "registry-outage": {
    most: 2,
    make: ({ draws, site }) => ({
      ...{ kind: "registry-outage" },
      forMs: draws.pick(`${site}.registry`, [1_000, 10_000, 30_000]),
    }),
  },
  rebalance: {
    most: 8,
    make: ({ target }) => ({ kind: "rebalance", target: target().name }),
  },
  "wall-jump": {
    most: 2,
    make: ({ draws, site, slot }) => ({
      ...{ kind: "jump-wall-clock", slot: slot() },
      byMs: draws.pick(`${site}.wall`, [-3_600_000, 3_600_000]),
    }),
  },
  "foreign-metadata": {
    most: 3,
    make: ({ draws, site, target }) => ({
      ...{ kind: "foreign-metadata", target: target().name, pick: draws.below(`${site}.pick`, 8) },
      metadata: draws.pick(`${site}.metadata`, METADATA),
    }),
  },
  retention: {
    most: 1,
    make: ({ draws, site, target }) => ({
      ...{ kind: "retention", topic: draws.pick(`${site}.topic`, target().topics) },
      ...{ pick: draws.below(`${site}.pick`, 8), share: draws.between(`${site}.share`, 0, 1) },
    }),
  },
  pause: {
    most: 3,
    make: ({ draws, site, target }) => ({
      ...{ kind: "pause", target: target().name },
      forMs: draws.pick(`${site}.pause`, [100, 2_000, 10_000, 40_000]),
    }),
  },
  reconfigured: {
    most: 3,
    make: ({ draws, site, target, slot }) => {
      const { name, engine } = target();
      const changed = drawTerms(engine, draws, `${site}.terms`);
      const revision = `r${draws.pick(`${site}.revision`, [1, 2, 3])}`;
      return { kind: "reconfigure", target: name, slot: slot(), revision, engine: changed };
    },
  },
} as const satisfies Partial<
  Record<FaultClass, { readonly most: number; readonly make: (from: OperationDrawing) => Made }>
>;

/** A class of faults that is an operation each. */
export type OperationFault = keyof typeof OPERATIONS;

const OPERATION_FAULTS = [
  ...(["crash", "terminate", "stall", "long-stall", "link-cut", "broker-outage"] as const),
  ...(["writes-refused", "registry-outage", "rebalance", "wall-jump", "foreign-metadata"] as const),
  ...(["pause", "reconfigured"] as const),
] satisfies readonly OperationFault[];

/** Whether a class of faults is an operation each. */
export function isOperation(fault: FaultClass): fault is OperationFault {
  return fault in OPERATIONS;
}

/** One operation, to be done at a time. */
export function makeOperation(
  fault: OperationFault,
  at: number,
  from: OperationDrawing,
): OperationPlan {
  return { ...OPERATIONS[fault].make(from), at, fault };
}

/** All of a seed. */
export function drawOperations(
  drawing: Drawing,
  slotCount: number,
  targets: readonly TargetPlan[],
): readonly OperationPlan[] {
  const { draws, strength, chaosMs, strong, states } = drawing;
  const from: OperationDrawing = {
    draws,
    site: "op",
    slot: () => draws.below("op.slot", slotCount),
    target: () => draws.pick("op.target", targets),
  };
  const some = (fault: OperationFault): readonly OperationPlan[] => {
    // What a seed is about is done where and when it can; besides that, little.
    const most = states.size > 0 && !strong.has(fault) ? 1 : OPERATIONS[fault].most;
    return Array.from({ length: strength.count(fault, most) }, () =>
      makeOperation(fault, draws.between("op.at", 0, chaosMs), from),
    );
  };
  const operations = [...drawStarts(drawing, slotCount)];
  for (const fault of OPERATION_FAULTS) {
    const share = fault === "reconfigured" ? RECONFIGURED_SHARE : 1;
    if (strong.has(fault) || draws.chance(`op.${fault}`, share)) operations.push(...some(fault));
  }
  if (strong.has("retention") || draws.chance("op.retention", RETENTION_SHARE))
    operations.push(...some("retention"));
  if (draws.chance("op.offset-gone", OFFSET_GONE_SHARE)) {
    operations.push({
      ...{ at: draws.between("op.offset-gone", 0, chaosMs), fault: null, kind: "offset-gone" },
      ...{ target: draws.pick("op.offset-gone", targets).name },
      pick: draws.below("op.offset-gone", 8),
    });
  }
  operations.push(...drawReplays(draws, chaosMs, targets));
  operations.push(...drawResets(draws, chaosMs, targets));
  operations.push(...drawRedrives(draws, { chaosMs, targets, classes: drawing.classes }));
  return operations.sort((one, other) => one.at - other.at);
}

function drawStarts(
  { draws, classes, chaosMs }: Drawing,
  slotCount: number,
): readonly OperationPlan[] {
  const isLate = classes.has("scale-out");
  return Array.from({ length: slotCount }, (_, slot): OperationPlan => {
    if (slot === 0) return { at: 0, fault: null, kind: "start", slot };
    const at = draws.between("op.start", 0, isLate ? chaosMs * 0.8 : 200);
    return { at, fault: isLate ? "scale-out" : null, kind: "start", slot };
  });
}

/** Other terms within the first ones, which are what the target was promised. Bounds are a release's, not a configuration's. */
function drawTerms(engine: EngineConfig, draws: Draws, site: string): EngineConfig {
  const { retry, rate, concurrencyMax } = engine;
  const isSlower = draws.chance(site, 0.5);
  const perSecond = rate.kind === "limited" ? rate.perSecond / 2 : 50;
  return {
    ...engine,
    concurrencyMax: Math.max(1, Math.floor(concurrencyMax / draws.pick(site, [1, 2, 8]))),
    rate: isSlower ? { kind: "limited", perSecond, burst: 1 } : rate,
    retry: { ...retry, baseMs: draws.pick(site, [20, retry.baseMs]) },
    probeIntervalMs: draws.pick(site, [1_000, 10_000]),
  };
}
