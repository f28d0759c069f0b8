import { PassThrough } from "node:stream";
import { MillraceError } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { OutputFormat } from "../output/document.ts";
import { Terminal, type OutputStream } from "../output/terminal.ts";
import type { Report } from "./report.ts";
import { watch } from "./watch.ts";

interface Item {
  readonly round: number;
}

class FakeStream implements OutputStream {
  readonly columns = 30;
  readonly rows = 6;
  readonly isTTY: boolean;
  text = "";

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }

  on(): void {
    // Nothing goes wrong here.
  }
}

/** Rounds of a watch that is interrupted after `rounds` of them; what a round gives is the test's. */
async function watched(of: {
  readonly rounds: number;
  readonly ask?: (round: number) => Promise<Report<Item>>;
  readonly output?: OutputFormat;
  readonly isTty?: boolean;
}): Promise<{ code: ExitCode; stdout: string; stderr: string; pausesMs: readonly number[] }> {
  const { rounds, ask = reported, isTty = false } = of;
  const [output, error] = [new FakeStream(isTty), new FakeStream(isTty)];
  const interrupt = new AbortController();
  const context: CommandContext = {
    terminal: new Terminal({ output, error, env: {}, verbosity: "normal", colour: "auto" }),
    output: of.output ?? null,
    configPath: null,
    env: {},
    input: new PassThrough(),
    asking: "never",
    interrupts: { take: () => interrupt.signal },
  };
  const pausesMs: number[] = [];
  let round = 0;
  const code = await watch(context, () => ask((round += 1)), {
    intervalMs: 2_000,
    pause(durationMs) {
      pausesMs.push(durationMs);
      if (pausesMs.length === rounds) interrupt.abort();
      return Promise.resolve();
    },
  });
  return { code, stdout: output.text, stderr: error.text, pausesMs };
}

const reported = (round: number): Promise<Report<Item>> => Promise.resolve(reportOf({ round }));

function reportOf(...items: readonly Item[]): Report<Item> {
  return {
    at: "2026-11-26T10:20:57.123Z",
    document: { kind: "Rounds", items },
    columns: [{ name: "round", cell: ({ round }) => String(round) }],
    note: "a note that is wider than this screen",
    complaints: [],
    exitCode: EXIT.ok,
  };
}

const away = (): Promise<never> =>
  Promise.reject(new MillraceError("BROKER_UNREACHABLE", "no broker"));

describe("watch", () => {
  it("asks until it is interrupted, pausing in between, and ends with 130", async () => {
    const { code, pausesMs } = await watched({ rounds: 3 });

    expect(code).toBe(130);
    expect(pausesMs).toEqual([2_000, 2_000, 2_000]);
  });

  it("writes lines of JSON where nobody looks on", async () => {
    const { stdout } = await watched({ rounds: 2 });

    expect(stdout).toBe('{"round":1}\n{"round":2}\n');
  });

  it("writes a document for each round in YAML, and a table for each where one is asked for", async () => {
    const yaml = await watched({ rounds: 2, output: "yaml" });
    const table = await watched({ rounds: 2, output: "table" });

    expect(yaml.stdout.match(/^---\napiVersion: millrace\/v1$/gmu)).toHaveLength(2);
    expect(table.stdout).toBe("ROUND\n1\n\nROUND\n2\n\n");
  });

  it("refuses JSON before it asks", async () => {
    const asked = watched({
      rounds: 1,
      output: "json",
      ask: () => Promise.reject(new Error("asked")),
    });

    await expect(asked).rejects.toMatchObject({ exitCode: 2, hint: "use -o ndjson" });
  });

  it("draws each round over the one before, cut to the screen", async () => {
    const { stdout } = await watched({ rounds: 2, isTty: true });

    const [first, second] = stdout.split("\u001b[H").slice(1);
    expect(second).toBe(first?.replace("\n1\u001b", "\n2\u001b"));
    const lines = first?.split("\u001b[K\n");
    expect(lines).toEqual([
      "10:20:57 UTC, every 2s, Ctrl…",
      "ROUND",
      "1",
      "a note that is wider than th…",
      "\u001b[J",
    ]);
  });

  it("says how many lines a screen has no room for", async () => {
    const items = Array.from({ length: 9 }, (_, round) => ({ round }));

    const { stdout } = await watched({
      rounds: 1,
      isTty: true,
      ask: () => Promise.resolve(reportOf(...items)),
    });

    expect(stdout.split("\u001b[K\n")).toHaveLength(6);
    expect(stdout).toContain("… 8 more lines");
  });

  it("tells of brokers that go away and asks on, the last picture standing", async () => {
    const ask = (round: number): Promise<Report<Item>> => (round === 2 ? away() : reported(round));

    const stream = await watched({ rounds: 3, ask });
    const screen = await watched({ rounds: 3, ask, isTty: true });

    expect(stream.stdout).toBe('{"round":1}\n{"round":3}\n');
    expect(stream.stderr).toBe("no broker\n");
    const [, , second] = screen.stdout.split("\u001b[H");
    expect(second).toContain("\n1\u001b[K\n");
    expect(second).toContain("\nno answer now: no broker");
  });

  it("ends where the first question fails, or one that no retry heals", async () => {
    const refused = new MillraceError("BROKER_REFUSED", "no rights");
    const ask = (round: number): Promise<Report<Item>> =>
      round === 2 ? Promise.reject(refused) : reported(round);

    await expect(watched({ rounds: 1, ask: away })).rejects.toThrow("no broker");
    await expect(watched({ rounds: 3, ask })).rejects.toThrow("no rights");
  });
});
