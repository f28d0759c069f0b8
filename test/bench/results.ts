/** Results as a document: what was measured, on which machine, of which versions. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FamilyRow } from "./families/family-row.ts";
import type { Row } from "./main/row.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RESULTS = fileURLToPath(new URL("results/", import.meta.url));

/** Where and of what results are. */
export interface Circumstances {
  /** RFC 3339. */
  readonly at: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly kernel: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
  /** Whether the tree differs from the commit. */
  readonly isModified: boolean;
}

/** The document of `--json`, and of `results/`. */
export interface BenchDocument extends Circumstances {
  readonly apiVersion: "millrace/v1";
  readonly kind: "BenchResults";
  readonly items: readonly (FamilyRow | Row)[];
}

/** The document of some rows, measured here and now. */
export function documentOf(items: BenchDocument["items"]): BenchDocument {
  return { apiVersion: "millrace/v1", kind: "BenchResults", ...circumstances(), items };
}

/** Writes a document and its charts to a folder of their day and commit; the path of the folder. */
export function keepResults(document: BenchDocument, charts: ReadonlyMap<string, string>): string {
  const folder = join(RESULTS, `${document.at.slice(0, 10)}-${document.commit.slice(0, 7)}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(document, null, 2)}\n`);
  for (const [name, chart] of charts) writeFileSync(join(folder, name), chart);
  return folder;
}

function circumstances(): Circumstances {
  const said = (program: string, ...args: readonly string[]): string =>
    execFileSync(program, [...args], { cwd: ROOT, encoding: "utf8" }).trim();
  return {
    at: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      // Of the machine: this process is kept off the subject's.
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 1_073_741_824),
      kernel: release(),
    },
    versions: {
      ...{ node: process.version, undici: versionOf("undici") },
      ...{ kafka: "4.4.0", registry: "3.3.2", go: said("go", "env", "GOVERSION") },
    },
    commit: said("git", "rev-parse", "HEAD"),
    isModified: said("git", "status", "--porcelain") !== "",
  };
}

/** Of a package that is installed: Node has an undici of its own, which nobody here calls with. */
function versionOf(name: string): string {
  const path = join(ROOT, "node_modules", name, "package.json");
  const description: unknown = JSON.parse(readFileSync(path, "utf8"));
  return String(Reflect.get(Object(description), "version"));
}
