import { describe, expect, test } from "vitest";
import { SeededRandom } from "../support/seeded-random.ts";
import { covers, readCoverage } from "./done-set.ts";
import { encodedDoneSet } from "./encoded-done-set.ts";

describe("the coverage of a commit", () => {
  test("is all below its offset where there is no metadata", () => {
    const coverage = readCoverage(5, "");

    expect(covers(coverage, 4)).toBe(true);
    expect(covers(coverage, 5)).toBe(false);
  });

  test("holds what the deliverer wrote down as done, and nothing else", () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 200; round += 1) {
      const committed = random.below(1_000);
      const done = Array.from({ length: 400 }, (_, index) => committed + 1 + index).filter(() => {
        return random.chance(0.4);
      });
      const coverage = readCoverage(committed, encodedDoneSet(committed, done));

      for (let offset = committed; offset < committed + 420; offset += 1) {
        expect(covers(coverage, offset)).toBe(done.includes(offset));
      }
    }
  });

  test("reads the bytes that the format's own words give", () => {
    // 3 undone, 2 done, 200 undone (two bytes), 1 done.
    const bytes = Buffer.from([3, 2, 0xc8, 0x01, 1]);
    const coverage = readCoverage(10, `millrace/1:${bytes.toString("base64url")}`);

    expect(coverage.runs).toEqual([13, 15, 215, 216]);
  });

  test.each([
    "foreign",
    "millrace/2:AwI",
    "millrace/1:Aw",
    "millrace/1:AAI",
    "millrace/1:g",
    "millrace/1:A*I",
  ])("is nothing above the offset for metadata that does not hold: %s", (metadata) => {
    expect(readCoverage(3, metadata).runs).toEqual([]);
  });
});
