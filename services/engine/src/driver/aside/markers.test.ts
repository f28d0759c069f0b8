import { describe, expect, it } from "vitest";

import { DriverBench, setupDriver } from "../../../testing/driver-bench.ts";
import { MemoryStateLog } from "../../../testing/memory-ports.ts";
import { MillraceError } from "../../errors.ts";
import type { SinkRecord } from "../../ports.ts";

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

const KEY_A = Buffer.from("a").toString("base64url");
const claim = (name: string): Entry => ({ key: `claim/crm/users/0/${name}`, value: { v: 1 } });
const marker = (epoch: number, offset: number, kind = "quarantine"): Entry => ({
  key: `marker/crm/users/0/${epoch}/${KEY_A}/${kind}-${offset}`,
  value: { v: 1, kind, offset, dead: null, at: "2026-01-01T00:00:00.000Z" },
});

/** How far the detour of `marker(0, 4)` came, by a write of its owner. */
const progress = (write: number, next: number): Entry => ({
  key: `progress/crm/users/0/0/${KEY_A}/${write}`,
  value: { v: 1, marker: { epoch: 0, offset: 4 }, next, cursor: null },
});

/** A new owner of partition 0 that finds these entries in the state topic. */
async function takeover(...entries: Entry[]): Promise<DriverBench> {
  const bench = new DriverBench({}, {}, new MemoryStateLog([...entries]));
  await bench.assign(2);
  return bench;
}

function asideOf(bench: DriverBench): number[] {
  return [...bench.driver.state.partitions.values()].flatMap(({ aside }) =>
    [...aside.values()].map(({ marker: { offset } }) => offset),
  );
}

/** Keys that stand in the state topic now. */
function live(bench: DriverBench, prefix: string): string[] {
  const keys = new Map(bench.stateLog.entries.map(({ key, value }) => [key, value]));
  return [...keys].flatMap(([key, value]) =>
    key.startsWith(prefix) && value !== null ? [key] : [],
  );
}

const headerOf = (record: SinkRecord | undefined, name: string): string => {
  const value = record?.headers[name];
  return value instanceof Uint8Array ? Buffer.from(value).toString() : "";
};

describe("the progress of a detour at a takeover", () => {
  it.each([
    ["in order", [progress(1, 6), progress(2, 6)]],
    ["late", [progress(2, 6), progress(1, 6)]],
  ])(
    "is kept as its owner wrote it last, which may delete those before: %s",
    async (_, entries) => {
      const bench = await takeover(claim("old"), marker(0, 4), ...entries, progress(3, 5));

      expect(live(bench, "progress/")).toEqual([progress(2, 6).key]);
    },
  );
});

describe("a marker at a takeover", () => {
  it("is valid when its writer owned the partition", async () => {
    const bench = await takeover(claim("old"), marker(0, 4));

    expect(asideOf(bench)).toEqual([4]);
    expect(live(bench, "marker/")).toHaveLength(1);
  });

  it("is void when a later claim stands before it", async () => {
    const bench = await takeover(claim("old"), claim("new"), marker(0, 4));

    expect(asideOf(bench)).toEqual([]);
    expect(live(bench, "marker/")).toEqual([]);
  });

  it("stays valid although later claims stand behind it", async () => {
    const bench = await takeover(claim("old"), marker(0, 4), claim("new"));

    expect(asideOf(bench)).toEqual([4]);
  });

  it("is not hidden by a late one of an ended epoch", async () => {
    const bench = await takeover(claim("old"), claim("new"), marker(1, 9), marker(0, 4));

    expect(asideOf(bench)).toEqual([9]);
  });

  it("holds as the last valid one of its key says", async () => {
    const bench = await takeover(claim("old"), marker(0, 4), claim("new"), marker(2, 9));

    expect(asideOf(bench)).toEqual([9]);
    expect(live(bench, "marker/")).toEqual([marker(2, 9).key]);
  });

  it("is not lost when its writer, overtaken, writes it again and late", async () => {
    const bench = await setupDriver();
    const topic = bench.stateLog.entries as Entry[];
    await bench.fetch(["a:1"]);
    let isFirst = true;
    bench.stateLog.onWritten = () => {
      if (!isFirst) return Promise.resolve();
      isFirst = false;
      return Promise.reject(new MillraceError("PRODUCE_FAILED", "no answer"));
    };
    await bench.end("1", 422);
    topic.push(claim("second"));
    await bench.clock.advance(500);
    expect(live(bench, "marker/")).toHaveLength(2);

    const third = new DriverBench({}, { processId: "p3" }, new MemoryStateLog(topic));
    await third.assign(3);

    expect(asideOf(third)).toEqual([0]);
  });

  it("of another partition or target is left alone", async () => {
    const elsewhere = `marker/crm/users/1/0/${KEY_A}/4`;
    const others = `marker/other/users/0/0/${KEY_A}/4`;
    const { value } = marker(0, 4);
    const bench = await takeover({ key: elsewhere, value }, { key: others, value });

    expect(asideOf(bench)).toEqual([]);
    expect(live(bench, "marker/")).toEqual([elsewhere, others]);
  });

  it("has the claims that it is judged by forgotten only when the invalid ones are void", async () => {
    const bench = await takeover(claim("old"), claim("new"), marker(0, 4));

    const forgotten = bench.stateLog.entries.filter(({ value }) => value === null);
    expect(forgotten.map(({ key }) => key)).toEqual([
      marker(0, 4).key,
      "claim/crm/users/0/old",
      "claim/crm/users/0/new",
    ]);
    expect(live(bench, "claim/crm/users/0/")).toEqual(["claim/crm/users/0/p1-1"]);
  });

  it("is judged alike after a crash between voiding and forgetting", async () => {
    const topic: Entry[] = [claim("old"), claim("new"), marker(0, 4), marker(1, 9)];
    const first = new DriverBench({}, { processId: "p0" }, new MemoryStateLog(topic));
    let isCrashed = false;
    first.stateLog.onAppend = (keys) => {
      isCrashed ||= keys.some((key) => key.endsWith("/old"));
      return isCrashed ? Promise.reject(new Error("crash")) : Promise.resolve();
    };
    await expect(first.assign(2)).rejects.toThrow("crash");

    const second = new DriverBench({}, {}, new MemoryStateLog(topic));
    await second.assign(3);

    expect(asideOf(second)).toEqual([9]);
  });
});

