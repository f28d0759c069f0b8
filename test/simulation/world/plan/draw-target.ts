/** A target, its terms, and how its calls go wrong. */
import { DEFAULTS, type BoundsConfig, type EngineConfig, type Topic } from "@millrace/engine";
import type { EngineStateName } from "../../coverage/engine-states.ts";
import { SILENT } from "./focus.ts";
import type { Draws } from "./draws.ts";
import type { Episode, TargetFaults, TargetPlan } from "./plan.ts";
import { SPELLS } from "./spells.ts";
import type { Drawing } from "./strength.ts";

/** Targets that begin with what comes. */
const LATEST_SHARE = 0.08;

/** The key of every third event. */
export const HOT_KEY = "hot";

/** Draws a target. */
export function drawTarget(drawing: Drawing, name: string, topics: readonly Topic[]): TargetPlan {
  const { draws, states, isOverslept } = drawing;
  const isSilent = isOverslept || SILENT.some((state) => states.has(state));
  const isLatest = draws.chance("target.latest", LATEST_SHARE) || drawing.isRestless;
  const timeoutMs = draws.pick("target.timeout", timeoutsOf(drawing));
  const slow = { from: timeoutMs / 20, to: timeoutMs / 2 };
  const isComingBack = states.has("lane-held") || states.has("lane-releasing");
  return {
    name,
    topics,
    ...(isLatest ? { startAt: "latest" } : {}),
    engine: drawEngine(drawing),
    timeoutMs,
    latencyMs: draws.pick("target.latency", isSilent ? [slow, ...LATENCIES_MS] : LATENCIES_MS),
    faults: drawTargetFaults(drawing, name),
    ...(!isComingBack && draws.chance("target.mended", 0.5)
      ? { rejectsUntil: draws.between("target.mended", 0, drawing.chaosMs) }
      : {}),
    ...(isComingBack ? { rejectsForMs: draws.pick("target.mended", [1_000, 4_000, 8_000]) } : {}),
  };
}

/** Events that nothing orders are never behind a dead letter. */
const ON_DEAD_LETTER = {
  key: [
    ...(["quarantine", "quarantine", "quarantine", "quarantine", "quarantine"] as const),
    ...(["quarantine", "quarantine", "block", "skip", "skip"] as const),
  ],
  partition: ["block", "skip"],
  none: ["skip"],
} as const;

const ORDERS = [
  "key",
  "key",
  "key",
  "key",
  "key",
  "key",
  "key",
  "key",
  "partition",
  "none",
] as const;

const TIMEOUTS_MS = [500, 1_000, 2_000, 5_000];
/** Calls that begin before a state in which none begins are to end in it. */
const TIMEOUTS_MS_SILENT = [5_000, 15_000];
/** They are to end behind a drain, and before a stop of their process is over. */
const TIMEOUTS_MS_OVERSLEPT = [8_000];

function timeoutsOf({ states, isOverslept }: Drawing): readonly number[] {
  if (isOverslept) return TIMEOUTS_MS_OVERSLEPT;
  return SILENT.some((state) => states.has(state)) ? TIMEOUTS_MS_SILENT : TIMEOUTS_MS;
}

const CALLS_MAX = [1, 2, 4, 8, 16, 64];
const LATENCIES_MS = [
  { from: 1, to: 10 },
  { from: 5, to: 60 },
  { from: 20, to: 300 },
];

/** States that come of bounds that are reached. */
const BOUNDED = ["fetch-paused", "lane-held", "lane-releasing", "lane-parking"] as const;
/** States that come of keys set aside. */
const SET_ASIDE = [...BOUNDED, "quarantine", "lane-marking", "lane-writing"] as const;

/** Seeds in which bounds are small that are large everywhere else. */
const SCARCE_SHARE = 0.25;
/** Of these, so many have each of them small. */
const SCARCE_EACH_SHARE = 0.35;
/** An event in memory has some 1,080 bytes. What a target may hold is shared by up to a dozen partitions. */
const SCARCE = [
  ["unsettledBytesMax", [1_000, 5_000, 25_000]],
  ["targetUnsettledMax", [3, 12, 60]],
  ["targetBytesMax", [3_000, 15_000, 60_000]],
  ["quarantinedKeysMax", [1, 2, 5]],
  ["parkedPerKeyMax", [1, 3, 10]],
] as const satisfies readonly (readonly [keyof BoundsConfig, readonly number[]])[];

