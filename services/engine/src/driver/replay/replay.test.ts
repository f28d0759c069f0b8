import { describe, expect, it } from "vitest";
import { DriverBench, place, sourceRecord } from "../../../testing/driver-bench.ts";
import { readPage } from "../../../testing/journal-pages.ts";
import { MemoryStateLog } from "../../../testing/memory-ports.ts";
import type { EngineConfig } from "../../core/config.ts";
import { asJob, asOffset } from "../../core/lanes/identity.ts";
import { MillraceError } from "../../errors.ts";
import type { ReplayOrder } from "./replay-keeper.ts";

const JOB = asJob("job-1");

/** A driver that has delivered these events of partition 0, and can read them once more. */
async function delivered(
  texts: readonly string[],
  engine: Partial<EngineConfig> = {},
): Promise<DriverBench> {
  const bench = new DriverBench(engine);
  await bench.assign(1, [{ logEnd: 0 }]);
  await deliver(bench, texts);
  return bench;
}

async function deliver(bench: DriverBench, texts: readonly string[]): Promise<void> {
  await bench.fetch(texts);
  const from = bench.replayLog.records.length;
  texts.forEach((text, index) => bench.replayLog.records.push(sourceRecord(text, from + index)));
  for (let body = bench.openBodies[0]; body !== undefined; [body] = bench.openBodies)
    await bench.end(body);
  await bench.clock.advance(25);
}

/** Asks for a replay, of the first `to` offsets by default. */
async function replay(bench: DriverBench, order: Partial<ReplayOrder> = {}): Promise<void> {
  const range = { from: asOffset(0), to: asOffset(bench.replayLog.records.length) };
  bench.driver.replay({ job: JOB, mode: "repair", ...place(0), ...range, ...order });
  await bench.clock.advance(0);
}

/** Ends open calls, and lets steps be written, until nothing is left to do. */
async function finish(bench: DriverBench, except: readonly string[] = []): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const body = bench.openBodies.find((one) => !except.includes(one));
    if (body === undefined) break;
    bodies.push(body);
    await bench.end(body);
  }
  await bench.clock.advance(100);
  return bodies;
}

/** The next owner of the partition, on the same topics. */
async function successor(
  bench: DriverBench,
  order: Partial<ReplayOrder> = {},
): Promise<DriverBench> {
  const next = new DriverBench({}, { processId: "p2" }, new MemoryStateLog(bench.stateLog.entries));
  next.replayLog.records.push(...bench.replayLog.records);
  await next.assign(2, [{ committed: bench.committed() ?? 0 }]);
  await replay(next, order);
  return next;
}

const headers = (bench: DriverBench) => bench.sender.calls.map(({ request }) => request.headers);

const live = (bench: DriverBench, prefix: string): unknown[] => {
  const last = new Map(bench.stateLog.entries.map(({ key, value }) => [key, value]));
  return [...last].flatMap(([key, value]) =>
    key.startsWith(prefix) && value !== null ? [value] : [],
  );
};

