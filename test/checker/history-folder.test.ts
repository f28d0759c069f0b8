import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { SeededRandom } from "../support/seeded-random.ts";
import { check } from "./check.ts";
import { cleanHistory } from "./clean-history.ts";
import type { HistoryLine, Party } from "./history.ts";
import { HistoryFile } from "./history-file.ts";
import { HistoryFolder, HistoryUnreadable } from "./history-folder.ts";

const root = mkdtempSync(join(tmpdir(), "history-"));
const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

let folderCount = 0;

/** Writes a history as its parties would; returns its folder. */
function written(lines: readonly HistoryLine[]): string {
  folderCount += 1;
  const folder = join(root, `${folderCount}`);
  const files = new Map<string, HistoryFile>();
  for (const line of lines) {
    const party = partyOf(line);
    const file = files.get(party) ?? new HistoryFile(folder, party);
    files.set(party, file);
    file.add(line);
  }
  for (const file of files.values()) file.close();
  return folder;
}

function partyOf(line: HistoryLine): Party | "run" {
  if (line.h === "log-end") return "log";
  return line.h === "commit" && line.ev === "seen" ? "seen" : line.h;
}

/** The lines of a file, the last one too. */
function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

function whyUnreadable(folder: string): string {
  try {
    return check(new HistoryFolder(folder)).result;
  } catch (error) {
    if (error instanceof HistoryUnreadable) return error.message;
    throw error;
  }
}

describe("a history on disk", () => {
  test("is judged as in memory", () => {
    const lines = cleanHistory(5);

    const { result, rulings } = check(new HistoryFolder(written(lines)));

    expect(result).toBe("clean");
    expect(rulings).toEqual(check(lines).rulings);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    "with a line removed, swapped or doubled is not clean: seed %i",
    (seed) => {
      const folder = written(cleanHistory(seed, 40));
      const random = new SeededRandom(seed);
      const parties = ["run", "emit", "log", "attempt", "recv", "commit", "seen", "state", "ops"];
      for (const party of parties) {
        const path = join(folder, `${party}.jsonl`);
        const lines = linesOf(path);
        const index = random.below(lines.length);
        const other = (index + 1) % lines.length;
        const damages: Readonly<Record<string, readonly (string | undefined)[]>> = {
          removed: lines.filter((_, place) => place !== index),
          doubled: [...lines.slice(0, index), lines[index], ...lines.slice(index)],
          swapped: lines.map((line, place) => {
            return place === index ? lines[other] : place === other ? lines[index] : line;
          }),
        };
        for (const [damage, damaged] of Object.entries(damages)) {
          writeFileSync(path, `${damaged.join("\n")}\n`);
          expect(whyUnreadable(folder), `${damage} ${party}:${index + 1}, seed ${seed}`).not.toBe(
            "clean",
          );
        }
        writeFileSync(path, `${lines.join("\n")}\n`);
      }
      expect(whyUnreadable(folder)).toBe("clean");
    },
  );

  test("names file and line of what is not JSON, not known or not whole", () => {
    const folder = written(cleanHistory(2, 20));
    const path = join(folder, "ops.jsonl");
    const lines = linesOf(path);
    const with3 = (line: string): string => {
      writeFileSync(path, `${[...lines.slice(0, 2), line, ...lines.slice(3)].join("\n")}\n`);
      return whyUnreadable(folder);
    };

    expect(with3("{")).toBe(`${path}:3: not JSON`);
    expect(with3('{"h":"gossip"}')).toBe(`${path}:3: unknown kind "gossip"`);
    expect(with3('{"h":"ops","at":1}')).toBe(`${path}:3: ops without f, or not a string`);
    expect(with3('{"h":"recv","at":1,"ev":"lost"}')).toMatch(/:3: recv without topic/);
  });

  test("that was cut short is not judged", () => {
    const folder = written(cleanHistory(2, 20));
    const path = join(folder, "recv.jsonl");
    writeFileSync(path, `${linesOf(path).slice(0, -1).join("\n")}\n`);

    expect(whyUnreadable(folder)).toBe(`${path}: no last line, it was cut short`);
  });

  test("takes nothing behind its last line", () => {
    const folder = written(cleanHistory(2, 20));
    const path = join(folder, "emit.jsonl");
    appendFileSync(path, `${linesOf(path)[0] ?? ""}\n`);

    expect(whyUnreadable(folder)).toMatch(/a line behind the last one/);
  });

  test("is none without a run line, or without a folder", () => {
    expect(whyUnreadable(join(root, "nowhere"))).toBe(`${join(root, "nowhere")}: no such folder`);
    expect(whyUnreadable(root)).toBe(`${root}: no run.jsonl, so this is not a history`);
  });
});

describe("the command", () => {
  const run = (
    ...args: readonly string[]
  ): { status: number | null; stdout: string; stderr: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };

  test("exits with 0 for a clean history and prints a table", () => {
    const { status, stdout } = run(written(cleanHistory(1)));

    expect(stdout).toMatch(/^S12 held +\d+ {2}every repeated arrival has its reason/m);
    expect(stdout).toMatch(/^clean: \d+ lines$/m);
    expect(status).toBe(0);
  });

  test("exits with 1 for a broken one and tells what is broken, as JSON if asked", () => {
    const lines = cleanHistory(1).filter((line) => !(line.h === "recv" && line.offset === 0));
    const { status, stdout } = run(written(lines), "-o", "json");

    expect(JSON.parse(stdout)).toMatchObject({
      result: "broken",
      rulings: { S5: { status: "broken" } },
    });
    expect(status).toBe(1);
  });

  test("exits with 2 for what it cannot read, and says why", () => {
    const { status, stderr } = run(join(root, "nowhere"));

    expect(stderr).toBe(`${join(root, "nowhere")}: no such folder\n`);
    expect(status).toBe(2);
  });

  test("exits with 2 for a wrong call, and says how it is used", () => {
    expect(run().stderr).toMatch(/^usage: /);
    expect(run().status).toBe(2);
    expect(run("a", "-o", "xml").status).toBe(2);
  });
});
