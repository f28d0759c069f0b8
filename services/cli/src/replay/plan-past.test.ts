import { asEpoch, asOffset, asPartition, asTarget, asTopic } from "@millrace/engine";
import type { IndexedEntry, IndexedSkip, JournalRange, RangeHistory } from "@millrace/journal";
import { describe, expect, it } from "vitest";
import { MemoryReader } from "../../test-support/memory-reader.ts";
import { silentProgress } from "../../test-support/silent-progress.ts";
import { countRanges, type CountedRanges } from "./count-ranges.ts";
import { laterKeysOf, laterKeysText } from "./later-keys.ts";
import { pastOf } from "./plan-past.ts";
import { keySelection } from "./selection.ts";

const PLACE = { topic: asTopic("users"), partition: asPartition(0) };
/** Offsets 0 to 11: four events of each key. */
const KEYS = ["a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c"];

type Settled = readonly [offset: number, outcome: IndexedEntry["outcome"], durationMs?: number];

/** A journal that says so, in this order; keys are those of the log. */
function journalOf(settled: readonly Settled[], runs: readonly (readonly [number, number])[] = []) {
  const asked: JournalRange[] = [];
  const history = (range: JournalRange): RangeHistory => {
    asked.push(range);
    const { from, to } = range;
    const entries = settled.filter(([offset]) => offset >= from && offset < to).map(entryOf);
    const skipped = runs.filter(([start, end]) => start < to && end > from).map(skipOf);
    return { entries, skipped };
  };
  return { history, asked };
}

function entryOf([offset, outcome, durationMs = 10]: Settled): IndexedEntry {
  const attempt = { startedAt: 0, durationMs, end: outcome, status: 204 };
  const told = { ...attempt, requestId: null, answer: null };
  return {
    ...{ ...PLACE, target: asTarget("crm"), offset: asOffset(offset), epoch: asEpoch(1), outcome },
    ...{
      key: KEYS[offset] ?? null,
      id: `id-${offset}`,
      source: "/s",
      type: "t",
      tenant: "default",
    },
    ...{ reason: null, detail: null, mappingRevision: "r1", settledAt: offset, traceId: null },
    ...{ attemptCount: 1, attempts: [told], job: null, request: null },
  };
}

function skipOf([from, to]: readonly [number, number]): IndexedSkip {
  return {
    ...{ ...PLACE, target: asTarget("crm"), from: asOffset(from), to: asOffset(to) },
    ...{ epoch: asEpoch(1), mappingRevision: "r1", toldAt: 0 },
  };
}

function counted(from: number, to: number, keys: readonly string[] | null = null) {
  const ranges = [{ ...PLACE, from: asOffset(from), to: asOffset(to) }];
  return countRanges(new MemoryReader([KEYS]), {
    ...{ ranges, selection: keySelection(keys), notesRuns: false, progress: silentProgress() },
  });
}

function past({ ranges }: CountedRanges, index: ReturnType<typeof journalOf>) {
  return pastOf(index, { target: "crm", ranges, endOf: () => KEYS.length });
}

describe("the past of a plan", () => {
  it("counts how events ended the first time; what the journal has not is unknown", async () => {
    const journal = journalOf(
      [
        [2, "delivered", 30],
        [3, "dead-lettered"],
        [4, "parked"],
      ],
      [[5, 7]],
    );

    const [range] = await past(await counted(2, 9), journal);
    const firstTime = { delivered: 1, skipped: 2, deadLettered: 1, parked: 1, unknown: 2 };
    expect(range).toMatchObject({ firstTime, calls: { count: 1, totalMs: 30 } });
  });

  it("takes for the first time what came of a parked event later, and of others what came first", async () => {
    const settled: Settled[] = [
      [0, "parked"],
      [0, "delivered"],
      [1, "dead-lettered"],
      [1, "delivered"],
      [2, "delivered"],
      [2, "delivered"],
    ];

    const [range] = await past(await counted(0, 3), journalOf(settled));
    expect(range?.firstTime).toMatchObject({ delivered: 2, deadLettered: 1, unknown: 0 });
  });

  it("counts only the events of the keys that are meant", async () => {
    const settled = KEYS.map((_, offset): Settled => [offset, "delivered"]);

    const [range] = await past(
      await counted(0, 12, ["b"]),
      journalOf(settled.slice(0, 9), [[9, 12]]),
    );
    expect(range?.firstTime).toEqual({
      ...{ delivered: 3, skipped: 1, deadLettered: 0, parked: 0, unknown: 0 },
    });
  });

  it("counts an offset once that was settled, and left out, by several owners", async () => {
    const journal = journalOf(
      [[3, "delivered"]],
      [
        [1, 5],
        [2, 6],
      ],
    );

    const [range] = await past(await counted(1, 6), journal);
    expect(range?.firstTime).toMatchObject({ delivered: 1, skipped: 4, unknown: 0 });
  });

  it("names the keys of the range that were delivered behind it", async () => {
    const settled: Settled[] = [
      [3, "delivered"],
      [4, "delivered"],
      [5, "dead-lettered"],
    ];

    const [range] = await past(await counted(0, 3), journalOf(settled));
    expect(range?.laterKeys).toEqual(["a", "b"]);
    const [narrow] = await past(await counted(0, 3, ["b"]), journalOf(settled));
    expect(narrow?.laterKeys).toEqual(["b"]);
    const [last] = await past(await counted(9, 12), journalOf(settled));
    expect(last?.laterKeys).toEqual([]);
  });

  it("is asked for in parts, and no further than is needed", async () => {
    const journal = journalOf([[25_000, "delivered"]]);
    const { ranges } = await counted(0, 3, ["a"]);

    await pastOf(journal, { target: "crm", ranges, endOf: () => 35_000 });
    expect(journal.asked.map(({ from, to }) => [from, to])).toEqual([
      ...[
        [0, 3],
        [3, 10_003],
        [10_003, 20_003],
        [20_003, 30_003],
        [30_003, 35_000],
      ],
    ]);
    const early = journalOf([[3, "delivered"]]);
    await pastOf(early, { target: "crm", ranges, endOf: () => 35_000 });
    expect(early.asked).toHaveLength(2);
  });
});

describe("keys with later events", () => {
  const names = Array.from({ length: 25 }, (_, index) => `k${index}`);
  const found = [{ keys: names, isHidden: false }];

  it("are named up to a bound, and counted", () => {
    const later = laterKeysOf([...found, { keys: ["x"], isHidden: false }], true);

    expect(later).toEqual({ count: 26, keys: names.slice(0, 20), isComplete: true });
    expect(laterKeysText({ count: 2, keys: ["k1", "k2"], isComplete: true }, "crm")).toBe(
      "2 keys have had later events than the range: where crm keeps the last it is told, it goes back in time (k1, k2)",
    );
    expect(laterKeysText(later, "crm")).toContain("k19, 6 more)");
  });

  it("are not named where they are personal data, and are a lower bound where not all were looked for", () => {
    const later = laterKeysOf([{ keys: ["ada"], isHidden: true }], false);

    expect(later).toEqual({ count: 1, keys: [], isComplete: false });
    expect(laterKeysText(later, "crm")).toBe(
      "at least 1 key has had later events than the range: where crm keeps the last it is told, it goes back in time " +
        "(keys are personal data here: --unmask names them)",
    );
  });

  it("are no matter where there are none", () => {
    expect(laterKeysText(laterKeysOf([], true), "crm")).toBeNull();
  });
});