function drawEngine({ draws, states }: Drawing): EngineConfig {
  const isRated = draws.chance("engine.rate", 0.25);
  const isMeant = (some: readonly EngineStateName[]): boolean =>
    some.some((state) => states.has(state));
  const isBounded = draws.chance("engine.bounded", isMeant(BOUNDED) ? 1 : 0.5);
  const isLimited = draws.chance("engine.attempts", 0.35);
  const perSecond = draws.pick("engine.rate", [20, 50, 200]);
  const isByKey = isMeant(SET_ASIDE);
  // Lanes that go on behind what was refused.
  const isSkipping = states.has("lane-owing");
  const order = isByKey || isSkipping ? "key" : draws.pick("engine.order", ORDERS);
  return {
    ...DEFAULTS,
    order,
    onDeadLetter: isSkipping
      ? "skip"
      : isByKey
        ? "quarantine"
        : draws.pick("engine.dead-letter", ON_DEAD_LETTER[order]),
    concurrencyMax: draws.pick("engine.concurrency", isMeant(SILENT) ? [8, 16, 64] : CALLS_MAX),
    rate: isRated
      ? { kind: "limited", perSecond, burst: draws.pick("engine.burst", [1, perSecond]) }
      : DEFAULTS.rate,
    retry: {
      maxAgeMs: draws.pick(
        "engine.age",
        [5_000, 30_000, 300_000, 86_400_000, 86_400_000, 86_400_000],
      ),
      baseMs: draws.pick("engine.base", [50, 200, 500]),
      capMs: draws.pick("engine.cap", [1_000, 5_000, 30_000]),
      maxAttempts: isLimited
        ? { kind: "limited", count: draws.pick("engine.attempts", [1, 2, 4]) }
        : DEFAULTS.retry.maxAttempts,
    },
    bounds: {
      ...DEFAULTS.bounds,
      ...(isBounded
        ? {
            unsettledMax: draws.pick("engine.bounds", [3, 8, 20, 60]),
            spanMax: draws.pick("engine.bounds", [10, 40, 1_000]),
          }
        : {}),
      ...drawScarce(draws),
    },
    probeIntervalMs: draws.pick("engine.probe", [1_000, 5_000, 30_000]),
    breaker: {
      ...DEFAULTS.breaker,
      halfOpenAfterMs: draws.pick("engine.half-open", [1_000, 3_000, 10_000]),
      minCalls: draws.pick("engine.min-calls", [5, 20]),
    },
  };
}

/**
 * Bounds that hardly anything reaches as a rule: each is small in some seeds, and the others are as ever. A key of which no
 * more may be parked stands until people discard what is in its way: they do once a run heals.
 */
function drawScarce(draws: Draws): Partial<BoundsConfig> {
  if (!draws.chance("engine.scarce", SCARCE_SHARE)) return {};
  const drawn: [keyof BoundsConfig, number][] = [];
  for (const [name, values] of SCARCE) {
    const value = draws.pick(`engine.scarce.${name}`, values);
    const isSmall = draws.chance(`engine.scarce.${name}`, SCARCE_EACH_SHARE);
    if (isSmall) drawn.push([name, value]);
  }
  return Object.fromEntries(drawn);
}

function drawTargetFaults(drawing: Drawing, name: string): TargetFaults {
  const { strength, draws } = drawing;
  const slowKeyCount = strength.count("slow-key", 2);
  return {
    refusals: strength.of("refused", 0.002, 0.2),
    serverErrors: strength.of("server-error", 0.005, 0.4),
    throttles: strength.of("throttle", 0.001, 0.05),
    lostAnswers: strength.of("lost-answer", 0.002, 0.1),
    hangs: strength.of("hang", 0.002, 0.1),
    lateArrivals: strength.of("late-arrival", 0.002, 0.1),
    resets: strength.of("reset", 0.002, 0.2),
    invalidAnswers: strength.of("invalid-answer", 0.002, 0.05),
    slowCalls: strength.of("slow-call", 0.005, 0.2),
    slowKeys: new Set([HOT_KEY, "k1", "k2"].slice(0, slowKeyCount)),
    slowKeyMs: draws.pick(`${name}.slow-key`, [200, 400]),
    episodes: drawEpisodes(drawing, name),
  };
}

/** Spells a seed has at most; more of them at once would leave no time in which a target answers. */
const SPELLS_MAX = 3;

function drawEpisodes(drawing: Drawing, name: string): readonly Episode[] {
  const { draws, chaosMs, classes, strong } = drawing;
  const episodes: Episode[] = [];
  const all = SPELLS.filter(([fault]) => classes.has(fault));
  const meant = all.filter(([fault]) => strong.has(fault));
  const on = meant.length > 0 ? meant : all;
  for (let count = 0; count < SPELLS_MAX && on.length > 0; count += 1) {
    const [[fault, kind] = ["outage", "outage"] as const] = on.splice(
      draws.below(`${name}.spell`, on.length),
      1,
    );
    const from = draws.between(`${name}.spell`, 0, chaosMs);
    const length = chaosMs * draws.pick(`${name}.spell`, [0.02, 0.1, 0.4]);
    episodes.push({ kind, fault, from, to: from + length });
  }
  if (classes.has("flapping")) episodes.push(...drawFlapping(drawing, name));
  return episodes;
}

function drawFlapping({ draws, chaosMs }: Drawing, name: string): readonly Episode[] {
  const start = draws.between(`${name}.flapping`, 0, chaosMs / 2);
  const periodMs = draws.pick(`${name}.flapping`, [500, 2_000, 10_000]);
  return [0, 2, 4, 6].map((turn) => ({
    kind: draws.pick(`${name}.flapping`, ["outage", "refused"] as const),
    fault: "flapping" as const,
    from: start + turn * periodMs,
    to: start + (turn + 1) * periodMs,
  }));
}
