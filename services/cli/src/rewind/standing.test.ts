import { asOffset, asPartition, asTarget, asTopic, encodeDoneSet } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { isSameAim, standingMoves, standingText } from "./standing.ts";

const move = (partition: number, committed: number, to: number) => ({
  ...{ topic: asTopic("users"), partition: asPartition(partition) },
  ...{ committed: asOffset(committed), to: asOffset(to) },
});

describe("a rewind that stands", () => {
  it("has what was done above the offset as long as that is not set", async () => {
    const metadata = encodeDoneSet(asOffset(6), [{ from: 8, to: 9 }]);
    const moves = await standingMoves({ moves: [move(0, 6, 2), move(1, 6, 2)] }, (topic) =>
      Promise.resolve(
        [6, 2].map((offset, partition) => ({
          ...{ topic: asTopic(topic), partition: asPartition(partition), lag: null },
          ...{ logStartOffset: asOffset(0), logEndOffset: asOffset(10) },
          committed: { offset: asOffset(offset), metadata: offset === 6 ? metadata : "" },
        })),
      ),
    );

    expect(moves.map(({ doneRuns }) => doneRuns)).toEqual([[{ from: 8, to: 9 }], []]);
    expect(moves[0]).toMatchObject({ committed: 6, to: 2, logEndOffset: 10 });
  });

  it("is what is asked for again, where the rest of it is set already", () => {
    const standing = [move(0, 6, 2), move(1, 6, 2)];
    const isSame = (asked: readonly ReturnType<typeof move>[], ...now: readonly number[]) =>
      isSameAim(asked, standing, ({ partition }) => asOffset(now[partition] ?? 0));

    expect(isSame([move(1, 6, 2)], 2, 6)).toBe(true);
    expect(isSame([], 2, 2)).toBe(true);
    expect(isSame([move(0, 6, 2), move(1, 6, 2)], 6, 6)).toBe(true);
    expect(isSame([move(1, 6, 3)], 2, 6)).toBe(false);
    expect(isSame([move(2, 6, 2)], 2, 2)).toBe(false);
  });

  it("is not what is asked for of a part of it: it goes on as a whole", () => {
    const standing = [move(0, 6, 2), move(1, 6, 9)];
    const now = () => asOffset(6);

    expect(isSameAim([move(0, 6, 2)], standing, now)).toBe(false);
    expect(isSameAim([], standing, now)).toBe(false);
  });

  it("is told to whoever wants something of the target meanwhile", () => {
    const wish = { by: "dana", reason: "restored", at: 0 };
    const rewind = { target: asTarget("crm"), moves: [move(0, 6, 2)], wish };

    expect(standingText(rewind)).toBe(
      "crm is stopped for a rewind by dana: restored; what is wanted of it is done once its processes have joined again",
    );
    expect(standingText({ ...rewind, wish: { ...wish, by: "\u001b[2J" } })).toContain("\\u001b[2J");
    expect(standingText(null)).toBeNull();
  });
});
