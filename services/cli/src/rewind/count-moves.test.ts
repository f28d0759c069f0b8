import { asEpoch, asOffset, asPartition, asRecordKey, type SetAsideKey } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { MemoryReader, T0 } from "../../test-support/memory-reader.ts";
import { silentProgress } from "../../test-support/silent-progress.ts";
import { countMoves, type MoveCounting } from "./count-moves.ts";
import type { FoundMove } from "./planned-move.ts";

const KEYS = ["a", "b", "a", "c", "b", "a", "c", "a", "b", "c"];
const time = (offset: number): string => new Date(T0 + offset * 1_000).toISOString();

const aside = (key: string, kind: SetAsideKey["kind"], partition = 0): SetAsideKey => ({
  ...{ topic: new MemoryReader([]).topic, partition: asPartition(partition), kind },
  ...{
    key: asRecordKey(key),
    offset: asOffset(3),
    next: asOffset(3),
    firstEpoch: asEpoch(1),
    redriveCount: 0,
    dead: null,
    since: null,
  },
});

async function count(
  of: Partial<Record<"committed" | "to" | "start" | "end", number | null>> & {
    readonly done?: FoundMove["doneRuns"];
  },
  counting: Partial<MoveCounting> = {},
) {
  const reader = new MemoryReader([KEYS], of.start ?? 0);
  const { committed = 6, to = 2 } = of;
  const move: FoundMove = {
    ...{ topic: reader.topic, partition: asPartition(0), to: asOffset(to ?? 0) },
    committed: committed === null ? null : asOffset(committed),
    ...{ logStartOffset: of.start ?? 0, logEndOffset: of.end ?? KEYS.length },
    doneRuns: of.done ?? [],
  };
  const progress = silentProgress();
  const [planned] = await countMoves(reader, [move], {
    ...{ order: "key", setAside: [], progress },
    ...counting,
  });
  return planned;
}

describe("what a rewind does to a partition", () => {
  it("is delivered again from where it goes back to up to where it was", async () => {
    expect(await count({})).toEqual({
      ...{ topic: "users", partition: 0, committed: "6", to: "2", direction: "back" },
      ...{ again: 4, lost: 0, held: 0, first: time(2), last: time(5) },
    });
  });

  it("is delivered again also where it was done above, which the move forgets", async () => {
    const done = [
      { from: 7, to: 8 },
      { from: 9, to: 10 },
    ];

    expect(await count({ done })).toMatchObject({ again: 6, last: time(9) });
  });

  it("is lost where it goes on over what is not settled, and said by when that was written", async () => {
    const done = [{ from: 7, to: 8 }];

    expect(await count({ committed: 4, to: 9, done })).toMatchObject({
      ...{ direction: "forward", again: 0, lost: 4, first: time(4), last: time(8) },
    });
  });

  it("is held of keys that wait behind a dead letter, and not of those that are only slow", async () => {
    const setAside = [aside("a", "quarantine"), aside("c", "deferred"), aside("b", "block", 1)];

    expect(await count({}, { setAside })).toMatchObject({ again: 2, held: 2, first: time(3) });
  });

  it("is held whole where the partition in order is blocked", async () => {
    const counting = { order: "partition", setAside: [aside("", "block")] } as const;

    expect(await count({}, counting)).toMatchObject({ again: 0, held: 4, first: null });
  });

  it("is nothing that retention took before", async () => {
    expect(await count({ committed: 1, to: 8, start: 5 })).toMatchObject({ lost: 3 });
  });

  it("is nothing again where the group had begun nowhere, or where the log ends below its offset", async () => {
    expect(await count({ committed: null, to: 4 })).toMatchObject({
      ...{ direction: "start", committed: null, again: 0, lost: 0 },
    });
    expect(await count({ committed: 40, to: 10 })).toMatchObject({ direction: "back", again: 0 });
  });
});
