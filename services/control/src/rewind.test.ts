import { asOffset, asPartition, asTarget, asTopic } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { MemoryControlTopic } from "../test-support/memory-control-log.ts";
import { ControlBoard } from "./control-board.ts";
import type { ControlChange } from "./control-change.ts";
import { readMoveName, rewindText, type RewindMove, type RewindOrder } from "./rewind.ts";

const crm = asTarget("crm");
const dana = { by: "dana", reason: "restored from backup", at: Date.UTC(2026, 0, 1) };

const move = (partition: number, committed: number | null, to: number): RewindMove => ({
  ...{ topic: asTopic("users"), partition: asPartition(partition) },
  ...{ committed: committed === null ? null : asOffset(committed), to: asOffset(to) },
});
const order: RewindOrder = { target: crm, moves: [move(0, 90, 40), move(3, null, 7)], wish: dana };

async function setup() {
  const topic = new MemoryControlTopic();
  let count = 0;
  const open = async (): Promise<ControlBoard> => {
    const board = new ControlBoard(topic.open(), () => String((count += 1)));
    await board.read();
    return board;
  };
  return { topic, open, board: await open() };
}

describe("a rewind on the control topic", () => {
  it("is there for whoever reads, with its moves, who and why", async () => {
    const { board, open } = await setup();

    await board.beginRewind(order);

    const other = await open();
    expect(other.rewind(crm)).toEqual(order);
    expect(other.rewinds()).toEqual([order]);
    expect(other.rewinds().map(rewindText)).toEqual([
      "stopped for a rewind by dana: restored from backup",
    ]);
    expect(other.rewind(asTarget("audit"))).toBeNull();
  });

  it("is told to followers when it begins and when it ends", async () => {
    const { board, open } = await setup();
    const changes: ControlChange[] = [];
    (await open()).follow((change) => changes.push(change));

    await board.beginRewind(order);
    await board.endRewind(order, "done");

    expect(changes).toEqual([
      { kind: "rewind", rewind: order },
      { kind: "rewind-ended", target: "crm" },
    ]);
    expect(board.rewind(crm)).toBeNull();
  });

  it("stays among what was done, with each move and how it ended", async () => {
    const { board } = await setup();
    await board.beginRewind(order);
    await board.endRewind({ ...order, wish: { ...dana, by: "lee", at: dana.at + 1 } }, "cancel");

    const audits = board.audits(crm);

    expect(audits).toMatchObject([
      { action: "rewind", wish: { by: "dana" } },
      { action: "rewind-cancel", wish: { by: "lee" } },
    ]);
    expect(audits[0]?.of).toEqual(["rewind/crm/users/0/90/40", "rewind/crm/users/3/-/7"]);
    expect(audits[1]?.of?.map(readMoveName)).toEqual(order.moves);
  });

  it.each([
    ["a newer version", { v: 2 }],
    ["no object", 7],
    ["nobody", { v: 1, moves: [["users", 0, "9", "4"]] }],
    ["no moves", { v: 1, by: "a", reason: "b", at: "2026-01-01T00:00:00Z", moves: [] }],
    ["a move without an end", { v: 1, by: "a", reason: "b", at: "2026", moves: [["u", 0, "9"]] }],
    ["a move below 0", { v: 1, by: "a", reason: "b", at: "2026", moves: [["u", 0, "9", "-4"]] }],
  ])("keeps processes out also where it cannot be read: %s", async (_, value) => {
    const { board, topic } = await setup();

    topic.write([{ key: "rewind/crm", value }]);

    expect(board.rewind(crm)).toEqual({ target: "crm", wish: null, moves: [] });
    expect(board.rewinds().map(rewindText)).toEqual([
      "stopped for a rewind by an entry that this version cannot read",
    ]);
  });

  it("is not what another key says", async () => {
    const { board, topic } = await setup();

    topic.write([
      { key: "rewind/", value: { v: 1 } },
      { key: "rewind/crm/more", value: { v: 1 } },
    ]);

    expect(board.rewinds()).toEqual([]);
    expect(["rewind/crm", "rewind/crm/u/0/1/2/3", "job/1"].map(readMoveName)).toEqual([
      ...[null, null, null],
    ]);
  });
});
