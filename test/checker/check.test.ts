import { describe, expect, test } from "vitest";
import { SeededRandom } from "../support/seeded-random.ts";
import { check } from "./check.ts";
import { cleanHistory } from "./clean-history.ts";
import type { HistoryLine } from "./history.ts";
import { INVARIANT_IDS } from "./verdict.ts";

const SEEDS = Array.from({ length: 8 }, (_, index) => index + 1);

/**
 * What a history cannot miss: a process that died may have died a moment earlier or unseen, and what nobody relied on
 * may not have been. On disk the last line of each file counts them, so that there nothing can be left out.
 */
const PLAUSIBLE_LOSSES: ReadonlySet<string> = new Set([
  ...["attempt out", "commit ok", "ops kill", "ops assigned", "ops revoked"],
  ...["ops redrive", "ops job-done", "dlq"],
]);

describe("a clean history", () => {
  test.each(SEEDS)("is found clean: seed %i", (seed) => {
    const verdict = check(cleanHistory(seed));

    const broken = INVARIANT_IDS.filter((id) => verdict.rulings[id].status === "broken");
    expect(broken, rerun(seed)).toEqual([]);
    expect(verdict.result).toBe("clean");
  });

  test.each(SEEDS)("is not clean with any line doubled: seed %i", (seed) => {
    const lines = cleanHistory(seed);
    for (const [index, line] of lines.entries()) {
      const doubled = [...lines.slice(0, index), line, ...lines.slice(index)];

      expect(resultOf(doubled), rerun(seed, line)).not.toBe("clean");
    }
  });

  test.each(SEEDS)("is not clean with a line removed: seed %i", (seed) => {
    const lines = cleanHistory(seed);
    for (const [index, line] of lines.entries()) {
      if (PLAUSIBLE_LOSSES.has(kindOf(line))) continue;
      const shortened = [...lines.slice(0, index), ...lines.slice(index + 1)];

      expect(resultOf(shortened), rerun(seed, line)).not.toBe("clean");
    }
  });

  test.each(SEEDS)("is not clean with two first arrivals of a lane swapped: seed %i", (seed) => {
    const lines = cleanHistory(seed);
    const random = new SeededRandom(seed);
    const [first, second] = arrivalsOfOneLane(lines, random);
    const swapped = lines.map((line, index) => {
      const other = index === first ? lines[second] : index === second ? lines[first] : undefined;
      return other?.h === "recv" ? { ...other, at: atOf(line) } : line;
    });

    expect(resultOf(swapped), rerun(seed)).toBe("broken");
  });

  test("is judged in whatever order its parties' lines are handed over", () => {
    const lines = cleanHistory(3);
    const byParty = [...lines].sort((a, b) => (a.h < b.h ? -1 : a.h > b.h ? 1 : 0));

    expect(check(byParty)).toEqual(check(lines));
  });
});

test("a violation shows its record's way: emit, log, attempts, arrivals and commits", () => {
  const lines = cleanHistory(1).filter((line) => !(line.h === "recv" && line.offset === 0));
  const { S6, S5 } = check(lines).rulings;

  expect(S6.status).toBe("held");
  expect(S5.status).toBe("broken");
  const shown = S5.status === "broken" ? (S5.violations[0]?.lines ?? []) : [];
  const kinds = shown.map((line) => line.split(" ")[1]);
  expect(kinds).toEqual(expect.arrayContaining(["emit", "log", "attempt", "commit"]));
});

function resultOf(lines: readonly HistoryLine[]): string {
  return check(lines, { traces: "left-out" }).result;
}

function kindOf(line: HistoryLine): string {
  const part = line.h === "ops" ? line.f : "ev" in line ? line.ev : "";
  return `${line.h} ${part}`.trim();
}

function atOf(line: HistoryLine): number {
  return "at" in line ? line.at : 0;
}

/** Places of the first arrivals of two events of one key, one right behind the other. */
function arrivalsOfOneLane(
  lines: readonly HistoryLine[],
  random: SeededRandom,
): readonly [number, number] {
  const lanes = new Map<string, number[]>();
  const keys = new Map<string, string | null>();
  const seen = new Set<string>();
  for (const [index, line] of lines.entries()) {
    if (line.h === "log") keys.set(`${line.partition}/${line.offset}`, line.key);
    if (line.h !== "recv" || line.ev !== "arrive" || line.job !== null) continue;
    const name = `${line.partition}/${line.offset}`;
    const key = keys.get(name) ?? null;
    if (key === null || seen.has(name)) continue;
    seen.add(name);
    lanes.set(key, [...(lanes.get(key) ?? []), index]);
  }
  const lane = random.pick([...lanes.values()].filter(({ length }) => length > 1));
  const place = random.below(lane.length - 1);
  return [lane[place] ?? 0, lane[place + 1] ?? 0];
}

function rerun(seed: number, line?: HistoryLine): string {
  const what = line === undefined ? "" : `, ${JSON.stringify(line)}`;
  return `seed ${seed}${what}: vitest run --project simulation test/checker/check.test.ts -t "seed ${seed}"`;
}
