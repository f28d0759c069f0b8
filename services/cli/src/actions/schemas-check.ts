import { checkCompatibility, type CompatibilityItem } from "@millrace/schemas";
import { loadContracts } from "../catalog-choice.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { print } from "../output/print.ts";
import type { Column } from "../output/table.ts";

/** What the catalogue is checked against. */
export interface CheckOptions {
  readonly catalog: string | undefined;
  /** `registry`: the history as well. */
  readonly against: "history" | "registry";
}

const COLUMNS: readonly Column<CompatibilityItem>[] = [
  { name: "subject", cell: ({ subject }) => subject },
  { name: "against", cell: ({ against, version }) => `${against} v${version}` },
  { name: "compatible", cell: ({ problems }) => (problems.length === 0 ? "yes" : "no") },
];

/** Checks BACKWARD_TRANSITIVE compatibility. Exit code 3 when a schema cannot read what an earlier one wrote. */
export async function schemasCheck(
  context: CommandContext,
  options: CheckOptions,
): Promise<ExitCode> {
  const { catalog, registry } = await loadContracts(context, options.catalog);
  const isOffline = options.against === "history";
  const report = await checkCompatibility(catalog, isOffline ? null : registry);
  await print(context, { kind: "CompatibilityReport", items: report.items }, COLUMNS);
  const { terminal } = context;
  for (const { subject, against, version, problems } of report.items) {
    for (const problem of problems) {
      terminal.complain(`${subject}: against ${against} version ${version}: ${problem}`);
    }
  }
  for (const subject of report.unreleased) {
    terminal.note(`${subject}: not released: the catalogue's history does not have it yet`);
  }
  if (report.isCompatible) terminal.note(`${catalog.types.size} schemas, all compatible`);
  return report.isCompatible ? EXIT.ok : EXIT.partial;
}
