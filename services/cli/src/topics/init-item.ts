import type { PushStep } from "@millrace/schemas";
import type { Column } from "../output/table.ts";
import type { TopicDifference, TopicStep } from "./topic-plan.ts";

/** A topic or a schema of `init`, as it is printed. */
export type InitItem = TopicItem | SchemaInitItem;

interface TopicItem {
  readonly what: "topic";
  readonly name: string;
  /** `create` in a plan, `created` once it is done. */
  readonly action: "create" | "created" | "kept" | "differs";
  readonly purpose: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
  readonly differences: readonly TopicDifference[];
}

interface SchemaInitItem {
  readonly what: "schema";
  readonly name: string;
  readonly action: "create" | "created" | "update" | "updated" | "kept" | "refused";
  /** The registry's; null where there is none yet. */
  readonly id: number | null;
  readonly changes: readonly string[];
  readonly problems: readonly string[];
}

/** Whether a step is yet to be done or has been. */
export type StepState = "planned" | "done";

/** The item of a topic's step. */
export function topicItem({ topic, action, differences }: TopicStep, is: StepState): TopicItem {
  const { name, purpose, partitions, config } = topic;
  const actions = {
    create: is === "done" ? "created" : "create",
    keep: "kept",
    differs: "differs",
  } as const;
  return {
    what: "topic",
    name,
    action: actions[action],
    purpose,
    partitions,
    config,
    differences,
  };
}

/** The item of a schema's step; `id` is the registry's answer. */
export function schemaInitItem(
  { subject, action, changes, problems }: PushStep,
  is: StepState,
  id: number | null,
): SchemaInitItem {
  const actions = {
    create: is === "done" ? "created" : "create",
    update: is === "done" ? "updated" : "update",
    keep: "kept",
  } as const;
  return {
    what: "schema",
    name: subject,
    action: problems.length > 0 ? "refused" : actions[action],
    id,
    changes: changes.map(({ text }) => text),
    problems,
  };
}

/** The table of `init`. */
export const INIT_COLUMNS: readonly Column<InitItem>[] = [
  { name: "what", cell: ({ what }) => what },
  { name: "name", cell: ({ name }) => name },
  { name: "action", cell: ({ action }) => action },
  { name: "detail", cell: detailOf },
];

function detailOf(item: InitItem): string {
  if (item.what === "schema") return item.id === null ? "" : `id ${item.id}`;
  const count = item.partitions === 1 ? "1 partition" : `${item.partitions} partitions`;
  return `${item.purpose}, ${count}`;
}
