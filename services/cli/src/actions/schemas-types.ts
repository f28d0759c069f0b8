import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateTypes } from "@millrace/schemas";
import { loadContracts } from "../catalog-choice.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";

/** Where the types go, and whether they are written or compared. */
export interface TypesOptions {
  readonly catalog: string | undefined;
  /** A folder. */
  readonly out: string;
  readonly mode: "write" | "compare";
}

/** Writes the TypeScript types of a catalogue, or tells (exit code 3) which of its files are not as they should be. */
export async function schemasTypes(
  context: CommandContext,
  options: TypesOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const { catalog } = await loadContracts(context, options.catalog);
  const files = [...generateTypes(catalog)].map(([name, text]) => ({
    path: join(options.out, name),
    text,
  }));
  if (options.mode === "write") {
    await mkdir(options.out, { recursive: true });
    for (const { path, text } of files) await writeFile(path, text);
    terminal.note(`wrote ${files.length} files to ${options.out}`);
    return EXIT.ok;
  }
  const stale: string[] = [];
  for (const { path, text } of files) if ((await textOf(path)) !== text) stale.push(path);
  for (const path of stale) terminal.complain(`${path}: not what the catalogue says`);
  return stale.length === 0 ? EXIT.ok : EXIT.partial;
}

async function textOf(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}
