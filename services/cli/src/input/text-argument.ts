import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { CliError, reasonOf } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";

/**
 * The text an argument stands for: `@file` its content, `-` standard input, anything else itself.
 * @throws CliError when the file cannot be read.
 */
export async function readTextArgument(argument: string, input: Readable): Promise<string> {
  if (argument === "-") return textOf(input);
  return argument.startsWith("@") ? readTextFile(argument.slice(1)) : argument;
}

/** A file's text, `-` for standard input. @throws CliError when it cannot be read. */
export function readTextSource(path: string, input: Readable): Promise<string> {
  return path === "-" ? textOf(input) : readTextFile(path);
}

async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isMissing) throw new CliError(EXIT.notFound, `no such file: ${path}`, { cause: error });
    const message = `cannot read ${path}: ${reasonOf(error)}`;
    throw new CliError(EXIT.error, message, { cause: error });
  }
}
