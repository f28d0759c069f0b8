/** Draws what a seed runs. Swarm: each class of faults is off in about a third of the seeds, and of any strength in the others. */
import { DEFAULTS, asTopic, type EngineConfig, type Topic } from "@millrace/engine";
import { crowded } from "./crowded-plan.ts";
import { drawRedrives } from "./draw-redrives.ts";
import { drawReplays } from "./draw-replays.ts";
import { Draws } from "./draws.ts";
import { FAULT_CLASSES, type FaultClass } from "./fault-classes.ts";
import type { BrokerFaults, RequestFaults } from "./fault-plan.ts";
import type {
  Episode,
  EventPlan,
  Fate,
  OperationPlan,
  Plan,
  TargetFaults,
  TargetPlan,
  TopicPlan,
} from "./plan.ts";
import { wide } from "./wide-plan.ts";

/** Seeds with thousands of events: each costs as much as twenty others. */
const WIDE_SHARE = 0.005;
const CROWDED_SHARE = 0.08;
const RETENTION_SHARE = 0.15;
const OFF_SHARE = 0.3;
const KEY_COUNT_MAX = 20;
const HOT_KEY = "hot";
const HOT_SHARE = 0.3;
const SESSION_MS = 10_000;
/** The usual one, and one that is shorter than many calls. */
const STOP_BUDGETS_MS = [47_000, 47_000, 1_000] as const;
const RECORD_BYTES_MAX = 1_048_576;

/** Draws the plan of a seed. */
export function drawPlan(seed: number): Plan {
  const draws = new Draws(seed);
  const plan = drawUsualPlan(seed, draws);
  const dice = draws.between("plan.kind", 0, 1);
  if (dice < WIDE_SHARE) return wide(plan, draws);
  return dice < WIDE_SHARE + CROWDED_SHARE ? crowded(plan, draws) : plan;
}

function drawUsualPlan(seed: number, draws: Draws): Plan {
  const classes = new Set(
    FAULT_CLASSES.filter((name) => draws.chance(`swarm.${name}`, 1 - OFF_SHARE)),
  );
  const strength = new Strength(draws, classes);
  const topics = drawTopics(draws);
  const names = topics.map(({ name }) => name);
  const chaosMs = draws.pick("plan.chaos", [3_000, 10_000, 30_000, 60_000, 120_000]);
  const slotCount = 1 + draws.below("plan.slots", 3);
  const targets = Array.from({ length: draws.chance("plan.targets", 0.25) ? 2 : 1 }, (_, index) =>
    drawTarget({ draws, strength, chaosMs, classes }, index === 0 ? "crm" : "audit", names),
  );
  return {
    seed,
    chaosMs,
    sessionMs: SESSION_MS,
    stopBudgetMs: draws.pick("plan.stop-budget", STOP_BUDGETS_MS),
    slotCount,
    topics,
    targets,
    events: drawEvents({ draws, strength, chaosMs, classes }, topics, targets),
    operations: drawOperations({ draws, strength, chaosMs, classes }, slotCount, targets),
    broker: drawBrokerFaults(strength),
    crashes: {
      send: strength.of("crash-in-send", 0.0005, 0.01),
      commit: strength.of("crash-in-commit", 0.0005, 0.01),
      produce: strength.of("crash-in-produce", 0.005, 0.1),
      state: strength.of("crash-in-state", 0.005, 0.05),
    },
    refetchShare: strength.of("refetch", 0.1, 1),
    recordBytesMax: RECORD_BYTES_MAX,
    classes,
  };
}

/** What everything here is drawn from. */
interface Drawing {
  readonly draws: Draws;
  readonly strength: Strength;
  readonly chaosMs: number;
  readonly classes: ReadonlySet<FaultClass>;
}

/** How strong the faults of a seed are: none of a class that is off, else of any order of magnitude. */
class Strength {
  readonly #draws: Draws;
  readonly #classes: ReadonlySet<FaultClass>;

  constructor(draws: Draws, classes: ReadonlySet<FaultClass>) {
    this.#draws = draws;
    this.#classes = classes;
  }

