/**
 * How far the emission of a file came, kept beside the stack's state until the file is done. Only acknowledged lines
 * count; the digest of their text tells whether the file is still the one that was begun.
 */
import { createHash, type Hash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { findHome } from "@millrace/local";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { LineMapping } from "../input/event-line.ts";

/** What the state file holds. */
export interface Checkpoint {
  /** Every line up to this one, counted from 1, is acknowledged, blank or was reported as invalid. */
  readonly line: number;
  /** Of those lines, how many were invalid. */
  readonly invalidCount: number;
  /** SHA-256 of their text, hexadecimal. */
  readonly digest: string;
}

/** The state file of one file emitted in one way: another source or mapping makes other events, hence another state. */
export function statePath(file: string, mapping: LineMapping, env: NodeJS.ProcessEnv): string {
  const identity = JSON.stringify(["v1", resolve(file), mapping]);
  const name = createHash("sha256").update(identity).digest("hex").slice(0, 32);
  return join(findHome(process.cwd(), env), "emit", `${name}.json`);
}

/** Reads a checkpoint; null where there is none that can be used. */
export async function readCheckpoint(path: string): Promise<Checkpoint | null> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, "utf8"));
    return isCheckpoint(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** Writes a checkpoint, whole or not at all. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, `${JSON.stringify({ version: 1, ...checkpoint })}\n`);
  await rename(`${path}.part`, path);
}

/** Forgets a checkpoint. */
export async function removeCheckpoint(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** The digest of a file's lines so far. */
export class LineDigest {
  readonly #hash: Hash = createHash("sha256");

  /** Adds the next line; null for one that could not be read. */
  add(text: string | null): void {
    this.#hash.update(text ?? "\u0000").update("\n");
  }

  get value(): string {
    return this.#hash.copy().digest("hex");
  }
}

/** @throws CliError when the lines up to a checkpoint are not those it was made from. */
export function assertSameLines(file: string, checkpoint: Checkpoint, digest: LineDigest): void {
  if (digest.value === checkpoint.digest) return;
  throw new CliError(
    EXIT.precondition,
    `cannot resume: ${file} has changed before line ${checkpoint.line + 1} since it was interrupted`,
    { hint: "without --resume all of it is emitted, lines that did not change with their old ids" },
  );
}

function isCheckpoint(value: unknown): value is Checkpoint {
  if (typeof value !== "object" || value === null) return false;
  const { version, line, invalidCount, digest } = value as Partial<Record<string, unknown>>;
  return (
    version === 1 &&
    Number.isSafeInteger(line) &&
    Number.isSafeInteger(invalidCount) &&
    typeof digest === "string"
  );
}
