import { asJob, asOffset, asPartition, asRecordKey, asTarget, asTopic } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { MemoryControlTopic } from "../test-support/memory-control-log.ts";
import { ControlBoard } from "./control-board.ts";
import type { ControlChange } from "./control-change.ts";
import { pauseText } from "./pause.ts";
import type { ReplayJob } from "./replay-job.ts";

const crm = asTarget("crm");
const audit = asTarget("audit");
const dana = { by: "dana", reason: "maintenance", at: Date.UTC(2026, 0, 1) };

const redriveOf = (key: string) => ({
  ...{ topic: asTopic("users"), partition: asPartition(2), key: asRecordKey(key) },
  ...{ offset: asOffset(7), redriveCount: 1 },
});

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

describe("the control board", () => {
  it("shows a pause, with who and why, to whoever reads", async () => {
    const { board, open } = await setup();

    await board.pause({ target: crm, pauser: "operator", wish: dana });

    const other = await open();
    expect(other.pauses(crm)).toEqual([{ target: "crm", pauser: "operator", wish: dana }]);
    expect(other.pauses().map(pauseText)).toEqual(["paused by dana: maintenance"]);
    expect(other.pauses(audit)).toEqual([]);
  });

  it("ends people's and guards' pauses with one resume, and tells which stood", async () => {
    const { board } = await setup();
    await board.pause({ target: crm, pauser: "operator", wish: dana });
    await board.pause({ target: crm, pauser: "guard", wish: { ...dana, by: "p1" } });
    await board.pause({ target: audit, pauser: "operator", wish: dana });

    const ended = await board.resume(crm, { ...dana, reason: "done" });

    expect(ended.map(({ pauser }) => pauser).sort()).toEqual(["guard", "operator"]);
    expect(board.pauses().map(({ target }) => target)).toEqual(["audit"]);
  });

  it("resumes also what it does not know to be paused, for a guard whose word is still on its way", async () => {
    const { board, open } = await setup();
    const changes: ControlChange[] = [];
    (await open()).follow((change) => changes.push(change));

    expect(await board.resume(crm, dana)).toEqual([]);

    expect(changes).toContainEqual({ kind: "resumed", target: "crm", pauser: "guard" });
  });

  it("tells followers of a breaker's reset each time, with who and why, and of one that cannot be read too", async () => {
    const { board, open, topic } = await setup();
    const changes: ControlChange[] = [];
    (await open()).follow((change) => changes.push(change));

    await board.resetBreaker(crm, dana);
    await board.resetBreaker(crm, dana);
    await topic.open().append([{ key: "breaker-reset/audit", value: { v: 2 } }]);

    const reset = { kind: "breaker-reset", reset: { target: "crm", wish: dana } };
    const unread = { kind: "breaker-reset", reset: { target: "audit", wish: null } };
    expect(changes).toEqual([reset, reset, unread]);
  });

  it("shows what a target asked for last, with who was asked and until when, and writes no audit of it", async () => {
    const { board, open } = await setup();
    const wish = { by: "p1", reason: "HTTP_THROTTLED", at: Date.UTC(2026, 0, 1) };
    const asked = { until: wish.at + 20_000, wish };
    const changes: ControlChange[] = [];
    (await open()).follow((change) => changes.push(change));

    await board.putThrottle(crm, { ...asked, until: wish.at + 5_000 });
    await board.putThrottle(crm, asked);

    const other = await open();
    expect(other.throttle(crm)).toEqual(asked);
    expect(other.throttles()).toEqual([{ target: "crm", asked }]);
    expect(other.throttle(audit)).toBeNull();
    expect(other.audits(crm)).toEqual([]);
    expect(changes).toMatchObject([
      { kind: "throttled", throttle: { target: "crm", asked: { until: wish.at + 5_000 } } },
      { kind: "throttled", throttle: { target: "crm", asked } },
    ]);
  });

  it("knows a throttle that cannot be read from one that says something", async () => {
    const { board, topic } = await setup();
    const told = { by: "p1", reason: "HTTP_THROTTLED", at: "2026-01-01T00:00:00.000Z" };
    const values = [{ v: 2 }, { v: 1, ...told }, { v: 1, ...told, until: "soon" }, "x", null];
    for (const value of values) {
      await topic.open().append([{ key: "throttle/crm", value }]);
      await board.read();

      expect(board.throttle(crm)).toBeNull();
      const none = value === null ? [] : [{ target: "crm", asked: null }];
      expect(board.throttles()).toEqual(none);
    }
  });

  it("tells its followers of others' changes as they come", async () => {
    const { board, open } = await setup();
    const changes: ControlChange[] = [];
    const other = await open();
    const cancel = other.follow((change) => changes.push(change));

    await board.pause({ target: crm, pauser: "operator", wish: dana });
    await board.resume(crm, dana);
    cancel();
    await board.pause({ target: crm, pauser: "operator", wish: dana });

    expect(changes).toEqual([
      { kind: "paused", pause: { target: "crm", pauser: "operator", wish: dana } },
      { kind: "resumed", target: "crm", pauser: "operator" },
      { kind: "resumed", target: "crm", pauser: "guard" },
    ]);
  });

  it("shows what is to be redriven, whatever the key's bytes, until that has ended", async () => {
    const { board, open } = await setup();
    const changes: ControlChange[] = [];
    (await open()).follow((change) => changes.push(change));
    const request = redriveOf("a/b \u00ff");

    await board.redrive(crm, [request], dana);
    expect((await open()).redrives(crm)).toEqual([{ target: "crm", request, wish: dana }]);

    await board.endRedrive(crm, request, { kind: "redriven", wish: dana });
    expect(board.redrives()).toEqual([]);
    expect(changes).toEqual([
      { kind: "redrive", redrive: { target: "crm", request, wish: dana } },
      { kind: "redrive-ended", target: "crm", request },
    ]);
  });

  it("knows a dead letter to be resolved that was delivered, and to be open that was given up again", async () => {
    const { board } = await setup();
    const [delivered, again] = [redriveOf("a"), { ...redriveOf("b"), offset: asOffset(8) }];
    await board.redrive(crm, [delivered, again], dana);

    await board.endRedrive(crm, delivered, { kind: "redriven", wish: dana });
    await board.endRedrive(crm, again, null);

    expect(board.resolution(crm, delivered)).toEqual({ kind: "redriven", wish: dana });
    expect(board.resolution(crm, again)).toBeNull();
  });

  it("knows a dead letter to be resolved that someone dropped, and who did", async () => {
    const { board, topic } = await setup();

    await board.drop(crm, [redriveOf("a")], dana);

    expect(board.resolution(crm, redriveOf("a"))).toEqual({ kind: "dropped", wish: dana });
    expect(topic.entries.at(-1)?.value).toMatchObject({
      ...{ action: "drop", by: "dana", of: ["resolution/crm/users/2/7"] },
    });
  });

  it.each([
    { kind: "redriven", holdsKey: true, laterMs: 0, isOne: true },
    { kind: "redriven", holdsKey: null, laterMs: 0, isOne: true },
    { kind: "redriven", holdsKey: false, laterMs: 0, isOne: false },
    { kind: "dropped", holdsKey: false, laterMs: 0, isOne: true },
    // The clocks of two machines.
    { kind: "dropped", holdsKey: false, laterMs: 3_600_000, isOne: true },
    { kind: "dropped", holdsKey: false, laterMs: 3_600_001, isOne: false },
    { kind: "redriven", holdsKey: true, laterMs: 3_600_001, isOne: false },
  ] as const)(
    "knows of which dead letters of an event a resolution is: %o",
    async ({ kind, holdsKey, laterMs, isOne }) => {
      const { board } = await setup();
      const letter = { ...redriveOf("a"), holdsKey, writtenAtMs: dana.at + laterMs };
      expect(board.isResolved(crm, letter)).toBe(false);

      await board.endRedrive(crm, redriveOf("a"), { kind, wish: dana });

      expect(board.isResolved(crm, letter)).toBe(isOne);
      expect(board.isResolved(audit, letter)).toBe(false);
    },
  );

  it("shows what is to be discarded, and from where on its key is delivered, until that has ended", async () => {
    const { board, open, topic } = await setup();
    const changes: ControlChange[] = [];
    (await open()).follow((change) => changes.push(change));
    const request = { ...redriveOf("a/b \u00ff"), below: asOffset(12) };
    const dropped = { kind: "dropped", wish: dana } as const;

    await board.discard(crm, [request], { action: "quarantine-drop", wish: dana });
    expect((await open()).discards(crm)).toEqual([{ target: "crm", request, wish: dana }]);
    expect(board.redrives()).toEqual([]);
    expect(topic.entries.at(-1)?.value).toMatchObject({ action: "quarantine-drop", by: "dana" });

    await board.endDiscard(crm, request, dropped);
    expect(board.discards()).toEqual([]);
    expect(board.resolution(crm, request)).toEqual(dropped);
    expect(changes).toEqual([
      { kind: "discard", discard: { target: "crm", request, wish: dana } },
      { kind: "discard-ended", target: "crm", request },
    ]);
  });

  it("leaves a resolution as it is when what was wanted ended with something else", async () => {
    const { board } = await setup();
    const request = { ...redriveOf("a"), below: asOffset(8) };
    await board.redrive(crm, [request], dana);
    await board.discard(crm, [request], { action: "quarantine-release", wish: dana });

    await board.endDiscard(crm, request, { kind: "dropped", wish: dana });
    await board.forgetRedrive(crm, request);

    expect([...board.redrives(), ...board.discards()]).toEqual([]);
    expect(board.resolution(crm, request)?.kind).toBe("dropped");
  });

  it("takes a redrive whose value it cannot read for a redrive: its key says all", async () => {
    const { board, topic } = await setup();
    await board.redrive(crm, [redriveOf("a")], dana);
    const [key = ""] = topic.entries.map((entry) => entry.key);

    topic.write([{ key, value: { v: 2 } }]);

    expect(board.redrives(crm)).toEqual([{ target: "crm", request: redriveOf("a"), wish: null }]);
  });

  it("shows a replay, and what is wanted of it now", async () => {
    const { board, open } = await setup();
    const changes: ControlChange[] = [];
    (await open()).follow((change) => changes.push(change));
    const ranges = [
      {
        topic: asTopic("users"),
        partition: asPartition(2),
        from: 5,
        to: 9,
        plannedCount: 2,
        only: [{ from: 6, to: 8 }],
      },
    ];
    const job: ReplayJob = {
      ...{ id: asJob("repair-1"), target: crm, mode: "repair", ranges, state: "run", wish: dana },
      keys: [asRecordKey("a\u00ff")],
    };

    await board.putJob(job);
    await board.putJob({ ...job, state: "pause" });

    expect((await open()).jobs(crm)).toEqual([{ ...job, state: "pause" }]);
    expect(board.jobs(audit)).toEqual([]);
    expect(changes.map((change) => change.kind === "replay" && change.job.state)).toEqual([
      "run",
      "pause",
    ]);
  });

  it.each([
    ["a newer version", { v: 2 }],
    ["no ranges", { ranges: [] }],
    ["a range without an end", { ranges: [["users", 0, "1"]] }],
    ["keys that are none", { keys: [7] }],
    ["another mode", { mode: "again" }],
  ])("takes nothing for a replay that it cannot read: %s", async (_, wrong) => {
    const { board, topic } = await setup();
    const value = {
      ...{ v: 1, kind: "replay", target: "crm", mode: "repair", state: "run", keys: null },
      ...{ by: "dana", reason: "x", at: "2026-01-01T00:00:00.000Z" },
      ...{ ranges: [["users", 0, "1", "2", 1]] },
    };
    topic.write([{ key: "job/right", value }]);

    topic.write([{ key: "job/wrong", value: { ...value, ...wrong } }]);

    expect(board.jobs().map(({ id }) => id)).toEqual(["right"]);
  });

  it("keeps every change for good, beside what it changed", async () => {
    const { board, topic } = await setup();

    await board.pause({ target: crm, pauser: "operator", wish: dana });
    await board.resume(crm, { ...dana, by: "lee", reason: "done" });

    const audits = topic.entries.filter(({ key }) => key.startsWith("audit/"));
    expect(new Set(audits.map(({ key }) => key)).size).toBe(2);
    expect(audits.map(({ value }) => value)).toMatchObject([
      { v: 1, action: "pause", target: "crm", by: "dana", reason: "maintenance" },
      { v: 1, action: "resume", target: "crm", by: "lee", reason: "done" },
    ]);
  });

  it("tells what was done to a target, the earliest first, and nothing that it cannot read", async () => {
    const { board, topic } = await setup();
    const lee = { ...dana, by: "lee", at: dana.at + 1 };
    await board.resume(crm, lee);
    await board.pause({ target: crm, pauser: "operator", wish: dana });
    await board.pause({ target: audit, pauser: "operator", wish: dana });
    await board.drop(crm, [redriveOf("a")], { ...lee, at: dana.at + 2 });
    topic.write([{ key: "audit/x", value: { v: 1, action: "sing", target: "crm" } }]);

    expect(board.audits(crm)).toMatchObject([
      { action: "pause", wish: dana },
      { action: "resume", wish: lee },
      { action: "drop", of: ["resolution/crm/users/2/7"] },
    ]);
  });

  it.each([
    ["a newer version", { v: 2, until: "noon" }],
    ["no object", 7],
    ["no time", { v: 1, by: "dana", reason: "maintenance", at: "noon" }],
  ])("takes a pause that it cannot read for a pause: %s", async (_, value) => {
    const { board, topic } = await setup();

    topic.write([{ key: "pause/crm/operator", value }]);

    expect(board.pauses(crm)).toEqual([{ target: "crm", pauser: "operator", wish: null }]);
    expect(board.pauses(crm).map(pauseText)).toEqual([
      "paused by an entry that this version cannot read",
    ]);
  });

  it("leaves other keys alone", async () => {
    const { board, topic } = await setup();

    topic.write([
      { key: "pause/crm/somebody", value: { v: 1 } },
      { key: "pause/crm/operator/more", value: { v: 1 } },
      { key: "job/1", value: { v: 1 } },
      { key: "redrive/crm/users/0/YQ/x/0", value: { v: 1 } },
      { key: "redrive/crm/users/0/YQ/1", value: { v: 1 } },
      { key: "discard/crm/users/0/YQ/1/0", value: { v: 1 } },
      { key: "discard/crm/users/0/YQ/1/0/x", value: { v: 1 } },
      { key: "discard/crm/users/0/YQ/1/0/1", value: { v: 1 } },
    ]);

    expect(board.pauses()).toEqual([]);
    expect(board.redrives()).toEqual([]);
    expect(board.discards()).toEqual([]);
  });
});
