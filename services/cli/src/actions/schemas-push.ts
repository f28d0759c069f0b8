import { applyPush, planPush, type PushPlan } from "@millrace/schemas";
import { loadContracts } from "../catalog-choice.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import { SCHEMA_COLUMNS, schemaItem } from "../schema-item.ts";

/** What is pushed, and whether it is. */
export interface PushOptions {
  readonly catalog: string | undefined;
  readonly mode: "show" | "do";
}

/** Registers the catalogue's schemas, all or none; idempotent. Exit code 3 when any is incompatible. */
export async function schemasPush(
  context: CommandContext,
  options: PushOptions,
): Promise<ExitCode> {
  const { catalog, registry } = await loadContracts(context, options.catalog);
  const plan = await planPush(catalog, registry);
  const mayPush = plan.isPossible && options.mode === "do";
  const pushed = mayPush ? await applyPush(plan, registry) : [];
  const ids = new Map(pushed.map(({ subject, id }) => [subject, id]));
  const items = plan.steps.map((step) => schemaItem(step, ids.get(step.subject) ?? step.id));
  const kind = options.mode === "do" ? "PushedSchemas" : "PushPlan";
  await print(context, { kind, items }, SCHEMA_COLUMNS);
  return concludePush(context, plan);
}

/** Tells why schemas are refused; the exit code of a push. */
export function concludePush(
  { terminal }: CommandContext,
  { steps, isPossible }: PushPlan,
): ExitCode {
  for (const { subject, problems } of steps) {
    for (const problem of problems) terminal.complain(`${subject}: ${problem}`);
  }
  if (isPossible) return EXIT.ok;
  terminal.complain("schemas that cannot read what was written before: none was registered");
  return EXIT.partial;
}
