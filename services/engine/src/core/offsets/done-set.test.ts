import { describe, expect, it } from "vitest";

import {
  decodeDoneSet,
  DONE_RUNS_MAX,
  encodeDoneSet,
  METADATA_LENGTH_MAX,
  type DoneRun,
} from "./done-set.ts";
import { StepRandom } from "../entropy.ts";

/** The offsets that runs name. */
function expand(runs: readonly { readonly from: number; readonly to: number }[]): number[] {
  return runs.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
}

/** The runs between unsettled offsets, up to the highest settled one. */
function between(unsettled: readonly number[], highestSettled: number): DoneRun[] {
  const ends = [...unsettled.filter((offset) => offset <= highestSettled), highestSettled + 1];
  return ends.flatMap((to, index) => {
    const from = (ends[index - 1] ?? to) + 1;
    return from < to ? [{ from, to }] : [];
  });
}

describe("done set", () => {
  it("reads back what is settled above the committed offset", () => {
    const text = encodeDoneSet(100, between([100, 101, 104, 108], 109));

    expect(expand(decodeDoneSet(text, 100, 1_000))).toEqual([102, 103, 105, 106, 107, 109]);
  });

  it("has this form on the wire", () => {
    expect(encodeDoneSet(100, between([100, 101, 104, 108], 109))).toBe("millrace/1:AgIBAwEB");
    expect(encodeDoneSet(7, between([7], 1_007))).toBe("millrace/1:AegH");
  });

  it("reads back any pattern of settled offsets", () => {
    const random = new StepRandom(20_260_101);
    for (let round = 0; round < 300; round += 1) {
      const committed = Math.floor(random.next() * 1e9);
      const offsets = Array.from({ length: 200 }, (_, index) => committed + index);
      const share = random.next();
      const settled = offsets.filter((offset) => offset > committed && random.next() < share);
      const highest = settled.at(-1);
      if (highest === undefined) continue;
      const unsettled = offsets.filter((offset) => !settled.includes(offset));

      const runs = decodeDoneSet(
        encodeDoneSet(committed, between(unsettled, highest)),
        committed,
        2e9,
      );

      expect(expand(runs)).toEqual(settled);
    }
  });

  it("cuts a set that is too long at its upper end", () => {
    const unsettled = Array.from({ length: 40_000 }, (_, index) => index * 2);

    const text = encodeDoneSet(0, between(unsettled, 79_999));

    expect(text.length).toBeLessThanOrEqual(METADATA_LENGTH_MAX);
    expect(text.length).toBeGreaterThan(METADATA_LENGTH_MAX - 8);
    expect(expand(decodeDoneSet(text, 0, 80_000)).slice(0, 3)).toEqual([1, 3, 5]);
  });

  it("holds as many runs as a partition may have, at their longest", () => {
    const longest = 100_000 / DONE_RUNS_MAX;
    const runs = Array.from({ length: DONE_RUNS_MAX }, (_, index) => ({
      from: (index * 2 + 1) * longest,
      to: (index * 2 + 2) * longest,
    }));
    const few = Array.from({ length: DONE_RUNS_MAX }, (_, index) => ({
      from: index < 390 ? index * 256 + 128 : 100_000 + index * 2,
      to: index < 390 ? index * 256 + 256 : 100_000 + index * 2 + 1,
    }));

    expect(decodeDoneSet(encodeDoneSet(0, runs), 0, 1e9)).toEqual(runs);
    expect(decodeDoneSet(encodeDoneSet(0, few), 0, 1e9)).toEqual(few);
  });

  it("joins runs that touch, which could not be read back apart", () => {
    const text = encodeDoneSet(0, [
      { from: 1, to: 3 },
      { from: 3, to: 5 },
    ]);

    expect(decodeDoneSet(text, 0, 10)).toEqual([{ from: 1, to: 5 }]);
  });

  it("is empty for nothing", () => {
    expect(encodeDoneSet(5, [])).toBe("");
  });

  it("believes nothing at or above the log end", () => {
    const text = encodeDoneSet(0, between([0], 9));

    expect(decodeDoneSet(text, 0, 10)).toEqual([{ from: 1, to: 10 }]);
    expect(decodeDoneSet(text, 0, 9)).toEqual([]);
  });

  it.each([
    ["nothing", ""],
    ["another tool's metadata", "flink checkpoint 12"],
    ["a later version", "millrace/2:AgIBAwEB"],
    ["characters that are not base64url", "millrace/1:A*I="],
    ["half a run", "millrace/1:Ag"],
    ["an unfinished varint", "millrace/1:gA"],
    ["a number beyond a safe integer", "millrace/1:_________38B"],
    ["an empty run", "millrace/1:AQA"],
    ["more than is ever written", `millrace/1:${"AQEB".repeat(1_000)}`],
  ])("reads %s as an empty set", (_, text) => {
    expect(decodeDoneSet(text, 0, Number.MAX_SAFE_INTEGER)).toEqual([]);
  });
});
