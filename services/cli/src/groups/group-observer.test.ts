import {
  asEpoch,
  asOffset,
  asPartition,
  asTarget,
  asTopic,
  claimKey,
  encodeDoneSet,
  begunKey,
  markerKey,
  MillraceError,
  type RecordBatch,
  type StateEntry,
  type Topic,
} from "@millrace/engine";
import type { GroupDescription, GroupOffset, ReadRange } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { GroupObserver, type ObserverPorts } from "./group-observer.ts";
import type { ObservedTarget } from "./observed-group.ts";

const USERS = asTopic("users");
const TARGET: ObservedTarget = { name: "crm", topics: ["users"], order: "key" };
const STATE_END = 40;

/** A partition as the cluster has it. Default: ten records, all of them waiting. */
interface FakePartition {
  readonly committed?: number | null;
  readonly metadata?: string;
  readonly start?: number;
  readonly end?: number;
}

/** A cluster that answers from plain data, and notes in which order it was asked. */
class FakeCluster implements ObserverPorts {
  readonly asked: string[] = [];
  group: GroupDescription = { groupId: "ns.crm", state: "Dead", members: [] };
  partitions: FakePartition[] = [{}];
  readonly entries: (readonly [string, StateEntry])[] = [];
  /** Answers of the reader before it begins to answer at all. */
  goneCount = 0;
  readingCount = 0;
  readingMax = 0;

  readonly admin: ObserverPorts["admin"] = {
    describeGroup: () => this.#say("group", this.group),
    partitionRanges: () =>
      this.#say("state", [
        {
          partition: asPartition(0),
          logStartOffset: asOffset(0),
          logEndOffset: asOffset(STATE_END),
        },
      ]),
    groupOffsets: (_, topic) =>
      topic === USERS
        ? this.#say(
            "offsets",
            this.partitions.map((one, index) => offsetsOf(topic, one, index)),
          )
        : Promise.reject(new MillraceError("TOPIC_MISSING", `topic does not exist: ${topic}`)),
  };

  readonly stateLog: ObserverPorts["stateLog"] = {
    readTo: (offset) => this.#say(`state up to ${offset}`, undefined),
    list: (prefix) => this.entries.filter(([key]) => key.startsWith(prefix)),
  };

  readonly reader: ObserverPorts["reader"] = { read: ([range]) => this.#read(range) };

  state(key: string, value: object): void {
    this.entries.push([key, { offset: asOffset(this.entries.length), value }]);
  }

  async *#read(range: ReadRange | undefined): AsyncGenerator<RecordBatch, void> {
    if (range === undefined) return;
    this.readingCount += 1;
    this.readingMax = Math.max(this.readingMax, this.readingCount);
    await new Promise((resolve) => setImmediate(resolve));
    this.readingCount -= 1;
    this.asked.push(`read ${range.partition}:${range.from}`);
    this.goneCount -= 1;
    if (this.goneCount >= 0) throw new MillraceError("OFFSETS_GONE", "overtaken");
    const { topic, partition, from } = range;
    const key = Buffer.from(`u${partition}`);
    const record = { timestampMs: 5, key, value: null, headers: {} };
    const records = [{ topic, partition, offset: from, ...record }];
    yield { topic, partition, records, logEndOffset: asOffset(10) };
  }

  #say<Answer>(what: string, answer: Answer): Promise<Answer> {
    this.asked.push(what);
    return Promise.resolve(answer);
  }
}

function offsetsOf(topic: Topic, of: FakePartition, index: number): GroupOffset {
  const { committed = 0, metadata = "", start = 0, end = 10 } = of;
  return {
    topic,
    partition: asPartition(index),
    logStartOffset: asOffset(start),
    logEndOffset: asOffset(end),
    committed: committed === null ? null : { offset: asOffset(committed), metadata },
    lag: committed === null ? null : Math.max(0, end - committed),
  };
}

const observerOf = (cluster: FakeCluster): GroupObserver => new GroupObserver("ns", cluster);

