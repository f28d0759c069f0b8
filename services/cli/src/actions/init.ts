import { asTopic } from "@millrace/engine";
import { createTopicAdmin, type TopicAdmin } from "@millrace/kafka";
import { applyPush, planPush, type PushPlan, type Registry } from "@millrace/schemas";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { connectionOf, loadSettings, registryOf, type Settings } from "../settings.ts";
import { desiredSchemas } from "../topics/desired-schema.ts";
import { desiredTopics, foreignTopics } from "../topics/desired-topic.ts";
import {
  INIT_COLUMNS,
  schemaInitItem,
  topicItem,
  type InitItem,
  type StepState,
} from "../topics/init-item.ts";
import { readTopicPlan } from "../topics/read-topics.ts";
import { adviceFor, type TopicStep } from "../topics/topic-plan.ts";

interface InitPlan {
  readonly topics: readonly TopicStep[];
  readonly schemas: PushPlan;
  /** Topics that targets read, that the catalogue does not have and that do not exist. */
  readonly missing: readonly string[];
}

/**
 * Creates topics and registers schemas; what is there stays as it is, so it may run any number of times. Schemas go
 * first: nothing is created for a catalogue whose schemas are refused. Exit code 3 when anything differs or is refused.
 */
export async function init(context: CommandContext, mode: "show" | "do"): Promise<ExitCode> {
  const settings = await loadSettings(context);
  context.terminal.detail(`settings of ${settings.origin}: ${settings.kafka.brokers.join(", ")}`);
  const registry = registryOf(settings);
  const admin = createTopicAdmin({ connection: connectionOf(settings) });
  try {
    const plan = await makePlan(settings, admin, registry);
    const isDone = mode === "do" && plan.schemas.isPossible;
    const ids = isDone ? await carryOut(plan, admin, registry) : new Map<string, number>();
    await show(context, itemsOf(plan, isDone ? "done" : "planned", ids), mode);
    return conclude(context, plan);
  } finally {
    await admin.close();
  }
}

async function makePlan(
  settings: Settings,
  admin: TopicAdmin,
  registry: Registry,
): Promise<InitPlan> {
  const foreign = foreignTopics(settings).map((name) => asTopic(name));
  const found = await admin.describeTopics(foreign);
  const counts = Array.from(found, ([name, { partitionCount }]) => [name, partitionCount] as const);
  return {
    topics: await readTopicPlan(admin, desiredTopics(settings, new Map<string, number>(counts))),
    missing: foreign.filter((name) => !found.has(name)),
    schemas: await planPush(desiredSchemas(settings), registry),
  };
}

/** Resolves to the schemas' ids by subject. */
async function carryOut(
  { topics, schemas }: InitPlan,
  admin: TopicAdmin,
  registry: Registry,
): Promise<ReadonlyMap<string, number>> {
  const pushed = await applyPush(schemas, registry);
  const missing = topics.filter(({ action }) => action === "create");
  if (missing.length > 0) {
    await admin.createTopics(
      missing.map(({ topic: { name, partitions, config } }) => ({
        topic: asTopic(name),
        partitionCount: partitions,
        config,
      })),
    );
  }
  return new Map(pushed.map(({ subject, id }) => [subject, id]));
}

function itemsOf(
  { topics, schemas }: InitPlan,
  is: StepState,
  ids: ReadonlyMap<string, number>,
): readonly InitItem[] {
  return [
    ...topics.map((step) => topicItem(step, is)),
    ...schemas.steps.map((step) => schemaInitItem(step, is, ids.get(step.subject) ?? step.id)),
  ];
}

async function show(
  context: CommandContext,
  items: readonly InitItem[],
  mode: "show" | "do",
): Promise<void> {
  await print(context, { kind: mode === "do" ? "Init" : "InitPlan", items }, INIT_COLUMNS);
  const counts = Map.groupBy(items, ({ action }) => action);
  const summary = Array.from(counts, ([action, of]) => `${of.length} ${action}`).join(", ");
  context.terminal.note(mode === "do" ? summary : `${summary}; nothing was done (--dry-run)`);
}

function conclude({ terminal }: CommandContext, { topics, schemas, missing }: InitPlan): ExitCode {
  for (const name of missing) {
    terminal.complain(`topic ${name} does not exist: a target reads it, the catalogue lacks it`);
  }
  for (const step of topics) {
    if (step.action !== "differs") continue;
    const differences = step.differences
      .map(({ setting, is, shouldBe }) => `${setting} is ${is}, not ${shouldBe}`)
      .join("; ");
    terminal.complain(`topic ${step.topic.name} differs: ${differences}\n  ${adviceFor(step)}`);
  }
  for (const { subject, problems } of schemas.steps) {
    for (const problem of problems) terminal.complain(`schema ${subject} is refused: ${problem}`);
  }
  if (!schemas.isPossible) terminal.complain("nothing was created: a schema is incompatible");
  const differs = topics.some(({ action }) => action === "differs");
  return schemas.isPossible && !differs && missing.length === 0 ? EXIT.ok : EXIT.partial;
}
