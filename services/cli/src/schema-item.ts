import type { PushStep } from "@millrace/schemas";
import type { Column } from "./output/table.ts";

/** A schema in a push, as it is printed. */
export interface SchemaItem {
  readonly subject: string;
  readonly type: string;
  /** In words of what was done, or of what would be: both are read as a state that holds after. */
  readonly action: "create" | "update" | "keep" | "refuse";
  /** The registry's id; null where there is none yet. */
  readonly id: number | null;
  /** One line each, beginning with `+`, `-` or `~`. */
  readonly changes: readonly string[];
  /** The compatibility level that is set; null where it is right. */
  readonly setLevel: string | null;
  /** Why it cannot be registered. */
  readonly problems: readonly string[];
}

/** The item of a planned step; `id` is the registry's answer once it was pushed. */
export function schemaItem(step: PushStep, id: number | null = step.id): SchemaItem {
  const { subject, type, action, changes, setLevel, problems } = step;
  return {
    subject,
    type,
    action: problems.length > 0 ? "refuse" : action,
    id,
    changes: changes.map(({ text }) => text),
    setLevel,
    problems,
  };
}

/** The table of `schemas push`. */
export const SCHEMA_COLUMNS: readonly Column<SchemaItem>[] = [
  { name: "subject", cell: ({ subject }) => subject },
  { name: "action", cell: ({ action }) => action },
  { name: "id", cell: ({ id }) => id?.toString() ?? "-", align: "right" },
  { name: "changes", cell: ({ changes }) => changes.length.toString(), align: "right" },
];