describe("a quarantined key", () => {
  async function quarantined(): Promise<DriverBench> {
    const bench = await setupDriver();
    await bench.fetch(["a:1", "a:2", "b:1"]);
    await bench.end("1", 422);
    await bench.clock.advance(25);
    return bench;
  }

  it("has its marker in the state topic, with where the dead letter stands", async () => {
    const bench = await quarantined();

    expect(live(bench, "marker/")).toEqual([`marker/crm/users/0/0/${KEY_A}/1`]);
    expect(bench.stateLog.latest(`marker/crm/users/0/0/${KEY_A}/1`)).toMatchObject({
      v: 1,
      kind: "quarantine",
      offset: 0,
      dead: { partition: 0, offset: 0 },
    });
  });

  it("has its later events parked as they are, with why and from where", async () => {
    const bench = await quarantined();
    const record = bench.sink.records.find((one) => one.topic === "millrace.crm.parked");

    expect(Buffer.from(record?.value ?? []).toString()).toBe("2");
    expect(Buffer.from(record?.key ?? []).toString()).toBe("a");
    expect(record?.partition).toBe(0);
    const names = ["ce_id", "millrace-reason", "millrace-offset", "millrace-epoch"];
    expect(names.map((name) => headerOf(record, name))).toEqual(["id-1", "PARKED", "1", "0"]);
    await bench.end("1");
    await bench.clock.advance(25);
    expect(bench.committed()).toBe(3);
  });

  it("settles nothing before its marker is acknowledged", async () => {
    const bench = await setupDriver();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    bench.stateLog.onAppend = () => promise;
    await bench.fetch(["a:1"]);
    await bench.end("1", 422);
    await bench.clock.advance(1_000);
    expect(bench.committed()).toBeUndefined();

    resolve(undefined);
    await bench.clock.advance(25);

    expect(bench.committed()).toBe(1);
  });

  it("has its marker and its events written again until the brokers take them", async () => {
    const bench = await setupDriver();
    const failures = { marker: 2, parked: 2 };
    const fail = (): Promise<never> =>
      Promise.reject(new MillraceError("PRODUCE_FAILED", "no broker"));
    bench.stateLog.onAppend = () => (failures.marker-- > 0 ? fail() : Promise.resolve());
    bench.sink.onAppend = ({ topic }) =>
      topic.endsWith(".parked") && failures.parked-- > 0 ? fail() : Promise.resolve();
    await bench.fetch(["a:1", "a:2"]);
    await bench.end("1", 422);

    await bench.clock.advance(3_000);

    expect(bench.committed()).toBe(2);
    expect(bench.sink.records.map(({ topic }) => topic)).toEqual([
      "millrace.crm.dead",
      "millrace.crm.parked",
    ]);
  });

  it("loses the value of a parked event only where the broker takes no more", async () => {
    const bench = await setupDriver();
    bench.sink.onAppend = ({ topic, value }) =>
      topic.endsWith(".parked") && value !== null && value.length > 3
        ? Promise.reject(new MillraceError("PRODUCE_REFUSED", "too large"))
        : Promise.resolve();
    await bench.fetch(["a:1", "a:2", "a:large", "a:4"]);
    await bench.end("1", 422);
    await bench.clock.advance(25);

    const parked = bench.sink.records.filter(({ topic }) => topic.endsWith(".parked"));
    const byOffset = new Map(parked.map((one) => [headerOf(one, "millrace-offset"), one.value]));
    expect([...byOffset].map(([offset, value]) => [offset, value === null])).toEqual([
      ["1", false],
      ["2", true],
      ["3", false],
    ]);
    expect(bench.committed()).toBe(4);
  });

  it("stays in quarantine under the next owner", async () => {
    const first = await quarantined();
    const second = new DriverBench(
      {},
      { processId: "p2" },
      new MemoryStateLog(first.stateLog.entries),
    );
    await second.assign(2);

    await second.fetch(["a:1", "a:2", "b:1", "a:4"]);

    expect(second.sender.calls.map(({ request }) => request.body)).toEqual(["1"]);
    const parked = second.sink.records.map((one) => headerOf(one, "millrace-offset"));
    expect(parked).toEqual(["1", "3"]);
  });
});
