import {
  asOffset,
  asPartition,
  asTopic,
  NO_TELEMETRY,
  type LogFields,
  type Telemetry,
} from "@millrace/engine";
import type { Deletion, SweepEnd, SweepListener, SweepWish } from "@millrace/jobs";
import { describe, expect, it } from "vitest";
import { AsideRetention } from "./aside-retention.ts";

const HOUR_MS = 3_600_000;
const deletion: Deletion = {
  ...{ topic: asTopic("millrace.crm.dead"), partition: asPartition(1) },
  ...{ from: asOffset(3), to: asOffset(8) },
};

/** One target that owns partition 1; each sweep ends as `ends` say in turn, then well. */
function setup({ keepMs = 24 * HOUR_MS, partitions = [1] } = {}) {
  let place: Parameters<SweepListener["unreadable"]>[0] | null = null;
  const timers: { readonly delayMs: number; readonly task: () => void }[] = [];
  const ends: (SweepEnd | Error | Promise<SweepEnd>)[] = [];
  const wishes: SweepWish[] = [];
  const lines: [string, string, LogFields | undefined][] = [];
  const counted: unknown[] = [];
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    counter: () => ({ add: (value, labels) => counted.push([value, labels]) }),
    log: (level, message, fields) => lines.push([level, message, fields]),
  };
  const clock = {
    now: () => 0,
    wallNow: () => 100 * HOUR_MS,
    schedule(delayMs: number, task: () => void) {
      const timer = { delayMs, task };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer) >>> 0, 1);
    },
  };
  const target = {
    ...{ name: "crm", keepMs, partitions: () => new Set(partitions.map(asPartition)) },
    sweep(wish: SweepWish, listener: SweepListener): Promise<SweepEnd> {
      wishes.push(wish);
      const end = ends.shift() ?? "done";
      if (end instanceof Error) return Promise.reject(end);
      if (place === null) listener.deleted(deletion);
      else listener.unreadable(place);
      return Promise.resolve(end);
    },
  };
  const retention = new AsideRetention([target], { clock, telemetry });
  /** The next timer runs; gives how long it had waited. */
  const next = async (): Promise<number | undefined> => {
    const timer = timers.shift();
    timer?.task();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    return timer?.delayMs;
  };
  const meet = (offset: number): void => {
    place = { topic: deletion.topic, partition: deletion.partition, offset: asOffset(offset) };
  };
  return { retention, next, ends, wishes, lines, counted, timers, meet };
}

describe("the retention of own topics", () => {
  it("sweeps every ten minutes what this process owns, and keeps what is young", async () => {
    const { next, wishes } = setup();

    expect([await next(), await next()]).toEqual([600_000, 600_000]);

    expect(wishes.map(({ keptFromMs }) => keptFromMs)).toEqual([76 * HOUR_MS, 76 * HOUR_MS]);
    expect([...(wishes[0]?.partitions ?? [])]).toEqual([1]);
  });

  it("sweeps as often as records may go where that is sooner", async () => {
    const { next } = setup({ keepMs: 2_000 });

    expect([await next(), await next()]).toEqual([2_000, 2_000]);
  });

  it("goes on soon where there is more", async () => {
    const { next, ends } = setup();
    ends.push("more");

    expect([await next(), await next(), await next()]).toEqual([600_000, 1_000, 600_000]);
  });

  it("tells and counts what was deleted", async () => {
    const { next, lines, counted } = setup();

    await next();

    expect(counted).toEqual([[5, { target: "crm", topic: "millrace.crm.dead" }]]);
    expect(lines).toEqual([
      [
        "info",
        "deleted what nobody needs any more",
        { target: "crm", topic: "millrace.crm.dead", partition: 1, from: 3, to: 8, count: 5 },
      ],
    ]);
  });

  it("complains of failures once, until one sweep succeeds, and tries again at its time", async () => {
    const { next, ends, lines, wishes } = setup();
    const error = new Error("TOPIC_AUTHORIZATION_FAILED");
    ends.push(error, error, "done", error);

    for (let run = 0; run < 4; run += 1) expect(await next()).toBe(600_000);

    expect(wishes).toHaveLength(4);
    const warnings = lines.filter(([level]) => level === "warn");
    expect(warnings.map(([, , fields]) => fields)).toEqual([
      { target: "crm", error },
      { target: "crm", error },
    ]);
  });

  it("complains once of each record that it cannot read", async () => {
    const { next, lines, meet } = setup();

    for (const offset of [4, 4, 9]) {
      meet(offset);
      await next();
    }

    expect(lines.map(([level, , fields]) => [level, fields?.["offset"]])).toEqual([
      ["warn", 4],
      ["warn", 9],
    ]);
  });

  it("does nothing while the process owns nothing", async () => {
    const { next, wishes } = setup({ partitions: [] });

    expect([await next(), await next()]).toEqual([600_000, 600_000]);

    expect(wishes).toEqual([]);
  });

  it("ends what runs and begins nothing more when it is stopped", async () => {
    const { retention, next, ends, wishes, timers, lines } = setup();
    const { promise, reject } = Promise.withResolvers<SweepEnd>();
    ends.push(promise);
    await next();

    const stopped = retention.stop();
    expect(wishes[0]?.signal.aborted).toBe(true);
    reject(new Error("the client is closed"));
    await stopped;

    expect(timers).toEqual([]);
    expect(lines.filter(([level]) => level === "warn")).toEqual([]);
  });

  it("stops while it waits", async () => {
    const { retention, timers } = setup();

    await retention.stop();

    expect(timers).toEqual([]);
  });
});
