import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  type SetAsideKey,
} from "@millrace/engine";
import { ParkedCount, type OpenDeadLetter } from "@millrace/jobs";
import { describe, expect, it } from "vitest";
import { planQuarantineEnd, type QuarantineEnd } from "./quarantine-end.ts";
import { filterLetters, type LetterFilter } from "./letter-filter.ts";
import { wishName } from "./redrive-plan.ts";

const place = { topic: asTopic("users"), partition: asPartition(0) };

const setAside = (key: string, offset: number, kind: SetAsideKey["kind"] = "quarantine") => ({
  ...{ ...place, kind, key: asRecordKey(key), offset: asOffset(offset) },
  ...{ firstEpoch: asEpoch(1), redriveCount: 1, next: asOffset(offset) },
  ...{ dead: null, since: null },
});

const letterOf = ({ key, offset }: SetAsideKey, reason = "HTTP_REJECTED"): OpenDeadLetter => ({
  ...{ ...place, key, offset, id: `id-${offset}`, source: "s", type: "t", reason },
  ...{ error: "HTTP 422", httpStatus: 422, attemptCount: 1, later: "parked", redriveCount: 1 },
  ...{ firstFailedAt: null, lastFailedAt: null, epoch: 1, holdsKey: true },
  at: { partition: asPartition(0), offset: asOffset(0), timestampMs: 0 },
});

const KEYS = [
  setAside("a", 5),
  setAside("b", 6),
  setAside("c", 7, "block"),
  setAside("d", 8, "deferred"),
];

/** Parked events of keys, by their offsets. */
function parkedOf(events: readonly (readonly [key: string, offset: number])[]): ParkedCount {
  const count = new ParkedCount(KEYS);
  for (const [key, offset] of events) {
    const names = { topic: "users", partition: 0, offset };
    const headers = Object.entries(names).map(
      ([name, of]) => [`millrace-${name}`, Buffer.from(String(of))] as const,
    );
    count.add({
      ...{ topic: asTopic("p"), partition: asPartition(0), offset: asOffset(0), timestampMs: 0 },
      ...{ key: Buffer.from(key), value: null, headers: Object.fromEntries(headers) },
    });
  }
  return count;
}

function plan(how: QuarantineEnd, filter: LetterFilter = {}, wanted: readonly SetAsideKey[] = []) {
  const letters = KEYS.slice(0, 3).map((key) => letterOf(key));
  return planQuarantineEnd(how, filter, {
    setAside: KEYS,
    letters,
    meant: filterLetters(letters, filter),
    parked: parkedOf([
      ["a", 9],
      ["a", 12],
      ["d", 8],
    ]),
    wanted: new Set(wanted.map(wishName)),
  });
}

describe("the end of a quarantine", () => {
  it("of a release drops the dead letter alone, and delivers what is parked", () => {
    const { requests, items } = plan("release", { key: ["a"] });

    expect(requests).toEqual([{ ...place, key: "a", offset: 5, redriveCount: 1, below: 6 }]);
    expect(items).toEqual([
      {
        ...{ ...place, key: "a", kind: "quarantine", offset: "5" },
        ...{ reason: "HTTP_REJECTED: HTTP 422", dropped: 1, delivered: 2 },
      },
    ]);
  });

  it("of a drop drops up to the last event that is parked by now", () => {
    const { requests, items } = plan("drop", { key: ["a", "b"] });

    expect(requests.map(({ key, below }) => [key, below])).toEqual([
      ["a", 13],
      ["b", 7],
    ]);
    expect(items.map(({ dropped, delivered }) => [dropped, delivered])).toEqual([
      [3, 0],
      [1, 0],
    ]);
  });

  it("is of all keys where nothing is named, and leaves those that are deferred", () => {
    const { items, left } = plan("release");

    expect(items.map(({ key }) => key)).toEqual(["a", "b", "c"]);
    expect([...left]).toEqual([["deferred", [KEYS[3]]]]);
  });

  it("of a drop leaves blocked keys: nobody can count what waits behind them", () => {
    const { items, left } = plan("drop", { key: ["b", "c"] });

    expect(items.map(({ key }) => key)).toEqual(["b"]);
    expect([...left.keys()]).toEqual(["blocked"]);
  });

  it("leaves keys of which someone wants something already", () => {
    const { items, left } = plan("release", {}, [KEYS[0] ?? setAside("a", 5)]);

    expect(items.map(({ key }) => key)).toEqual(["b", "c"]);
    expect(left.get("wanted")).toEqual([KEYS[0]]);
  });

  it("is of what its dead letters are named by, and of none that is deferred then", () => {
    expect(plan("release", { id: ["id-6"] }).items.map(({ key }) => key)).toEqual(["b"]);
    expect(plan("release", { error: "RETRIES_EXHAUSTED" }).items).toEqual([]);
    expect(plan("release", { status: 422 }).left.size).toBe(0);
  });
});
