import {
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  encodeDoneSet,
  MillraceError,
  type RecordBatch,
  type SourceRecord,
  type StateEntry,
} from "@millrace/engine";
import type { GroupOffset, ReadRange } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { AsideSweeper, SWEEP_COUNT_MAX, type SweepPorts } from "./aside-sweeper.ts";

const dead = asTopic("millrace.crm.dead");
const parked = asTopic("millrace.crm.parked");

interface RecordOf {
  readonly topic?: string;
  readonly partition?: number;
  readonly key?: string;
  readonly timestampMs?: number;
}

type Log = { readonly start: number; readonly records: readonly SourceRecord[] };

/** Cluster, as far as a sweep sees it: what it asks in which order, and what it deletes. */
class Bench {
  readonly asked: string[] = [];
  readonly deleted: string[] = [];
  readonly told: string[] = [];
  readonly logs = new Map<string, Log>();
  readonly commits = new Map<string, { readonly offset: number; readonly metadata: string }>();
  readonly state = new Map<string, unknown>();
  readonly resolved = new Set<number>();
  readonly ending = new AbortController();
  /** Called when a reading is asked for. */
  onRead: () => void = () => undefined;
  readonly sweeper: AsideSweeper;

  constructor(sources: readonly string[] = ["users"]) {
    this.sweeper = new AsideSweeper({
      ...{ target: asTarget("crm"), groupId: "millrace.crm", sources: sources.map(asTopic) },
      ...{ dead, parked },
    });
  }

  /** Records of a partition of an own topic, of events at these offsets of their source. */
  put(
    topic: string,
    partition: number,
    ...events: readonly (readonly [number, RecordOf?])[]
  ): void {
    const records = events.map(([event, of = {}], offset) =>
      recordOf({ topic, partition, offset }, event, of),
    );
    this.logs.set(`${topic}/${partition}`, { start: 0, records });
  }

  mark(key: string, offset: number, of: { readonly topic?: string } = {}): void {
    const lane = Buffer.from(key).toString("base64url");
    const value = { v: 1, kind: "quarantine", offset, redriveCount: 0, keyCount: 0, dead: null };
    this.state.set(`marker/crm/${of.topic ?? "users"}/0/1/${lane}/1`, value);
  }

  commit(topic: string, offset: number, metadata = ""): void {
    this.commits.set(topic, { offset, metadata });
  }

  sweep(partitions: readonly number[] = [0], keptFromMs = Infinity) {
    const { signal } = this.ending;
    const wish = { partitions: new Set(partitions.map(asPartition)), keptFromMs, signal };
    return this.sweeper.sweep(wish, this.#ports());
  }

  #ports(): SweepPorts {
    return {
      reader: {
        ranges: (topic) => {
          this.asked.push(`ranges ${topic}`);
          return Promise.resolve([0, 1].map((partition) => this.#range(topic, partition)));
        },
        read: (ranges) => this.#read(ranges),
      },
      admin: {
        groupOffsets: (_, topic) => {
          this.asked.push(`commits ${topic}`);
          const committed = this.commits.get(topic);
          if (committed === undefined) {
            return Promise.reject(new MillraceError("TOPIC_MISSING", `no topic ${topic}`));
          }
          return Promise.resolve([offsetOf(topic, committed)]);
        },
        deleteRecords: ({ topic, partition }, before) => {
          this.deleted.push(`${topic}/${partition} < ${before}`);
          const log = this.logs.get(`${topic}/${partition}`);
          const left = log?.records.filter(({ offset }) => offset >= before) ?? [];
          this.logs.set(`${topic}/${partition}`, { start: before, records: left });
          return Promise.resolve(before);
        },
      },
      stateLog: {
        readToEnd: () => {
          this.asked.push("state");
          return Promise.resolve();
        },
        list: (prefix) => {
          const entries = [...this.state].filter(([key]) => key.startsWith(prefix));
          return entries.map(([key, value], index): [string, StateEntry] => {
            return [key, { offset: asOffset(10 + index), value }];
          });
        },
      },
      isResolved: ({ offset }) => this.resolved.has(offset),
      listener: {
        deleted: ({ topic, partition, from, to }) =>
          this.told.push(`${topic}/${partition} ${from} to ${to}`),
        unreadable: ({ topic, partition, offset }) =>
          this.told.push(`${topic}/${partition} unreadable ${offset}`),
      },
    };
  }

  #range(topic: string, partition: number) {
    const { start, records } = this.logs.get(`${topic}/${partition}`) ?? { start: 0, records: [] };
    return {
      partition: asPartition(partition),
      ...{ logStartOffset: asOffset(start), logEndOffset: asOffset(start + records.length) },
    };
  }

  async *#read([range]: readonly ReadRange[]): AsyncGenerator<RecordBatch, void> {
    if (range === undefined) return;
    const { topic, partition, from, to = Infinity } = range;
    this.asked.push(`read ${topic}/${partition}`);
    this.onRead();
    const { records = [] } = this.logs.get(`${topic}/${partition}`) ?? {};
    for (let at = 0; at < records.length; at += 3) {
      await Promise.resolve();
      const batch = records.slice(at, at + 3).filter(({ offset }) => offset >= from && offset < to);
      yield { topic, partition, records: batch, logEndOffset: asOffset(records.length) };
    }
  }
}

