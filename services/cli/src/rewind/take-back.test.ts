import { ControlBoard, type RewindOrder } from "@millrace/control";
import { asOffset, asPartition, asTarget, asTopic, MillraceError } from "@millrace/engine";
import type { GroupOffset } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { MemoryLog } from "../../test-support/memory-log.ts";
import { takeBack } from "./take-back.ts";

const crm = asTarget("crm");
const users = asTopic("users");
const dana = { by: "dana", reason: "restored", at: Date.UTC(2026, 0, 1) };

/** A rewind that stands, and is taken back where the group has come to `at`. */
async function takenBack(
  moves: readonly (readonly [from: number | null, to: number])[],
  at: readonly (number | null)[] | MillraceError,
) {
  const board = new ControlBoard(new MemoryLog(), () => "id");
  const order: RewindOrder = {
    ...{ target: crm, wish: dana },
    moves: moves.map(([from, to], partition) => ({
      ...{ topic: users, partition: asPartition(partition), to: asOffset(to) },
      committed: from === null ? null : asOffset(from),
    })),
  };
  await board.beginRewind(order);
  const offsetsOf = (): Promise<readonly GroupOffset[]> =>
    at instanceof MillraceError
      ? Promise.reject(at)
      : Promise.resolve(
          at.map((offset, partition) => ({
            ...{ topic: users, partition: asPartition(partition), lag: null },
            ...{ logStartOffset: asOffset(0), logEndOffset: asOffset(100) },
            committed: offset === null ? null : { offset: asOffset(offset), metadata: "" },
          })),
        );
  const wish = { ...dana, by: "lee" };
  const stayed = await takeBack({ ...order, wish }, { board, offsetsOf, wallNow: () => dana.at });
  expect(board.rewind(crm)).toBeNull();
  const { action, of } = board.audits(crm).at(-1) ?? {};
  return { stayed: stayed.map(({ partition }) => Number(partition)), action, of };
}

describe("a rewind that is taken back", () => {
  it("has set nothing where the group is where it was, or went on by itself", async () => {
    expect(await takenBack([[90, 40]], [90])).toMatchObject({
      stayed: [],
      action: "rewind-cancel",
    });
    expect(await takenBack([[90, 95]], [97])).toMatchObject({
      stayed: [],
      action: "rewind-cancel",
    });
    expect(await takenBack([[null, 40]], [null])).toMatchObject({ stayed: [] });
  });

  it("ends as one that is done in what was set: where the group was to be, or short of where it was", async () => {
    const ended = await takenBack(
      [
        ...([
          [90, 40],
          [90, 40],
          [90, 95],
        ] as const),
        ...([
          [null, 7],
          [90, 95],
        ] as const),
      ],
      [40, 60, 95, 7, 99],
    );

    expect(ended).toEqual({
      ...{ stayed: [0, 1, 2, 3], action: "rewind-done" },
      of: [
        "rewind/crm/users/0/90/40",
        "rewind/crm/users/1/90/40",
        "rewind/crm/users/2/90/95",
        "rewind/crm/users/3/-/7",
      ],
    });
  });

  it("has set nothing in a topic that is gone, and is taken back all the same", async () => {
    const gone = new MillraceError("TOPIC_MISSING", "no topic users");

    expect(await takenBack([[90, 40]], gone)).toMatchObject({ stayed: [] });
  });

  it("stands where nobody can say what was set", async () => {
    const away = new MillraceError("BROKER_UNREACHABLE", "no answer");

    await expect(takenBack([[90, 40]], away)).rejects.toThrow("no answer");
  });
});
