import { describe, expect, it } from "vitest";
import type { FaultRecord } from "../faults/fault.ts";
import type { Observation } from "./observation.ts";
import { prove } from "./proof.ts";

/** A run of commits: so many a second for so many seconds, one stretch after the other. */
function committing(...stretches: readonly (readonly [perSecond: number, seconds: number])[]) {
  const commits: number[] = [];
  let from = 0;
  for (const [perSecond, seconds] of stretches) {
    const count = perSecond * seconds;
    for (let n = 0; n < count; n += 1) commits.push(from + (n * 1_000) / perSecond);
    from += seconds * 1_000;
  }
  return observationOf(commits);
}

function observationOf(commits: readonly number[]): Observation {
  return {
    ...{ arrivals: [], claims: [], givenUps: [], operations: [], unsureEmits: [], appends: [] },
    commits,
    logTimeOf: () => null,
  };
}

const slow = (startAt: number, endAt: number): FaultRecord => {
  return { name: "brokers-slow", target: null, who: [], scope: "all", startAt, endAt };
};

describe("the proof of slow brokers", () => {
  it("is that there were fewer commits than there usually are, whatever another fault left behind", () => {
    const observation = committing([10, 50], [1, 10], [2, 10], [10, 50]);

    const { isProven, text } = prove(slow(60_000, 70_000), observation);

    expect(text).toBe("20 commits in place of 86");
    expect(isProven).toBe(true);
  });

  it("is none where there were as many as ever", () => {
    expect(prove(slow(10_000, 20_000), committing([10, 100])).isProven).toBe(false);
  });
});