  /** A share from `least` to `most`, by its logarithm uniform. */
  of(fault: FaultClass, least: number, most: number): number {
    const drawn = this.#draws.between(`strength.${fault}`, Math.log(least), Math.log(most));
    return this.#classes.has(fault) ? Math.exp(drawn) : 0;
  }

  /** How often something happens: none where it is off, at least once where it is on. */
  count(fault: FaultClass, most: number): number {
    const drawn = 1 + this.#draws.below(`strength.${fault}`, most);
    return this.#classes.has(fault) ? drawn : 0;
  }
}

function drawTopics(draws: Draws): readonly TopicPlan[] {
  const count = draws.chance("plan.topics", 0.25) ? 2 : 1;
  return ["orders", "users"].slice(0, count).map((name) => ({
    name: asTopic(name),
    partitionCount: 1 + draws.below("plan.partitions", 4),
  }));
}

function drawTarget(drawing: Drawing, name: string, topics: readonly Topic[]): TargetPlan {
  const { draws } = drawing;
  return {
    name,
    topics,
    engine: drawEngine(draws),
    timeoutMs: draws.pick("target.timeout", [500, 1_000, 2_000, 5_000]),
    latencyMs: draws.pick("target.latency", [
      { from: 1, to: 10 },
      { from: 5, to: 60 },
      { from: 20, to: 300 },
    ]),
    faults: drawTargetFaults(drawing, name),
    ...(draws.chance("target.mended", 0.5)
      ? { rejectsUntil: draws.between("target.mended", 0, drawing.chaosMs) }
      : {}),
  };
}

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

/** Events that nothing orders are never behind a dead letter. */
const ON_DEAD_LETTER = {
  key: [
    ...([
      "quarantine",
      "quarantine",
      "quarantine",
      "quarantine",
      "quarantine",
      "quarantine",
    ] as const),
    ...(["quarantine", "block", "skip", "skip"] as const),
  ],
  partition: ["block", "skip"],
  none: ["skip"],
} as const;