describe("a replay", () => {
  it("repairs with the Idempotency-Keys of the live deliveries, and says whose job it is", async () => {
    const bench = await delivered(["a:1"]);
    await replay(bench);

    expect(headers(bench)).toEqual([
      { "idempotency-key": "key-0", "millrace-position": "users/0/0" },
      {
        "idempotency-key": "key-0",
        "millrace-position": "users/0/0",
        "millrace-replay": "job-1",
      },
    ]);
  });

  it("reprocesses with keys of its own", async () => {
    const bench = await delivered(["a:1"]);
    await replay(bench, { mode: "reprocess" });

    expect(headers(bench).at(-1)).toMatchObject({ "idempotency-key": "key-0-job-1" });
  });

  it("sends its range in order per key, beside live events of the same keys", async () => {
    const bench = await delivered(["a:1", "b:1b", "a:2"]);
    await replay(bench);
    await bench.fetch(["a:3", "b:2b"]);

    expect(bench.openBodies).toEqual(["1", "1b"]);
    expect(await finish(bench)).toEqual(["1", "1b", "3", "2b", "2"]);
  });

  it("commits nothing", async () => {
    const bench = await delivered(["a:1", "a:2"]);
    const { length } = bench.source.commits;
    await replay(bench);
    await finish(bench);

    expect(bench.source.commits.length).toBe(length);
    expect(bench.committed()).toBe(2);
  });

  it("leaves its last step with its counts", async () => {
    const bench = await delivered(["a:1", "skip", "c:3"]);
    await replay(bench);
    await finish(bench);

    const value = {
      ...{ v: 1, mode: "repair", from: 0, to: 3, next: 3, done: "", failedLanes: [], end: "done" },
      counts: { sent: 2, skipped: { FILTERED: 1 }, failed: {} },
    };
    expect(live(bench, "replay/crm/users/0/")).toEqual([value]);
    expect(bench.driver.replays).toMatchObject([{ stage: "ended", step: { end: "done" } }]);
    expect(bench.telemetry.lines).toContainEqual(
      expect.objectContaining({ message: "replay ended" }),
    );
  });

  it("is not run again once it is over", async () => {
    const bench = await delivered(["a:1"]);
    await replay(bench);
    await finish(bench);
    await bench.assign(2, [{ committed: 1 }]);
    await bench.clock.advance(0);
    expect(bench.openBodies).toEqual([]);

    const next = await successor(bench);
    expect(next.openBodies).toEqual([]);
    expect(next.driver.replays).toMatchObject([{ stage: "ended" }]);
  });

  it("means the events that its job selects, and counts no others", async () => {
    const bench = await delivered(["a:1", "a:2", "a:3"]);
    await replay(bench, { select: ({ offset }) => offset === 1 });

    expect(await finish(bench)).toEqual(["2"]);
    expect(bench.driver.replays[0]?.step?.counts).toEqual({ sent: 1, skipped: {}, failed: {} });
  });

  it("counts of what the filter leaves out only what its job selects", async () => {
    const bench = await delivered(["a:1", "skip", "skip", "a:4"]);
    await replay(bench, { select: ({ offset }) => offset >= 2 });
    await finish(bench);

    const counts = { sent: 1, skipped: { FILTERED: 1 }, failed: {} };
    expect(bench.driver.replays[0]?.step?.counts).toEqual(counts);
  });

  it("waits for a schema, as live events do", async () => {
    const bench = await delivered(["a:1"]);
    bench.preparer.isRegistryUp = false;
    bench.replayLog.records.splice(0, 1, sourceRecord("schema:7", 0));
    await replay(bench);
    expect(bench.openBodies).toEqual([]);

    bench.preparer.isRegistryUp = true;
    await bench.clock.advance(500);
    expect(bench.openBodies).toEqual(["schema:7"]);
  });

  it("reads again when the brokers did not answer", async () => {
    const bench = await delivered(["a:1"]);
    bench.replayLog.onRead = () => Promise.reject(new MillraceError("BROKER_UNREACHABLE", "no"));
    await replay(bench);
    bench.replayLog.onRead = () => Promise.resolve();
    await bench.clock.advance(500);

    expect(bench.openBodies).toEqual(["1"]);
  });

  it("says how much of its range the log has lost, and ends", async () => {
    const bench = await delivered(["a:1", "a:2", "a:3"]);
    bench.replayLog.range = { start: 2, end: 3 };
    await replay(bench);
    await finish(bench);

    expect(bench.sender.calls.length).toBe(3);
    expect(bench.driver.replays[0]?.step).toMatchObject({
      end: "range-gone",
      counts: { sent: 0, failed: { RANGE_GONE: 2 } },
    });
  });

  it("tells the journal of each event, with its job, and keeps the live entries", async () => {
    const bench = await delivered(["a:1", "b:2", "b:3"]);
    await replay(bench);
    await bench.end("2", 422);
    await finish(bench);
    await bench.clock.advance(250);

    const entries = bench.journalSink.records.flatMap(({ value }) => readPage(value).entries);
    expect(
      entries.map(({ offset, outcome, reason, job }) => [offset, outcome, reason, job]),
    ).toEqual([
      [0, "delivered", null, null],
      [1, "delivered", null, null],
      [2, "delivered", null, null],
      [1, "failed", "HTTP_REJECTED", "job-1"],
      [2, "skipped", "KEY_FAILED", "job-1"],
      [0, "delivered", null, "job-1"],
    ]);
    expect(bench.sink.records).toEqual([]);
  });
});

