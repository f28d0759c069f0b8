/** Draws what a seed runs. Swarm: some classes of faults are off in it, most where it is about something; others are of any strength. */
import { asTopic } from "@millrace/engine";
import { crowded } from "./crowded-plan.ts";
import { drawFoci } from "./draw-foci.ts";
import { drawOperations } from "./draw-operations.ts";
import { HOT_KEY, drawTarget } from "./draw-target.ts";
import { Draws } from "./draws.ts";
import { FAULT_CLASSES } from "./fault-classes.ts";
import type { BrokerFaults, RequestFaults } from "./fault-plan.ts";
import { renamed } from "./key-names.ts";
import type { EventPlan, Fate, Plan, TargetPlan, TopicPlan } from "./plan.ts";
import { aimedClasses, isOverslept as isOversleptFocus, strongClasses } from "./focus.ts";
import {
  isRestlessStart,
  RESTLESS_FAULTS,
  RESTLESS_FOCI,
  RESTLESS_FREEZES_MS,
  RESTLESS_SLOTS_MIN,
} from "./restless-start.ts";
import { Strength, type Drawing } from "./strength.ts";
import { tight } from "./tight-plan.ts";
import { wide } from "./wide-plan.ts";

/** Seeds with thousands of events: each costs as much as twenty others. */
const WIDE_SHARE = 0.005;
const CROWDED_SHARE = 0.08;
/** Share of classes that are off. */
const OFF_SHARES = [0.3, 0.5, 0.7] as const;
/** The same where a seed is about something: with all that besides, a process is hardly ever in its group. */
const OFF_SHARES_FOCUSED = [0.7, 0.9, 0.97] as const;
const KEY_COUNT_MAX = 20;
/** States of keys of which more events come meanwhile. */
const FEW_KEYED = ["lane-held", "lane-releasing", "lane-owing"] as const;
const FEW_KEYS_MAX = 8;
/** States that are met by writes about what cannot be delivered. */
const REFUSED = [
  ...FEW_KEYED,
  ...(["breaker-half-open", "generation-over", "membership-none"] as const),
];
const HOT_SHARE = 0.3;
const SESSION_MS = 10_000;
/** States of what is under way when a drain is over. */
const OVERDUE = ["generation-over", "lane-marking"] as const;
/** The usual one, and one that is shorter than much of what it waits for. */
const DRAINS_MS = [45_000, 45_000, 45_000, 2_000] as const;
const DRAINS_MS_OVERDUE = [2_000, 200] as const;
/** The usual one, and one that is shorter than many calls. */
const STOP_BUDGETS_MS = [47_000, 47_000, 1_000] as const;
/** Timers are exact, or come a little too early, as those of Node do. */
const TIMERS_EARLY_MS = [0, 0, 0.75] as const;
const CHAOS_MS = [3_000, 10_000, 30_000, 60_000, 120_000];
/** States come about, and last. */
const CHAOS_MS_FOCUSED = [60_000, 120_000];
/** Processes of a seed that is about newcomers. */
const NEWCOMERS_MAX = 6;
const FREEZES_MS = [200, 3_000, 9_000, 12_000, 25_000] as const;
const RECORD_BYTES_MAX = 1_048_576;
/** Topics that get more partitions. */
const ADDED_SHARE = 0.15;
/** Of later events, those that are written there. */
const IN_ADDED_SHARE = 0.4;

/** Draws the plan of a seed. */
export function drawPlan(seed: number): Plan {
  const draws = new Draws(seed);
  const plan = drawUsualPlan(seed, draws);
  const dice = draws.between("plan.kind", 0, 1);
  if (dice < WIDE_SHARE) return wide(plan, draws);
  const shaped = dice < WIDE_SHARE + CROWDED_SHARE ? crowded(plan, draws) : tight(plan, draws);
  // Where little fits into a topic, keys are as long as they may be.
  return shaped.recordBytesMax < plan.recordBytesMax ? shaped : renamed(shaped, draws);
}

function drawUsualPlan(seed: number, draws: Draws): Plan {
  const foci = drawFoci(draws);
  const offShare = draws.pick("swarm.off", foci.length > 0 ? OFF_SHARES_FOCUSED : OFF_SHARES);
  const classes = new Set(
    FAULT_CLASSES.filter((name) => draws.chance(`swarm.${name}`, 1 - offShare)),
  );
  const aimed = aimedClasses(foci);
  for (const fault of aimed) classes.add(fault);
  const isRestless = isRestlessStart(draws);
  const strong = new Set([...strongClasses(foci), ...(isRestless ? RESTLESS_FAULTS : [])]);
  for (const fault of strong) classes.add(fault);
  const strength = new Strength(draws, classes, strong);
  const states = new Set(foci.map(({ state }) => state));
  const isOverdue =
    OVERDUE.some((state) => states.has(state)) || foci.some(({ fault }) => fault === "refetch");
  const chaosMs = draws.pick("plan.chaos", foci.length > 0 ? CHAOS_MS_FOCUSED : CHAOS_MS);
  const isOverslept = foci.some(isOversleptFocus);
  const topics = drawTopics(draws, chaosMs);
  const names = topics.map(({ name }) => name);
  const drawing = { draws, strength, chaosMs, classes, strong, states, isOverslept, isRestless };
  const usualCount = 1 + draws.below("plan.slots", 3);
  const slotCount = aimed.has("scale-out")
    ? NEWCOMERS_MAX
    : Math.max(usualCount, isRestless ? RESTLESS_SLOTS_MIN : 0);
  const targets = Array.from(
    { length: draws.chance("plan.targets", foci.length > 0 ? 0.85 : 0.25) ? 2 : 1 },
    (_, index) => drawTarget(drawing, index === 0 ? "crm" : "audit", names),
  );
  return {
    seed,
    chaosMs,
    sessionMs: SESSION_MS,
    drainMs: draws.pick("plan.drain", isOverdue ? DRAINS_MS_OVERDUE : DRAINS_MS),
    stopBudgetMs: draws.pick("plan.stop-budget", isOverdue ? [1_000] : STOP_BUDGETS_MS),
    timersEarlyMs: draws.pick("plan.timers", TIMERS_EARLY_MS),
    slotCount,
    topics,
    targets,
    events: drawEvents(drawing, topics, targets),
    operations: drawOperations(drawing, slotCount, targets),
    broker: drawBrokerFaults(strength),
    crashes: {
      send: strength.of("crash-in-send", 0.0005, 0.01),
      commit: strength.of("crash-in-commit", 0.0005, 0.01),
      produce: strength.of("crash-in-produce", 0.005, 0.1),
      state: strength.of("crash-in-state", 0.005, 0.05),
    },
    freezes: {
      share: strength.of("freeze", 0.0005, 0.01),
      forMs: draws.pick("plan.freeze", isRestless ? RESTLESS_FREEZES_MS : FREEZES_MS),
    },
    refetchShare: strength.of("refetch", 0.1, 1),
    recordBytesMax: RECORD_BYTES_MAX,
    classes,
    foci: isRestless ? [...foci, ...RESTLESS_FOCI] : foci,
  };
}