function offsetOf(
  topic: string,
  { offset, metadata }: { readonly offset: number; readonly metadata: string },
): GroupOffset {
  return {
    ...{ topic: asTopic(topic), partition: asPartition(0), lag: 0 },
    ...{ logStartOffset: asOffset(0), logEndOffset: asOffset(100) },
    committed: { offset: asOffset(offset), metadata },
  };
}

function recordOf(
  at: { readonly topic: string; readonly partition: number; readonly offset: number },
  event: number,
  { topic = "users", partition = 0, key = "a", timestampMs = 0 }: RecordOf,
): SourceRecord {
  const texts = {
    ...{ "millrace-topic": topic, "millrace-partition": partition, "millrace-offset": event },
    ...{ "millrace-redrive-count": 0, "millrace-holds-key": key !== "loose" },
  };
  const named = Object.entries(texts).map(
    ([name, text]) => [name, Buffer.from(String(text))] as const,
  );
  return {
    ...{ topic: asTopic(at.topic), partition: asPartition(at.partition) },
    ...{ offset: asOffset(at.offset), timestampMs, key: Buffer.from(key), value: null },
    headers: Object.fromEntries(named),
  };
}

describe("a sweep of a target's own topics", () => {
  it("deletes what is closed up to the first record that is open, of each partition that it is to sweep", async () => {
    const bench = new Bench();
    bench.commit("users", 50);
    bench.mark("b", 7);
    bench.put(dead, 0, [3], [4], [7, { key: "b" }], [9]);
    bench.put(parked, 0, [5], [8, { key: "b" }]);
    bench.put(parked, 1, [5]);

    expect(await bench.sweep()).toBe("done");

    expect(bench.deleted).toEqual([`${dead}/0 < 2`, `${parked}/0 < 1`]);
    expect(bench.told).toEqual([`${dead}/0 0 to 2`, `${parked}/0 0 to 1`]);
  });

  it("asks for ends, commits, markers and records one after the other", async () => {
    const bench = new Bench(["users", "orders"]);
    bench.commit("users", 50);
    bench.put(dead, 0, [3]);

    await bench.sweep();

    expect(bench.asked).toEqual([
      ...[`ranges ${dead}`, `ranges ${parked}`, "commits users", "commits orders", "state"],
      `read ${dead}/0`,
    ]);
  });

  it("asks for nothing more where there is nothing", async () => {
    const bench = new Bench();

    expect(await bench.sweep([0, 1])).toBe("done");

    expect(bench.asked).toEqual([`ranges ${dead}`, `ranges ${parked}`]);
  });

  it("deletes nothing where the first record is open or young", async () => {
    const bench = new Bench();
    bench.commit("users", 50);
    bench.mark("a", 3);
    bench.put(dead, 0, [3], [4, { key: "b" }]);
    bench.put(parked, 0, [1, { timestampMs: 11 }], [2]);

    await bench.sweep([0], 10);

    expect(bench.deleted).toEqual([]);
  });

  it("takes for settled what is committed, and what the commit says is done above it", async () => {
    const bench = new Bench();
    bench.commit("users", 5, encodeDoneSet(5, [{ from: 7, to: 9 }]));
    bench.put(dead, 0, [4], [7], [8], [9]);

    await bench.sweep();

    expect(bench.deleted).toEqual([`${dead}/0 < 3`]);
  });

  it("keeps dead letters that nobody has resolved where their keys went on", async () => {
    const bench = new Bench();
    bench.commit("users", 50);
    bench.resolved.add(3);
    bench.put(dead, 0, [3, { key: "loose" }], [4, { key: "loose" }]);

    await bench.sweep();

    expect(bench.deleted).toEqual([`${dead}/0 < 1`]);
  });

  it("asks for the commits of a topic that the target no longer reads once it has met its records", async () => {
    const bench = new Bench();
    bench.commit("users", 50);
    bench.commit("former", 50);
    bench.put(dead, 0, [3], [4, { topic: "former" }], [5]);

    await bench.sweep();
    await bench.sweep();

    expect(bench.deleted).toEqual([`${dead}/0 < 1`, `${dead}/0 < 3`]);
  });

  it("keeps dead letters of a topic that is gone", async () => {
    const bench = new Bench();
    bench.put(dead, 0, [3]);

    await bench.sweep();
    await bench.sweep();

    expect(bench.deleted).toEqual([]);
  });

  it("keeps what it cannot read and what stands behind it, and says where", async () => {
    const bench = new Bench();
    bench.put(parked, 0, [1], [2], [3]);
    const log = bench.logs.get(`${parked}/0`)?.records ?? [];
    const records = log.map((one) => (one.offset === 1 ? { ...one, headers: {} } : one));
    bench.logs.set(`${parked}/0`, { start: 0, records });

    await bench.sweep();

    expect(bench.told).toEqual([`${parked}/0 unreadable 1`, `${parked}/0 0 to 1`]);
  });

  it("reads no more than it may at once, and says that there is more", async () => {
    const bench = new Bench();
    const events = Array.from({ length: SWEEP_COUNT_MAX + 10 }, (_, offset) => [offset] as const);
    bench.put(parked, 0, ...events);

    expect(await bench.sweep()).toBe("more");
    expect(await bench.sweep()).toBe("done");

    const [first, last] = bench.told;
    expect(first).toMatch(new RegExp(`^${parked}/0 0 to 1000[0-2]$`, "u"));
    expect(last).toMatch(/ to 10010$/u);
  });

  it("leaves a partition alone that another process deletes from at that moment", async () => {
    const bench = new Bench();
    bench.put(parked, 0, [1], [2]);
    bench.onRead = () => {
      throw new MillraceError("OFFSETS_GONE", "not in the log");
    };

    expect(await bench.sweep()).toBe("done");

    expect(bench.deleted).toEqual([]);
  });

  it("deletes nothing more once it is to end", async () => {
    const bench = new Bench();
    bench.put(parked, 0, [1]);
    bench.put(parked, 1, [1]);
    bench.onRead = () => bench.ending.abort();

    await bench.sweep([0, 1]);

    expect(bench.deleted).toEqual([`${parked}/0 < 1`]);
  });

  it("fails as its ports do, with what it deleted told", async () => {
    const bench = new Bench();
    bench.put(parked, 0, [1]);
    bench.put(parked, 1, [1]);
    bench.onRead = () => {
      if (bench.deleted.length > 0) throw new MillraceError("BROKER_UNREACHABLE", "away");
    };

    await expect(bench.sweep([0, 1])).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });

    expect(bench.told).toEqual([`${parked}/0 0 to 1`]);
  });
});
