import { describe, expect, it } from "vitest";
import { DriverBench, place } from "../../../testing/driver-bench.ts";
import { ManualClock } from "../../../testing/manual-clock.ts";
import { MemoryStateLog } from "../../../testing/memory-ports.ts";
import { asOffset, asRecordKey, asTarget } from "../../core/lanes/identity.ts";
import { MillraceError } from "../../errors.ts";
import type { SinkRecord } from "../../ports.ts";
import { claimForRewind, releaseReread, type RewindContext } from "./rewind.ts";

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

const nameOf = (key: string): string => Buffer.from(key).toString("base64url");
const claim = (name: string): Entry => ({ key: `claim/crm/users/0/${name}`, value: { v: 1 } });
const marker = (key: string, kind: string, offset: number): Entry => ({
  key: `marker/crm/users/0/0/${nameOf(key)}/${kind}-${offset}`,
  value: { v: 1, kind, offset, dead: null, at: "2026-01-01T00:00:00.000Z" },
});
const progress = (key: string, of: { readonly marker: number; readonly next: number }): Entry => ({
  key: `progress/crm/users/0/0/${nameOf(key)}/9`,
  value: { v: 1, marker: { epoch: 0, offset: of.marker }, next: of.next, cursor: null },
});

/** A rewind of partition 0 over a topic with these entries; `late` are written once it is claimed. */
async function rewind(to: number, entries: readonly Entry[], late: readonly Entry[] = []) {
  const topic = [...entries];
  const stateLog = new MemoryStateLog(topic);
  const context: RewindContext = {
    options: { target: asTarget("crm"), processId: "rewind-1" },
    ports: { stateLog, clock: new ManualClock() },
  };
  const claimed = await claimForRewind([{ ...place(0), to: asOffset(to) }], context);
  topic.push(...late);
  const released = await releaseReread(claimed, context);
  return { topic, released };
}

/** The next owner, which goes on at an offset. */
async function ownerOf(topic: Entry[], committed: number): Promise<DriverBench> {
  const bench = new DriverBench({}, { processId: "p2" }, new MemoryStateLog(topic));
  await bench.assign(2, [{ committed }]);
  return bench;
}

/** Bodies of the calls that are made when a key's events come in turn, each as soon as the one before has ended. */
async function called(bench: DriverBench, texts: readonly string[]): Promise<readonly unknown[]> {
  await bench.fetch(texts);
  for (let open = bench.openBodies; open.length > 0; open = bench.openBodies) {
    for (const body of open) await bench.end(body);
  }
  return bench.sender.calls.map(({ request }) => request.body);
}

const DEAD = { ...place(0), key: asRecordKey("a"), offset: asOffset(0), redriveCount: 0 };
const isParked = ({ topic }: SinkRecord): boolean => topic === "millrace.crm.parked";
const offsetOf = ({ headers: { "millrace-offset": at } }: SinkRecord): number =>
  at instanceof Uint8Array ? Number(new TextDecoder().decode(at)) : Number.NaN;

/** Key `a` is in quarantine for `a:0`; three more are parked. */
async function quarantine(bench: DriverBench): Promise<void> {
  await bench.assign(1, [{ logEnd: 0 }]);
  await bench.fetch(["a:0", "a:1", "a:2", "a:3"]);
  await bench.end("0", 422);
  await settle(bench);
}

/** Everything comes to its end; calls are taken, as many as there may be. */
async function settle(bench: DriverBench, texts: readonly string[] = []): Promise<void> {
  await bench.clock.advance(1_000);
  for (let left = 2 * texts.length; left > 0 && bench.openBodies.length > 0; left -= 1) {
    for (const body of bench.openBodies) await bench.end(body);
    await bench.clock.advance(50);
  }
  await bench.clock.advance(1_000);
}

const keysAside = (bench: DriverBench): readonly string[] =>
  [...bench.driver.state.partitions.values()].flatMap(({ aside }) => [...aside.keys()]);