describe("a replay whose owner changes", () => {
  it("goes on where its last owner was, and repeats what was in flight", async () => {
    const bench = await delivered(["a:1", "b:2", "a:3", "c:4"]);
    await replay(bench);
    await finish(bench, ["1"]);
    expect(bench.openBodies).toEqual(["1"]);

    const next = await successor(bench);
    expect(await finish(next)).toEqual(["1", "3"]);
    expect(next.driver.replays[0]?.step?.counts.sent).toBe(4);
  });

  it("takes no step from an owner that had been overtaken", async () => {
    const bench = await delivered(["a:1", "b:2"]);
    await replay(bench);
    await finish(bench, ["1"]);
    const late = bench.stateLog.entries.findLast(({ key }) => key.startsWith("replay/"));
    const value = { v: 1, process: "other", member: "m9", generation: 2, at: "" };
    bench.stateLog.entries.push({ key: "claim/crm/users/0/other-1", value });
    const counts = { sent: 2, skipped: {}, failed: {} };
    bench.stateLog.entries.push({
      key: `${late?.key ?? ""}9`,
      value: { ...Object(late?.value), next: 2, counts, end: "done" },
    });

    const next = await successor(bench);
    expect(next.openBodies).toEqual(["1"]);
    expect(live(next, "replay/").length).toBe(1);
  });

  it("writes no step that counts once another owner came before it", async () => {
    const bench = await delivered(["a:1", "b:2"]);
    await replay(bench);
    const value = { v: 1, process: "other", member: "m9", generation: 2, at: "" };
    bench.stateLog.entries.push({ key: "claim/crm/users/0/other-1", value });
    await finish(bench);

    expect(bench.driver.replays[0]?.stage).toBe("ending");
    const next = await successor(bench);
    expect(await finish(next)).toEqual(["1", "2"]);
  });

  it("loses no step to an owner that had been overtaken and does not know it", async () => {
    const bench = await delivered(["a:1", "b:2", "c:3"]);
    await replay(bench);
    await bench.end("1");
    await bench.clock.advance(100);
    bench.stateLog.onWritten = () => Promise.reject(new MillraceError("PRODUCE_FAILED", "no"));
    await bench.end("2");
    await bench.clock.advance(100);
    const second = new DriverBench(
      {},
      { processId: "p9" },
      new MemoryStateLog(bench.stateLog.entries),
    );
    await second.assign(2, [{ committed: 3 }]);

    bench.stateLog.onWritten = () => Promise.resolve();
    await bench.end("3");
    await bench.clock.advance(2_000);
    const third = await successor(bench);
    expect(await finish(third)).toEqual(["3"]);
  });

  it("drains, keeps its epoch in the next generation, and goes on", async () => {
    const bench = await delivered(["a:1", "a:2"]);
    await replay(bench);
    const drained = bench.driver.draining("rebalance", 1_000);
    await bench.end("1");
    await bench.clock.advance(25);
    await drained;
    expect(bench.openBodies).toEqual([]);

    await bench.assign(2, [{ isContinued: true, committed: 2 }]);
    await bench.clock.advance(0);
    expect(await finish(bench)).toEqual(["2"]);
  });

  it("sends nothing more once membership is lost", async () => {
    const bench = await delivered(["a:1", "a:2"]);
    await replay(bench);
    bench.driver.lost("test");
    await finish(bench);

    expect(bench.sender.calls.length).toBe(3);
    expect(bench.driver.replays).toMatchObject([{ stage: "elsewhere" }]);
  });
});

describe("a replay that is steered", () => {
  it("pauses and goes on, also with its next owner", async () => {
    const bench = await delivered(["a:1", "a:2"]);
    await replay(bench);
    bench.driver.steerReplay(JOB, "pause");
    expect(await finish(bench)).toEqual(["1"]);

    const next = new DriverBench(
      {},
      { processId: "p2" },
      new MemoryStateLog(bench.stateLog.entries),
    );
    next.replayLog.records.push(...bench.replayLog.records);
    next.driver.steerReplay(JOB, "pause");
    await next.assign(2, [{ committed: 2 }]);
    await replay(next);
    expect(next.openBodies).toEqual([]);

    next.driver.steerReplay(JOB, "run");
    await next.clock.advance(0);
    expect(await finish(next)).toEqual(["2"]);
  });

  it("ends when it is cancelled, and stays so", async () => {
    const bench = await delivered(["a:1", "a:2"]);
    await replay(bench);
    bench.driver.steerReplay(JOB, "cancel");
    bench.driver.steerReplay(JOB, "run");
    expect(await finish(bench)).toEqual(["1"]);

    expect(bench.driver.replays[0]?.step).toMatchObject({
      end: "cancelled",
      next: 1,
      counts: { sent: 1 },
    });
    expect((await successor(bench)).openBodies).toEqual([]);
  });

  it("does not run under a name that was used for another range", async () => {
    const bench = await delivered(["a:1", "a:2"]);
    await replay(bench, { to: asOffset(1) });
    await finish(bench);

    const next = await successor(bench);
    expect(next.openBodies).toEqual([]);
    expect(next.telemetry.lines.map(({ message }) => message)).toContain(
      "replay not run: its name was used for another range; use a new one",
    );
  });

  it("refuses a job whose name fits no header", async () => {
    const bench = await delivered(["a:1"]);

    await expect(replay(bench, { job: asJob("a b\n") })).rejects.toThrow("a job's name");
  });
});
