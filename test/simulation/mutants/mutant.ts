/** Planted bugs: patches against the production sources of the engine, each with what it stands for. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));
const ENGINE = fileURLToPath(new URL("../../../services/engine/", import.meta.url));

/** A patch file: words first, then a unified diff against `services/engine`. */
export interface Mutant {
  /** Its file's name without the suffix. */
  readonly name: string;
  readonly path: string;
  /** The real bug it stands for. */
  readonly standsFor: string;
}

/** An engine with a bug in it, to be removed when it is no longer needed. */
export interface MutantEngine {
  readonly path: string;
  remove(): void;
}

/** A patch that no longer fits the sources. */
export class PatchOutdated extends Error {
  override readonly name = "PatchOutdated";
}

/** All mutants, by name. */
export function listMutants(): readonly Mutant[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".patch"));
  return files.sort().map((file) => {
    const path = join(FOLDER, file);
    const [words = ""] = readFileSync(path, "utf8").split(/^--- /mu);
    return {
      name: file.replace(/\.patch$/u, ""),
      path,
      standsFor: words.trim().replaceAll(/\s+/gu, " "),
    };
  });
}

/**
 * Copies the engine's sources and applies the patch to the copy.
 * @throws PatchOutdated.
 */
export function plant({ name, path }: Mutant): MutantEngine {
  const folder = mkdtempSync(join(tmpdir(), "millrace-mutant-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  cpSync(ENGINE, folder, {
    recursive: true,
    filter: (source) => !/\/(?:node_modules|dist|testing)$|\.test\.ts$/u.test(source),
  });
  try {
    execFileSync("patch", ["-p1", "--fuzz=0", "--batch", "--silent", "--input", path], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    remove();
    const said = error instanceof Error && "stdout" in error ? String(error.stdout).trim() : "";
    throw new PatchOutdated(`the patch of mutant ${name} no longer applies: ${said}`);
  }
  return { path: folder, remove };
}
