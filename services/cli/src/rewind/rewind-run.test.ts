import { ControlBoard, type RewindOrder } from "@millrace/control";
import {
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  MillraceError,
  systemClock,
  type OffsetCommit,
} from "@millrace/engine";
import type { GroupDescription } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { MemoryLog } from "../../test-support/memory-log.ts";
import { runRewind, type RewindPorts } from "./rewind-run.ts";

const crm = asTarget("crm");
const users = asTopic("users");
const dana = { by: "dana", reason: "restored", at: Date.UTC(2026, 0, 1) };

const order = (...moves: readonly (readonly [from: number, to: number])[]): RewindOrder => ({
  ...{ target: crm, wish: dana },
  moves: moves.map(([committed, to], partition) => ({
    ...{ topic: users, partition: asPartition(partition) },
    ...{ committed: asOffset(committed), to: asOffset(to) },
  })),
});

/** A group with members that leave after so many looks once its rewind stands. */
function setup(committed: readonly number[], looksHeld = 2) {
  const [control, stateLog] = [new MemoryLog(), new MemoryLog()];
  let count = 0;
  const board = new ControlBoard(control, () => String((count += 1)));
  const offsets = [...committed];
  const told: string[] = [];
  const world = {
    looksLeft: looksHeld,
    now: 0,
    /** What each setting of offsets answers. */
    onSet: (): Promise<"has-members" | "set"> => Promise.resolve("set"),
  };
  const groupOf = (state: string, members: GroupDescription["members"]): GroupDescription => ({
    ...{ groupId: "ns.crm", state, members },
  });
  const ending = new AbortController();
  const ports: RewindPorts = {
    board,
    admin: {
      describeGroup() {
        if (board.rewind(crm) !== null) world.looksLeft -= 1;
        if (world.looksLeft < 0) return Promise.resolve(groupOf("Empty", []));
        const member = { memberId: "m", clientId: "c", host: "h", partitions: [], note: "" };
        return Promise.resolve(groupOf("Stable", [member]));
      },
      groupOffsets: (_, topic) =>
        Promise.resolve(
          offsets.map((offset, partition) => ({
            ...{ topic, partition: asPartition(partition), lag: null },
            ...{ logStartOffset: asOffset(0), logEndOffset: asOffset(100) },
            committed: { offset: asOffset(offset), metadata: "" },
          })),
        ),
      async setGroupOffsets(groupId, commits: readonly OffsetCommit[]) {
        const answer = await world.onSet();
        told.push(`${answer} ${groupId} ${commits.map(({ offset }) => offset).join(",")}`);
        if (answer === "set")
          for (const { partition, offset } of commits) offsets[partition] = offset;
        return answer;
      },
    },
    state: {
      options: { target: crm, processId: "rewind-1" },
      ports: { clock: systemClock, stateLog },
    },
    now: () => world.now,
    wallNow: () => dana.at + world.now,
    pause(ms) {
      world.now += ms;
      return Promise.resolve();
    },
    signal: ending.signal,
    onHeld: (holders) => told.push(`held by ${holders.join(", ")}`),
  };
  const run = (wanted: RewindOrder, isBegun = false) =>
    runRewind(
      {
        ...{ order: wanted, isBegun, groupId: "ns.crm", waitMs: 1_000 },
        wish: { ...dana, by: "lee" },
      },
      ports,
    );
  const audits = (): readonly string[] =>
    board.audits(crm).map(({ action, wish: { by } }) => `${action} by ${by}`);
  return { board, control, stateLog, offsets, told, world, ending, run, audits };
}

