import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { describe, expect, it } from "vitest";
import { EXIT } from "./exit-code.ts";
import { createProgram } from "./program.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The rows of a table of the README, cells trimmed. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const lines = README.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${heading}`));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split(/(?<!\\)\|/u)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function commandRows(command: CommandUnknownOpts, name: string): readonly (readonly string[])[] {
  const visible = command.createHelp().visibleCommands(command);
  const own = visible.filter((one) => one.name() !== "help");
  if (own.length > 0) return own.flatMap((one) => commandRows(one, `${name} ${one.name()}`));
  const usage = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [[`\`${[name, ...usage].join(" ")}\``, command.description()]];
}

describe("the README", () => {
  it("lists every command as --help describes it", () => {
    const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const interrupts = { take: () => AbortSignal.abort() };
    const { command } = createProgram({ stdout, stderr, stdin, env: {}, interrupts });

    expect(rowsOf("command ")).toEqual(commandRows(command, "millrace"));
  });

  it("lists every exit code", () => {
    expect(rowsOf("exit code ").map(([code]) => Number(code))).toEqual(Object.values(EXIT));
  });
});