describe("GroupObserver", () => {
  it("asks in the order that makes one picture of the answers", async () => {
    const cluster = new FakeCluster();

    await observerOf(cluster).observeOne(TARGET);

    expect(cluster.asked).toEqual(["group", "state", "state up to 39", "offsets", "read 0:0"]);
  });

  it("puts together what Kafka, the state topic and the log say of a partition", async () => {
    const cluster = new FakeCluster();
    const place = { topic: USERS, partition: asPartition(0) };
    cluster.partitions = [{ committed: 2, metadata: encodeDoneSet(2, [{ from: 3, to: 5 }]) }];
    cluster.group = {
      groupId: "ns.crm",
      state: "Stable",
      members: [{ memberId: "m", clientId: "c", host: "/h", partitions: [place], note: "" }],
    };
    const claim = { v: 1, process: "p", member: "m", generation: 1 };
    cluster.state(claimKey(asTarget("crm"), place, "p-1"), claim);

    const observed = await observerOf(cluster).observeOne(TARGET);

    expect(observed).toMatchObject({ groupId: "ns.crm", state: "Stable", memberCount: 1 });
    expect(observed.partitions).toMatchObject([
      {
        ...place,
        state: "behind",
        committed: 2,
        logEndOffset: 10,
        lag: 8,
        doneCount: 2,
        waitingCount: 6,
        owner: { member: "m", host: "h", process: "p" },
        head: { record: { offset: 2 }, waitsFor: "in-work" },
      },
    ]);
  });

  it("says none of a group that Kafka does not know, and that nothing has started", async () => {
    const cluster = new FakeCluster();
    cluster.partitions = [{ committed: null }];

    const observed = await observerOf(cluster).observeOne(TARGET);

    expect(observed).toMatchObject({ state: "none", memberCount: 0 });
    expect(observed.partitions).toMatchObject([{ state: "not-started", lag: null, head: null }]);
    expect(cluster.asked).not.toContain("read 0:0");
  });

  it("knows committed offsets that are gone by what was noted when they were made", async () => {
    const cluster = new FakeCluster();
    cluster.partitions = [{ committed: null }];
    const key = begunKey(asTarget("crm"), { topic: USERS, partition: asPartition(0) });
    cluster.state(key, { v: 1, offset: 3 });

    const { partitions } = await observerOf(cluster).observeOne(TARGET);

    expect(partitions).toMatchObject([{ state: "offsets-gone", head: null }]);
  });

  it.each([
    ["key", "u0", "blocked"],
    ["key", "u1", "no-owner"],
    ["partition", "", "blocked"],
    ["none", "u0", "no-owner"],
  ] as const)("finds what holds a head by its lane: order %s, marker of '%s'", async (...of) => {
    const [order, lane, waitsFor] = of;
    const cluster = new FakeCluster();
    const place = { topic: USERS, partition: asPartition(0) };
    const name = { epoch: asEpoch(0), lane, write: 1 };
    const marker = { v: 1, kind: "block", offset: 0, redriveCount: 0, keyCount: 0, dead: null };
    cluster.state(markerKey(asTarget("crm"), place, name), marker);

    const { partitions } = await observerOf(cluster).observeOne({ ...TARGET, order });

    expect(partitions).toMatchObject([{ head: { waitsFor } }]);
  });

  it("looks for the head above the log's start where retention has passed, and says why it stands", async () => {
    const cluster = new FakeCluster();
    cluster.partitions = [{ committed: 2, start: 6 }];

    const { partitions } = await observerOf(cluster).observeOne(TARGET);

    expect(partitions).toMatchObject([
      { state: "retention-passed", goneCount: 4, head: { record: { offset: 6 } } },
    ]);
    expect(partitions[0]?.head?.waitsFor).toBe("retention");
  });

  it("reads no head where nothing waits", async () => {
    const cluster = new FakeCluster();
    cluster.partitions = [{ committed: 10 }, { end: 0 }, { committed: 12 }];

    const { partitions } = await observerOf(cluster).observeOne(TARGET);

    const states = partitions.map(({ state, head }) => [state, head]);
    expect(states).toEqual([
      ["up-to-date", null],
      ["up-to-date", null],
      ["beyond-end", null],
    ]);
    expect(cluster.asked).not.toContain("read 0:10");
  });

  it("reads the heads of many partitions beside one another, and no more than eight at once", async () => {
    const cluster = new FakeCluster();
    cluster.partitions = Array.from({ length: 100 }, () => ({}));

    const { partitions } = await observerOf(cluster).observeOne(TARGET);

    expect(partitions.map(({ head }) => head?.record.partition)).toEqual([
      ...Array.from({ length: 100 }, (_, index) => index),
    ]);
    expect(cluster.readingMax).toBe(8);
  });

  it("looks again when retention runs meanwhile, but not for ever", async () => {
    const cluster = new FakeCluster();
    cluster.goneCount = 2;

    const { partitions } = await observerOf(cluster).observeOne(TARGET);

    expect(partitions).toMatchObject([{ head: { record: { offset: 0 } } }]);
    cluster.goneCount = 3;
    const again = observerOf(cluster).observeOne(TARGET);
    await expect(again).rejects.toMatchObject({ code: "OFFSETS_GONE" });
  });

  it("tells of a target whose topic does not exist beside the others", async () => {
    const cluster = new FakeCluster();
    const lost: ObservedTarget = { name: "lost", topics: ["users", "nosuch"], order: "key" };

    const observed = await observerOf(cluster).observe([lost, TARGET]);

    expect(observed.map(({ kind, target }) => [kind, target.name])).toEqual([
      ["topic-missing", "lost"],
      ["observed", "crm"],
    ]);
    const alone = observerOf(cluster).observeOne(lost);
    await expect(alone).rejects.toThrow("topic does not exist: nosuch");
  });
});
