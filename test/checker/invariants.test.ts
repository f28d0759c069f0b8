/** For each invariant histories that keep it and histories that break it, and nothing else. */
import { describe, expect, test } from "vitest";
import { COMMIT_CASES } from "./cases/commit-cases.ts";
import { GIVEN_UP_CASES } from "./cases/given-up-cases.ts";
import { HELD_CASES } from "./cases/held-cases.ts";
import { LIMIT_CASES } from "./cases/limit-cases.ts";
import { LOG_CASES } from "./cases/log-cases.ts";
import { MARKER_CASES } from "./cases/marker-cases.ts";
import { REPLAY_CASES } from "./cases/replay-cases.ts";
import { check } from "./check.ts";
import type { HistoryLine } from "./history.ts";
import { ALL_PARTIES, ScriptedHistory } from "./scripted-history.ts";
import { INVARIANT_IDS, type InvariantId } from "./verdict.ts";

const CASES = [
  ...LOG_CASES,
  ...MARKER_CASES,
  ...COMMIT_CASES,
  ...GIVEN_UP_CASES,
  ...REPLAY_CASES,
  ...LIMIT_CASES,
  ...HELD_CASES,
];

/** Judged by what no history has yet. */
const UNTOLD: readonly InvariantId[] = ["S23", "S24"];

function brokenIn(lines: readonly HistoryLine[]): readonly InvariantId[] {
  const { rulings } = check(lines);
  return INVARIANT_IDS.filter((id) => rulings[id].status === "broken");
}

describe.each(CASES)("$id: $what", ({ id, holds, breaks, also = [] }) => {
  test("holds in a history that keeps it", () => {
    const { rulings } = check(holds());

    expect(brokenIn(holds())).toEqual([]);
    expect(rulings[id].status).toBe("held");
  });

  test("is found broken in one that does not", () => {
    const wanted = INVARIANT_IDS.filter((one) => one === id || also.includes(one));

    expect(brokenIn(breaks())).toEqual(wanted);
  });
});

test("every invariant has a case", () => {
  const judged = new Set(CASES.map(({ id }) => id));

  expect(INVARIANT_IDS.filter((id) => !judged.has(id))).toEqual(["H", ...UNTOLD]);
});

test("S24 is judged by a search for canaries, where there was one", () => {
  const lines = new ScriptedHistory().owned().end();
  const hit = { artefact: "delivery.log", canary: "CRM_TOKEN" };
  const ruling = (found: readonly (typeof hit)[]): string =>
    check(lines, { canaries: { searched: ["delivery.log"], found } }).rulings.S24.status;

  expect(check(lines).rulings.S24.status).toBe("not-judged");
  expect(ruling([])).toBe("held");
  expect(ruling([hit])).toBe("broken");
});

test("what nobody wrote down is not judged", () => {
  const parties = ALL_PARTIES.filter((party) => party !== "recv" && party !== "attempt");
  const { rulings } = check(new ScriptedHistory({}, { parties }).owned().end());

  expect(rulings.S8).toEqual({ status: "not-judged", why: "nobody wrote recv lines" });
  expect(rulings.S5).toEqual({ status: "not-judged", why: "nobody wrote recv or attempt lines" });
});
