import { diffSchemas, type CatalogType, type Registry } from "@millrace/schemas";
import { loadContracts } from "../catalog-choice.ts";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { nearestHint } from "@millrace/schemas";
import { typeResolver } from "../input/event-type.ts";
import { print } from "../output/print.ts";
import type { Column } from "../output/table.ts";

/** What is compared. */
export interface DiffOptions {
  readonly catalog: string | undefined;
  /** One event type; undefined: all. */
  readonly type: string | undefined;
}

interface DiffItem {
  readonly subject: string;
  /** The registry's newest version; null where it has none. */
  readonly version: number | null;
  /** `+`, `-` or `~`, the place and what changed. */
  readonly change: string;
}

const COLUMNS: readonly Column<DiffItem>[] = [
  { name: "subject", cell: ({ subject }) => subject },
  { name: "version", cell: ({ version }) => version?.toString() ?? "-", align: "right" },
  { name: "change", cell: ({ change }) => change },
];

/** Shows what a push would change; nothing where all is as the registry has it. */
export async function schemasDiff(
  context: CommandContext,
  options: DiffOptions,
): Promise<ExitCode> {
  const { catalog, registry } = await loadContracts(context, options.catalog);
  const types = chosen([...catalog.types.values()], options.type);
  const items: DiffItem[] = [];
  for (const type of types) items.push(...(await changesOf(type, registry)));
  await print(context, { kind: "SchemaDiff", items }, COLUMNS);
  if (items.length === 0) context.terminal.note("no differences");
  return EXIT.ok;
}

async function changesOf(
  { subject, avro }: CatalogType,
  registry: Registry,
): Promise<readonly DiffItem[]> {
  const latest = await registry.latest(subject);
  const changes = diffSchemas(latest?.avro ?? null, avro);
  return changes.map(({ text }) => ({ subject, version: latest?.version ?? null, change: text }));
}

function chosen(types: readonly CatalogType[], name: string | undefined): readonly CatalogType[] {
  if (name === undefined) return types;
  const resolved = typeResolver(types.map(({ type }) => type))(name);
  const found = types.filter(({ type }) => type === resolved);
  if (found.length > 0) return found;
  const known = types.map(({ type }) => type);
  throw new CliError(EXIT.notFound, `no such event type in the catalogue: ${name}`, {
    hint: nearestHint(name, known, "it has none"),
  });
}