function drawTopics(draws: Draws, chaosMs: number): readonly TopicPlan[] {
  const count = draws.chance("plan.topics", 0.25) ? 2 : 1;
  return ["orders", "users"].slice(0, count).map((name): TopicPlan => {
    const topic = { name: asTopic(name), partitionCount: 1 + draws.below("plan.partitions", 4) };
    if (!draws.chance("plan.added", ADDED_SHARE)) return topic;
    const at = draws.between("plan.added", 0, chaosMs * 0.7);
    return { ...topic, added: { count: 1 + draws.below("plan.added", 2), at } };
  });
}

function drawBrokerFaults(strength: Strength): BrokerFaults {
  const late = strength.of("straggler", 0.005, 0.1);
  const of = (kind: "commit" | "produce" | "state" | "group"): RequestFaults => ({
    lost: strength.of(`${kind}-lost`, 0.002, 0.15),
    unanswered: strength.of(`${kind}-unanswered`, 0.002, 0.15),
    delayed: strength.of(`${kind}-delayed`, 0.01, 0.4),
    delayMaxMs: 3_000,
    late: kind === "group" ? 0 : late,
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
  { draws, strength, chaosMs, classes, states }: Drawing,
  topics: readonly TopicPlan[],
  targets: readonly TargetPlan[],
): readonly EventPlan[] {
  const count = (states.size > 0 ? 100 : 50) + draws.below("plan.events", 250);
  const isRefused = REFUSED.some((state) => states.has(state));
  const isOfFew = FEW_KEYED.some((state) => states.has(state));
  const keyCount = 1 + draws.below("plan.keys", isOfFew ? FEW_KEYS_MAX : KEY_COUNT_MAX);
  // Some seeds begin with a backlog, some get everything in a burst.
  const isFocused = states.size > 0;
  const spreadMs = chaosMs * draws.pick("plan.spread", [isFocused ? 0.9 : 0.02, 0.3, 0.9, 0.9]);
  const nullShare = draws.pick("plan.null-keys", [0, 0.05, 0.3]);
  const filteredShare = draws.pick("plan.filtered", [0, 0.1, 0.5]);
  const shares = {
    gap: strength.of("gaps", 0.01, 0.3),
    undeliverable: strength.of("undeliverable", 0.005, isRefused ? 0.3 : 0.1),
    reject: strength.of("reject", 0.005, isRefused ? 0.3 : 0.1),
  };
  const events = Array.from({ length: count }, (_, index): EventPlan => {
    const topic = draws.pick("event.topic", topics);
    const name = draws.chance("event.null", nullShare)
      ? null
      : draws.chance("event.hot", HOT_SHARE)
        ? HOT_KEY
        : `k${draws.below("event.key", keyCount)}`;
    const at = draws.between("event.at", 0, spreadMs);
    const added = drawAdded(topic, at, draws);
    const key = name === null || added === null ? name : `${name}-${added}`;
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
      at,
      topic: topic.name,
      partition: added ?? partitionOf(key, topic, draws),
      key,
      gapCount: draws.chance("event.gap", shares.gap) ? 1 + draws.below("event.gap", 5) : 0,
      schemaId: 1 + draws.below("event.schema", classes.has("registry-outage") ? 6 : 2),
      fates,
    };
  });
  return events.sort((one, other) => one.at - other.at);
}

/** An added partition that an event is written to; its keys are its own, since no order holds between partitions. */
function drawAdded({ partitionCount, added }: TopicPlan, at: number, draws: Draws): number | null {
  if (added === undefined || at <= added.at || !draws.chance("event.added", IN_ADDED_SHARE))
    return null;
  return partitionCount + draws.below("event.added", added.count);
}

function partitionOf(key: string | null, { partitionCount }: TopicPlan, draws: Draws): number {
  if (key === null) return draws.below("event.partition", partitionCount);
  let sum = 0;
  for (let index = 0; index < key.length; index += 1) sum = sum * 31 + key.charCodeAt(index);
  return sum % partitionCount;
}