function drawEngine(draws: Draws): EngineConfig {
  const isRated = draws.chance("engine.rate", 0.25);
  const isBounded = draws.chance("engine.bounded", 0.5);
  const isLimited = draws.chance("engine.attempts", 0.2);
  const perSecond = draws.pick("engine.rate", [20, 50, 200]);
  const order = draws.pick("engine.order", ORDERS);
  return {
    ...DEFAULTS,
    order,
    onDeadLetter: draws.pick("engine.dead-letter", ON_DEAD_LETTER[order]),
    concurrencyMax: draws.pick("engine.concurrency", [1, 2, 4, 8, 16, 64]),
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
    bounds: isBounded
      ? {
          ...DEFAULTS.bounds,
          unsettledMax: draws.pick("engine.bounds", [3, 8, 20, 60]),
          spanMax: draws.pick("engine.bounds", [10, 40, 1_000]),
        }
      : DEFAULTS.bounds,
    probeIntervalMs: draws.pick("engine.probe", [1_000, 5_000, 30_000]),
  };
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

const SPELLS: readonly (readonly [FaultClass, Episode["kind"]])[] = [
  ["outage", "outage"],
  ["refused-spell", "refused"],
  ["throttle-spell", "throttled"],
  ["absurd-retry-after", "throttled-absurdly"],
  ["unauthorized-spell", "unauthorized"],
  ["redirect-spell", "redirect"],
  ["tls-spell", "tls"],
  ["slow-spell", "slow"],
  ["hang-spell", "hang"],
];
/** Spells a seed has at most; more of them at once would leave no time in which a target answers. */
const SPELLS_MAX = 3;

function drawEpisodes({ draws, chaosMs, classes }: Drawing, name: string): readonly Episode[] {
  const episodes: Episode[] = [];
  const on = SPELLS.filter(([fault]) => classes.has(fault));
  for (let count = 0; count < SPELLS_MAX && on.length > 0; count += 1) {
    const [[fault, kind] = ["outage", "outage"] as const] = on.splice(
      draws.below(`${name}.spell`, on.length),
      1,
    );
    const from = draws.between(`${name}.spell`, 0, chaosMs);
    const length = chaosMs * draws.pick(`${name}.spell`, [0.02, 0.1, 0.4]);
    episodes.push({ kind, fault, from, to: from + length });
  }
  if (classes.has("flapping")) episodes.push(...drawFlapping(draws, name, chaosMs));
  return episodes;
}

function drawFlapping(draws: Draws, name: string, chaosMs: number): readonly Episode[] {
  const start = draws.between(`${name}.flapping`, 0, chaosMs / 2);
  const periodMs = draws.pick(`${name}.flapping`, [500, 2_000, 10_000]);
  return [0, 2, 4, 6].map((turn) => ({
    kind: draws.pick(`${name}.flapping`, ["outage", "refused"] as const),
    fault: "flapping" as const,
    from: start + turn * periodMs,
    to: start + (turn + 1) * periodMs,
  }));
}

function drawBrokerFaults(strength: Strength): BrokerFaults {
  const late = strength.of("straggler", 0.005, 0.1);
  const of = (kind: "commit" | "produce" | "state" | "group"): RequestFaults => ({
    lost: strength.of(`${kind}-lost`, 0.002, 0.15),
    unanswered: strength.of(`${kind}-unanswered`, 0.002, 0.15),
    delayed: strength.of(`${kind}-delayed`, 0.01, 0.4),
    delayMaxMs: 3_000,
    late: kind === "produce" || kind === "state" ? late : 0,
  });
  return {
    commit: of("commit"),
    produce: of("produce"),
    state: of("state"),
    group: of("group"),
    journal: {
      lost: strength.of("journal-lost", 0.05, 1),
      unanswered: 0,
      delayed: strength.of("journal-delayed", 0.05, 1),
      delayMaxMs: 5_000,
      late: 0,
    },
    fetch: {
      lost: strength.of("fetch-lost", 0.002, 0.1),
      unanswered: 0,
      delayed: strength.of("fetch-delayed", 0.01, 0.3),
      delayMaxMs: 2_000,
      late: 0,
    },
  };
}

function drawEvents(
  { draws, strength, chaosMs, classes }: Drawing,
  topics: readonly TopicPlan[],
  targets: readonly TargetPlan[],
): readonly EventPlan[] {
  const count = 50 + draws.below("plan.events", 250);
  const keyCount = 1 + draws.below("plan.keys", KEY_COUNT_MAX);
  // Some seeds begin with a backlog, some get everything in a burst.
  const spreadMs = chaosMs * draws.pick("plan.spread", [0.02, 0.3, 0.9, 0.9]);
  const nullShare = draws.pick("plan.null-keys", [0, 0.05, 0.3]);
  const filteredShare = draws.pick("plan.filtered", [0, 0.1, 0.5]);
  const shares = {
    gap: strength.of("gaps", 0.01, 0.3),
    undeliverable: strength.of("undeliverable", 0.005, 0.1),
    reject: strength.of("reject", 0.005, 0.1),
  };
  const events = Array.from({ length: count }, (_, index): EventPlan => {
    const topic = draws.pick("event.topic", topics);
    const key = draws.chance("event.null", nullShare)
      ? null
      : draws.chance("event.hot", HOT_SHARE)
        ? HOT_KEY
        : `k${draws.below("event.key", keyCount)}`;
    const fates: Record<string, Fate> = {};
    const isPoison = draws.chance("event.poison", shares.undeliverable);
    for (const { name } of targets) {
      const isRejected = draws.chance("event.reject", shares.reject);
      const isFiltered = draws.chance("event.filtered", filteredShare);
      fates[name] = isPoison
        ? "undeliverable"
        : isFiltered
          ? "filtered"
          : isRejected
            ? "reject"
            : "deliver";
    }
    return {
      id: `e${index}`,
      at: draws.between("event.at", 0, spreadMs),
      topic: topic.name,
      partition: partitionOf(key, topic, draws),
      key,
      gapCount: draws.chance("event.gap", shares.gap) ? 1 + draws.below("event.gap", 5) : 0,
      schemaId: 1 + draws.below("event.schema", classes.has("registry-outage") ? 6 : 2),
      fates,
    };
  });
  return events.sort((one, other) => one.at - other.at);
}

function partitionOf(key: string | null, { partitionCount }: TopicPlan, draws: Draws): number {
  if (key === null) return draws.below("event.partition", partitionCount);
  let sum = 0;
  for (let index = 0; index < key.length; index += 1) sum = sum * 31 + key.charCodeAt(index);
  return sum % partitionCount;
}

function drawOperations(
  drawing: Drawing,
  slotCount: number,
  targets: readonly TargetPlan[],
): readonly OperationPlan[] {
  const { draws, strength, chaosMs } = drawing;
  const operations: OperationPlan[] = [{ at: 0, fault: null, kind: "start", slot: 0 }];
  const isLate = drawing.classes.has("scale-out");
  for (let slot = 1; slot < slotCount; slot += 1) {
    const at = isLate
      ? draws.between("op.start", 0, chaosMs * 0.8)
      : draws.between("op.start", 0, 200);
    operations.push({ at, fault: isLate ? "scale-out" : null, kind: "start", slot });
  }
  const when = (): number => draws.between("op.at", 0, chaosMs);
  const slot = (): number => draws.below("op.slot", slotCount);
  const repeat = (fault: FaultClass, most: number, make: () => OperationPlan): void => {
    for (let count = strength.count(fault, most); count > 0; count -= 1) operations.push(make());
  };
  const downMs = (): number => draws.pick("op.down", [50, 1_000, 5_000, 20_000]);
  repeat("crash", 4, () => ({
    at: when(),
    fault: "crash",
    kind: "kill",
    slot: slot(),
    downMs: downMs(),
  }));
  repeat("terminate", 3, () => ({
    at: when(),
    fault: "terminate",
    kind: "terminate",
    slot: slot(),
    downMs: downMs(),
  }));
  repeat("stall", 4, () => ({
    at: when(),
    fault: "stall",
    kind: "stall",
    slot: slot(),
    forMs: draws.pick("op.stall", [50, 500, 3_000, 7_000]),
  }));
  repeat("long-stall", 2, () => ({
    at: when(),
    fault: "long-stall",
    kind: "stall",
    slot: slot(),
    forMs: draws.pick("op.long-stall", [8_500, 11_000, 20_000, 70_000]),
  }));
  repeat("link-cut", 2, () => ({
    at: when(),
    fault: "link-cut",
    kind: "cut-link",
    slot: slot(),
    forMs: draws.pick("op.link", [500, 5_000, 9_000, 15_000]),
  }));
  repeat("broker-outage", 2, () => ({
    at: when(),
    fault: "broker-outage",
    kind: "broker-outage",
    forMs: draws.pick("op.broker", [200, 3_000, 9_000, 20_000]),
  }));
  repeat("registry-outage", 2, () => ({
    at: when(),
    fault: "registry-outage",
    kind: "registry-outage",
    forMs: draws.pick("op.registry", [1_000, 10_000, 30_000]),
  }));
  repeat("rebalance", 8, () => ({
    at: when(),
    fault: "rebalance",
    kind: "rebalance",
    target: draws.pick("op.target", targets).name,
  }));
  repeat("wall-jump", 2, () => ({
    at: when(),
    fault: "wall-jump",
    kind: "jump-wall-clock",
    slot: slot(),
    byMs: draws.pick("op.wall", [-3_600_000, 3_600_000]),
  }));
  repeat("foreign-metadata", 3, () => ({
    at: when(),
    fault: "foreign-metadata",
    kind: "foreign-metadata",
    target: draws.pick("op.target", targets).name,
    pick: draws.below("op.pick", 8),
    metadata: draws.pick("op.metadata", [
      "",
      "someone else's",
      "millrace/1:!!",
      "millrace/9:AQEBAQ",
      "millrace/1:_____w",
    ]),
  }));
  // A partition that lost records stands still for the rest of the run: seldom, or little else would be tried.
  if (draws.chance("op.retention", RETENTION_SHARE)) {
    repeat("retention", 1, () => ({
      at: when(),
      fault: "retention",
      kind: "retention",
      topic: draws.pick("op.topic", draws.pick("op.target", targets).topics),
      pick: draws.below("op.pick", 8),
      share: draws.between("op.share", 0, 1),
    }));
  }
  operations.push(...drawReplays(draws, chaosMs, targets));
  operations.push(...drawRedrives(draws, { chaosMs, targets, classes: drawing.classes }));
  return operations.sort((one, other) => one.at - other.at);
}
