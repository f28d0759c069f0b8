/** A slip of the hand, made in every command of the program: what is meant is named. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { DEFAULT_CATALOG_PATH } from "@millrace/schemas";
import { afterAll, describe, expect, it } from "vitest";
import { leavesOf, testProgram } from "../test-support/test-program.ts";
import { isApp } from "./app.ts";
import { takesValue } from "./completion/read-words.ts";
import { EXIT } from "./exit-code.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-suggestions-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [CONFIG, OTHER] = ["millrace.yaml", "in-force.yaml"].map((name) => {
  const path = join(folder, name);
  writeFileSync(path, configuration());
  return path;
});

/** Nothing listens there: who asks a server before the names are looked at fails otherwise. */
function configuration(): string {
  const target = {
    ...{ topics: ["users"], startAt: "latest" },
    request: { method: "GET", url: "http://127.0.0.1:9/" },
  };
  return JSON.stringify({
    ...{ apiVersion: "millrace/v1", catalog: DEFAULT_CATALOG_PATH },
    ...{ kafka: { brokers: ["127.0.0.1:9"] }, registry: { url: "http://127.0.0.1:9" } },
    targets: { "profile-api": target, audit: target },
  });
}

async function millrace(...argv: readonly string[]) {
  const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const interrupts = { take: () => new AbortController().signal };
  const exitCode = await run(argv, { stdout, stderr, stdin, env: {}, interrupts });
  return { exitCode, stdout: String(stdout.read() ?? ""), told: String(stderr.read() ?? "") };
}

const LEAVES = leavesOf(testProgram()).filter(({ words }) => !isApp(words[0] ?? ""));

/** Something that each mandatory option takes, but those left out. */
function mandatory(command: CommandUnknownOpts, leftOut: readonly string[]): readonly string[] {
  const options = command.options.filter(
    ({ long, mandatory: isMandatory }) => isMandatory && !leftOut.includes(long ?? ""),
  );
  return options.flatMap(({ long, argChoices }) => [long ?? "", argChoices?.[0] ?? "earliest"]);
}

/** A word with two letters in the middle swapped, or the last one left out where it has too few. */
function misspelt(word: string): string {
  const at = word.startsWith("--") ? 3 : 1;
  const [one = "", other = ""] = [word[at], word[at + 1]];
  return other === "" || one === other
    ? word.slice(0, -1)
    : word.slice(0, at) + other + one + word.slice(at + 2);
}

describe("a misspelt command", () => {
  const paths = LEAVES.flatMap(({ words }) => words.map((_, index) => words.slice(0, index + 1)));
  const distinct = [...new Set(paths.map((words) => words.join(" ")))];

  it.each(distinct)("%s is refused with the one that is meant", async (path) => {
    const words = path.split(" ");
    const last = words.at(-1) ?? "";

    const { exitCode, stdout, told } = await millrace(...words.slice(0, -1), misspelt(last));

    expect({ exitCode, stdout }).toEqual({ exitCode: EXIT.usage, stdout: "" });
    expect(told).toContain(`unknown command '${misspelt(last)}'`);
    expect(told).toMatch(new RegExp(String.raw`Did you mean [^?]*\b${last}\b`, "u"));
  });
});

describe("a misspelt option", () => {
  const options = LEAVES.flatMap(({ words, command }) => {
    const help = command.createHelp();
    const all = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
    return all
      .filter(({ long }) => long !== "--help" && long !== "--version")
      .map((option) => [words.join(" "), option.long ?? "", { command, option }] as const);
  });

  it.each(options)("of %s, %s, is refused with the one that is meant", async (path, long, of) => {
    const { command, option }: { readonly command: CommandUnknownOpts; readonly option: Option } =
      of;
    const value = takesValue(option) ? ["earliest"] : [];
    const argv = [...path.split(" "), misspelt(long), ...value, ...mandatory(command, [long])];

    const { exitCode, stdout, told } = await millrace(...argv);

    expect({ exitCode, stdout }).toEqual({ exitCode: EXIT.usage, stdout: "" });
    expect(told).toMatch(new RegExp(`Did you mean [^?]*${long}`, "u"));
  });
});

type MisspeltTarget = readonly [path: string, args: readonly string[], command: CommandUnknownOpts];

describe("a misspelt target", () => {
  const MISSPELT = "profil-api";
  const commands = LEAVES.flatMap(({ words, command }): readonly MisspeltTarget[] => {
    const path = words.join(" ");
    const isArgument = command.registeredArguments[0]?.name().startsWith("target") === true;
    const isOption = command.options.some(({ long }) => long === "--target");
    if (isArgument) return [[path, [MISSPELT], command]];
    if (!isOption) return [];
    const others = command.registeredArguments.map(() => "users");
    return [[path, [...others, "--target", MISSPELT], command]];
  });

  it("may stand in many commands", () => {
    expect(commands.length).toBeGreaterThan(14);
  });

  it.each(commands)("of %s is refused with the one that is meant", async (path, args, command) => {
    const isComparison = command.options.some(({ long }) => long === "--against");
    const against = isComparison ? ["--against", OTHER ?? ""] : [];
    const words = [...path.split(" "), ...args, ...mandatory(command, ["--target"]), ...against];

    const { exitCode, stdout, told } = await millrace(...words, "-c", CONFIG ?? "");

    expect({ exitCode, stdout }).toEqual({ exitCode: EXIT.notFound, stdout: "" });
    expect(told).toContain(MISSPELT);
    expect(told).toContain("did you mean profile-api?");
  });
});

describe("a misspelt event type", () => {
  it("is refused with the one that is meant", async () => {
    const words = ["schemas", "diff", "users.ProfilUpdated", "-c", CONFIG ?? ""];
    const { exitCode, told } = await millrace(...words);

    expect(exitCode).toBe(EXIT.notFound);
    expect(told).toContain("did you mean users.ProfileUpdated?");
  });
});