describe("a rewind in the state topic", () => {
  it("has a deferred key read again like any other where all that is parked of it is read again", async () => {
    const { topic, released } = await rewind(2, [claim("p1"), marker("a", "deferred", 4)]);

    const bench = await ownerOf(topic, 2);

    expect({ released, aside: keysAside(bench) }).toEqual({ released: 1, aside: [] });
    expect(await called(bench, ["a:2", "b:3", "a:4", "a:5"])).toEqual(["2", "3", "4", "5"]);
  });

  it("does so as far as the detour has come", async () => {
    const entries = [
      claim("p1"),
      marker("a", "deferred", 4),
      progress("a", { marker: 4, next: 7 }),
    ];

    expect((await rewind(7, entries)).released).toBe(1);
    expect((await rewind(8, entries)).released).toBe(0);
  });

  it("leaves a deferred key aside whose parked events nobody else would send", async () => {
    const { topic, released } = await rewind(9, [claim("p1"), marker("a", "deferred", 4)]);

    const bench = await ownerOf(topic, 9);

    expect({ released, aside: keysAside(bench) }).toEqual({ released: 0, aside: ["a"] });
  });

  it("leaves a key in quarantine: it is not sent up to its dead letter, and parked behind it", async () => {
    const { topic, released } = await rewind(2, [claim("p1"), marker("a", "quarantine", 4)]);

    const bench = await ownerOf(topic, 2);

    expect(released).toBe(0);
    expect(await called(bench, ["a:2", "b:3", "a:4", "a:5", "b:6"])).toEqual(["3", "6"]);
    expect(bench.sink.stored.map(({ topic }) => topic)).toEqual(["millrace.crm.parked"]);
    await bench.clock.advance(25);
    expect(bench.committed()).toBe(7);
  });

  it("leaves a blocked key blocked, also where it goes on behind its dead letter", async () => {
    const { topic } = await rewind(6, [claim("p1"), marker("a", "block", 4)]);

    const bench = await ownerOf(topic, 6);

    expect(await called(bench, ["a:6", "b:7"])).toEqual(["7"]);
    expect(keysAside(bench)).toEqual(["a"]);
  });

  it("has an event given up again come back with what is parked then, not with what was before", async () => {
    const texts = Array.from({ length: 600 }, (_, at) => `a:${at}`);
    const topic: Entry[] = [];
    const first = new DriverBench({}, {}, new MemoryStateLog(topic));
    await first.assign(1, [{ logEnd: 0 }]);
    await first.fetch(texts);
    await first.end("0", 422);
    await settle(first);
    first.driver.redrive(DEAD);
    await settle(first, texts);
    // The first third of what it parked is closed, and deleted: these say nothing any more.
    const left = first.sink.stored.map((record) =>
      isParked(record) && offsetOf(record) <= 200 ? { ...record, headers: {} } : record,
    );

    const again = [...(await rewind(0, topic)).topic];
    const next = new DriverBench({}, { processId: "p2" }, new MemoryStateLog(again));
    next.sink.stored.push(...left);
    await next.assign(2, [{ committed: 0 }]);
    await next.fetch(texts);
    await next.end("0", 422);
    await settle(next);
    next.driver.redrive(DEAD);
    await settle(next, texts);

    const bodies = next.sender.calls.map(({ request }) => request.body);
    expect(bodies).toEqual(["0", ...texts.map((_, at) => String(at))]);
  });

  it("sends what people dropped, like everything else that is read again", async () => {
    const topic: Entry[] = [];
    const first = new DriverBench({}, {}, new MemoryStateLog(topic));
    await quarantine(first);
    first.driver.discard({ ...DEAD, below: asOffset(3) });
    await settle(first, ["3"]);

    const bench = await ownerOf([...(await rewind(0, topic)).topic], 0);

    expect(await called(bench, ["a:0", "a:1", "a:2", "a:3"])).toEqual(["0", "1", "2", "3"]);
  });

  it("has a drop that has begun go on: nothing of it is sent, and all behind it", async () => {
    const topic: Entry[] = [];
    const first = new DriverBench({}, {}, new MemoryStateLog(topic));
    await quarantine(first);
    // The owner ends behind what it noted first.
    first.parkedLog.onRead = () => Promise.reject(new MillraceError("BROKER_UNREACHABLE", "none"));
    first.driver.discard({ ...DEAD, below: asOffset(2) });
    await settle(first);

    const again = [...(await rewind(0, topic)).topic];
    const next = new DriverBench({}, { processId: "p2" }, new MemoryStateLog(again));
    next.sink.stored.push(...first.sink.stored);
    await next.assign(2, [{ committed: 0 }]);
    next.driver.discard({ ...DEAD, below: asOffset(2) });
    await next.fetch(["a:0", "a:1", "a:2", "a:3"]);
    await settle(next, ["2", "3"]);

    expect(next.sender.calls.map(({ request }) => request.body)).toEqual(["2", "3"]);
    expect(next.discarded).toMatchObject([{ request: { below: 2 }, end: "dropped" }]);
  });

  it("lets nothing hold that an owner writes late which has lost the partition", async () => {
    const late = [marker("a", "quarantine", 4)];
    const { topic } = await rewind(2, [claim("p1")], late);

    const bench = await ownerOf(topic, 2);

    expect(keysAside(bench)).toEqual([]);
    expect(await called(bench, ["a:2"])).toEqual(["2"]);
  });

  it("may be done again, by whoever goes on with it", async () => {
    const { topic } = await rewind(2, [claim("p1"), marker("a", "deferred", 4)]);

    const again = await rewind(2, topic);

    expect(again.released).toBe(0);
    expect(keysAside(await ownerOf(again.topic, 2))).toEqual([]);
  });

  it("leaves the next owner nothing of it to keep", async () => {
    const { topic } = await rewind(2, [claim("p1"), marker("a", "deferred", 4)]);

    await ownerOf(topic, 2);

    const left = new Map(topic.map(({ key, value }) => [key, value]));
    const live = [...left].filter(([, value]) => value !== null).map(([key]) => key);
    expect(live.filter((key) => key.startsWith("marker/"))).toEqual([]);
    expect(live.filter((key) => key.startsWith("claim/"))).toEqual(["claim/crm/users/0/p2-1"]);
  });
});