describe("a rewind", () => {
  it("waits until the group is empty, sets its offsets in one, and lets processes join again", async () => {
    const { run, told, offsets, board, audits } = setup([90, 50]);

    const result = await run(order([90, 40], [50, 10]));

    expect(result).toMatchObject({
      ...{ kind: "done", releasedCount: 0 },
      moves: [
        { partition: 0, to: 40, end: "set" },
        { partition: 1, to: 10, end: "set" },
      ],
    });
    expect(told).toEqual(["held by c at h", "held by c at h", "set ns.crm 40,10"]);
    expect(offsets).toEqual([40, 10]);
    expect(board.rewind(crm)).toBeNull();
    expect(audits()).toEqual(["rewind by dana", "rewind-done by lee"]);
  });

  it("claims the partitions before it sets their offsets", async () => {
    const { run, stateLog, world } = setup([90]);
    let claims = 0;
    world.onSet = () => {
      claims = stateLog.list("claim/crm/users/0/").length;
      return Promise.resolve("set");
    };

    await run(order([90, 40]));

    expect(claims).toBe(1);
  });

  it("leaves the group where it has come by itself to what it was to leave out", async () => {
    const { run, told, offsets, board } = setup([97, 92], 0);

    const result = await run(order([90, 95], [90, 95]));

    expect(result).toMatchObject({
      moves: [
        { end: "passed", committed: 97 },
        { end: "set", committed: 92 },
      ],
    });
    expect(board.audits(crm).at(-1)?.of).toEqual(["rewind/crm/users/1/92/95"]);
    expect(told).toEqual(["set ns.crm 95"]);
    expect(offsets).toEqual([97, 95]);
  });

  it("waits on for a process that joined before it heard", async () => {
    const { run, told, offsets, world } = setup([90], 0);
    world.onSet = () => {
      world.onSet = () => Promise.resolve("set");
      world.looksLeft = 1;
      return Promise.resolve("has-members");
    };

    expect(await run(order([90, 40]))).toMatchObject({ kind: "done" });
    expect(told).toEqual(["has-members ns.crm 40", "held by c at h", "set ns.crm 40"]);
    expect(offsets).toEqual([40]);
  });

  it("is taken back where somebody does not leave in time, and sets nothing", async () => {
    const { run, offsets, board, audits } = setup([90], Infinity);

    expect(await run(order([90, 40]))).toEqual({
      ...{ kind: "held", holders: ["c at h"], stayed: [] },
    });
    expect(offsets).toEqual([90]);
    expect(board.rewind(crm)).toBeNull();
    expect(audits()).toEqual(["rewind by dana", "rewind-cancel by lee"]);
  });

  it("is taken back in time also where the group only seems empty", async () => {
    const { run, world, board } = setup([90], 0);
    world.onSet = () => Promise.resolve("has-members");

    expect(await run(order([90, 40]))).toEqual({ kind: "held", holders: [], stayed: [] });
    expect(board.rewind(crm)).toBeNull();
  });

  it("is taken back when it is interrupted", async () => {
    const { run, ending, board, audits } = setup([90]);
    ending.abort();

    expect(await run(order([90, 40]))).toEqual({ kind: "interrupted", stayed: [] });
    expect(board.rewind(crm)).toBeNull();
    expect(audits()).toEqual(["rewind by dana", "rewind-cancel by lee"]);
  });

  it("stands where the brokers fail half-way, and goes on when it is run again", async () => {
    const { run, world, board, offsets, audits } = setup([90]);
    world.onSet = () => Promise.reject(new MillraceError("BROKER_UNREACHABLE", "no answer"));
    const wanted = order([90, 40]);

    await expect(run(wanted)).rejects.toThrow("no answer");
    expect(board.rewind(crm)).toEqual(wanted);
    world.onSet = () => Promise.resolve("set");
    expect(await run(wanted, true)).toMatchObject({ kind: "done" });

    expect(offsets).toEqual([40]);
    expect(audits()).toEqual(["rewind by dana", "rewind-done by lee"]);
  });

  it("has dead letters open that are written anew of what is read again, whatever was said of earlier ones", async () => {
    const { run, board } = setup([90, 50]);
    const at = (offset: number, partition = 0) => ({
      ...{ topic: users, partition: asPartition(partition), offset: asOffset(offset) },
    });
    await board.drop(crm, [at(39), at(40), at(60), at(60, 2)], dana);
    await board.drop(crm, [at(70)], { ...dana, at: dana.at - 7_200_000 });

    await run(order([90, 40], [50, 10]));

    const letter = { holdsKey: false, writtenAtMs: dana.at + 60_000 };
    const isResolved = [at(39), at(40), at(60), at(70), at(60, 2)].map((event) =>
      board.isResolved(crm, { ...event, ...letter }),
    );
    expect(isResolved).toEqual([true, false, false, false, true]);
    expect(board.resolution(crm, at(70))).not.toBeNull();
  });

  it("goes on also where the offsets were set, and only the end was missing", async () => {
    const { run, control, board, offsets } = setup([90], 0);
    const wanted = order([90, 40]);
    control.onAppend = (keys) =>
      keys.includes("rewind/crm") && board.rewind(crm) !== null
        ? Promise.reject(new MillraceError("PRODUCE_FAILED", "no broker"))
        : Promise.resolve();

    await expect(run(wanted)).rejects.toThrow("no broker");
    control.onAppend = () => Promise.resolve();
    expect(await run(wanted, true)).toMatchObject({ kind: "done" });

    expect(offsets).toEqual([40]);
    expect(board.rewind(crm)).toBeNull();
  });

  it("tells as set what an earlier run has set, also where the group was to go on over it", async () => {
    const { run, world, board, offsets, control } = setup([90, 90], 0);
    const wanted = order([90, 95], [90, 40]);
    control.onAppend = (keys) =>
      keys.includes("rewind/crm") && board.rewind(crm) !== null
        ? Promise.reject(new MillraceError("PRODUCE_FAILED", "no broker"))
        : Promise.resolve();
    await expect(run(wanted)).rejects.toThrow("no broker");
    control.onAppend = () => Promise.resolve();
    world.looksLeft = 0;

    const result = await run(wanted, true);

    expect(result).toMatchObject({
      moves: [
        { end: "set", committed: 90, to: 95 },
        { end: "set", committed: 90, to: 40 },
      ],
    });
    expect(offsets).toEqual([95, 40]);
    expect(board.audits(crm).at(-1)?.of).toEqual([
      "rewind/crm/users/0/90/95",
      "rewind/crm/users/1/90/40",
    ]);
  });

  it("that an earlier run has set stays so where it is taken back, and is told as done", async () => {
    const { run, board, offsets, audits } = setup([95, 40], Infinity);
    const wanted = order([90, 95], [90, 40]);
    await board.beginRewind(wanted);
    const letter = { topic: users, partition: asPartition(1), offset: asOffset(60) };
    await board.drop(crm, [letter], dana);

    const result = await run(wanted, true);

    expect(result).toMatchObject({ kind: "held", stayed: [{ to: 95 }, { to: 40 }] });
    expect(offsets).toEqual([95, 40]);
    expect(board.rewind(crm)).toBeNull();
    expect(board.resolution(crm, letter)).toBeNull();
    expect(audits()).toEqual(["rewind by dana", "drop by dana", "rewind-done by lee"]);
  });

  it.each([
    ["forward", [90, 95]],
    ["back", [90, 40]],
  ] as const)(
    "goes on over nothing that was not asked for where the group was set back meanwhile: %s",
    async (_, move) => {
      const { run, board, offsets, audits } = setup([30], 0);

      expect(await run(order(move))).toMatchObject({ kind: "behind", moves: [{ committed: 30 }] });

      expect(offsets).toEqual([30]);
      expect(board.rewind(crm)).toBeNull();
      expect(audits()).toEqual(["rewind by dana", "rewind-cancel by lee"]);
    },
  );

  it("does not take the place of one that somebody began since the plan", async () => {
    const { run, board, control } = setup([90], 0);
    const other = { ...order([90, 20]), wish: { ...dana, by: "kim" } };
    await board.beginRewind(other);
    const writes = control.entries.length;

    await expect(run(order([90, 40]))).rejects.toMatchObject({ exitCode: 5 });
    await expect(run(order([90, 40]))).rejects.toThrow("kim began another rewind of crm");

    expect(board.rewind(crm)).toEqual(other);
    expect(control.entries).toHaveLength(writes);
  });

  it.each([
    ["taken back", async (board: ControlBoard) => board.endRewind(order([90, 40]), "cancel")],
    ["began another", async (board: ControlBoard) => board.beginRewind(order([90, 20]))],
  ])(
    "sets and ends nothing where it was taken back, or somebody began another: %s",
    async (said, meddle) => {
      const { run, board, offsets, control } = setup([90], 1);
      const wanted = order([90, 40]);
      await board.beginRewind(wanted);
      await meddle(board);
      const writes = control.entries.length;

      await expect(run(wanted, true)).rejects.toMatchObject({
        exitCode: 5,
      });
      await expect(run(wanted, true)).rejects.toThrow(said);
      expect({ offsets, writes: control.entries.length }).toEqual({ offsets: [90], writes });
    },
  );
});
