import { describe, expect, it } from "vitest";

import { DriverBench, type Place } from "../../testing/driver-bench.ts";
import { MemoryStateLog } from "../../testing/memory-ports.ts";
import { MillraceError } from "../errors.ts";

const crash = (): Promise<void> => Promise.reject(new MillraceError("TOPIC_MISSING", "crash"));

/** Starts of owned partitions by name. */
const starts = (bench: DriverBench): Record<string, number> =>
  Object.fromEntries(bench.source.seeks);

describe("claims", () => {
  it("are written for all that is taken, and their offsets are the epochs", async () => {
    const bench = new DriverBench({}, {}, new MemoryStateLog([{ key: "x", value: 1 }]));

    await bench.assign(4, [{ partition: 0 }, { partition: 1 }]);

    expect(bench.stateLog.entries.slice(1, 3)).toMatchObject([
      {
        key: "claim/crm/users/0/p1-1",
        value: { v: 1, process: "p1", member: "m1", generation: 4 },
      },
      { key: "claim/crm/users/1/p1-1" },
    ]);
    expect([...bench.driver.state.partitions.values()].map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  it("are not written for what is continued", async () => {
    const bench = new DriverBench();
    await bench.assign(1);
    const before = bench.stateLog.entries.length;

    await bench.assign(2, [{ isContinued: true }]);

    expect(bench.stateLog.entries).toHaveLength(before);
    expect([...bench.driver.state.partitions.values()].map(({ epoch }) => epoch)).toEqual([0]);
  });

  it("are repeated while the brokers are away", async () => {
    const bench = new DriverBench();
    let failures = 2;
    bench.stateLog.onAppend = () =>
      failures-- > 0
        ? Promise.reject(new MillraceError("PRODUCE_FAILED", "no broker"))
        : Promise.resolve();

    const assigned = bench.assign(1);
    await bench.clock.advance(1_000);
    await assigned;

    expect(bench.driver.state.partitions.size).toBe(1);
  });
});

describe("the start of a new partition", () => {
  const NEW: Place = { committed: null };

  it("is resolved once, written, committed and marked, in this order", async () => {
    const bench = new DriverBench();
    bench.source.startOffset = 42;
    const seen: unknown[] = [];
    bench.source.onCommit = () => {
      seen.push(bench.stateLog.latest("initialised/crm/users/0/0"));
      seen.push(bench.stateLog.latest("begun/crm/users/0"));
      return Promise.resolve();
    };

    await bench.assign(1, [NEW]);

    expect(seen).toEqual([{ v: 1, offset: 42 }, undefined]);
    expect(bench.stateLog.latest("begun/crm/users/0")).toEqual({ v: 1, offset: 42 });
    expect(bench.source.commits).toMatchObject([{ generation: 1, offsets: [{ offset: 42 }] }]);
    expect(starts(bench)).toEqual({ "users/0": 42 });
  });

  it("may lie beyond the log end as it was when the partition was assigned", async () => {
    const bench = new DriverBench();
    bench.source.startOffset = 1_005;

    await bench.assign(1, [NEW]);

    expect(starts(bench)).toEqual({ "users/0": 1_005 });
  });

  it.each(["commit", "mark"] as const)(
    "may lie beyond that end also when its %s has failed once",
    async (what) => {
      const bench = new DriverBench();
      bench.source.startOffset = 1_005;
      let failCount = 0;
      const failOnce = (): Promise<void> => {
        failCount += 1;
        if (failCount > 1) return Promise.resolve();
        return Promise.reject(new MillraceError("PRODUCE_FAILED", "no answer"));
      };
      if (what === "commit") bench.source.onCommit = failOnce;
      else {
        bench.source.onCommit = () => {
          bench.stateLog.onAppend = failOnce;
          return Promise.resolve();
        };
      }

      const assigned = bench.assign(1, [NEW]);
      await bench.clock.advance(1_000);
      await assigned;

      expect(failCount).toBeGreaterThan(1);
      expect(bench.driver.halts).toEqual([]);
      expect(starts(bench)).toEqual({ "users/0": 1_005 });
    },
  );

  it("stays the same after a crash before the commit", async () => {
    const topic = new MemoryStateLog().entries;
    const first = new DriverBench({}, {}, new MemoryStateLog(topic));
    first.source.startOffset = 42;
    first.source.onCommit = crash;
    await expect(first.assign(1, [NEW])).rejects.toThrow("crash");

    const second = new DriverBench({}, {}, new MemoryStateLog(topic));
    second.source.startOffset = 99;
    await second.assign(2, [NEW]);

    expect(starts(second)).toEqual({ "users/0": 42 });
    expect(second.committed()).toBe(42);
  });

  it("is marked after a crash between commit and mark", async () => {
    const topic = [{ key: "initialised/crm/users/0/0", value: { v: 1, offset: 42 } }];
    const bench = new DriverBench({}, {}, new MemoryStateLog(topic));

    await bench.assign(2, [{ committed: 42 }]);

    expect(bench.stateLog.latest("begun/crm/users/0")).toEqual({ v: 1, offset: 42 });
    expect(bench.source.commits).toEqual([]);
  });

  it("is not guessed when the group's offsets are gone", async () => {
    const topic = [{ key: "begun/crm/users/0", value: { v: 1, offset: 42 } }];
    const bench = new DriverBench({}, {}, new MemoryStateLog(topic));

    await bench.assign(2, [NEW, { partition: 1 }]);

    expect(bench.driver.halts).toMatchObject([{ reason: "committed-offset-gone", partition: 0 }]);
    expect(starts(bench)).toEqual({ "users/1": 0 });
  });

  it("goes on where it was committed although the mark's acknowledgement was lost", async () => {
    const bench = new DriverBench();
    const append = bench.stateLog.append.bind(bench.stateLog);
    let lostCount = 0;
    bench.stateLog.append = async (entries) => {
      const offsets = await append(entries);
      const isMark = entries.some(({ key }) => key.startsWith("begun/"));
      if (!isMark || lostCount > 0) return offsets;
      lostCount += 1;
      throw new MillraceError("PRODUCE_FAILED", "no acknowledgement");
    };

    const assigned = bench.assign(1, [NEW]);
    await bench.clock.advance(1_000);
    await assigned;

    expect(lostCount).toBe(1);
    expect(bench.driver.halts).toEqual([]);
    expect(starts(bench)).toEqual({ "users/0": 0 });
  });

  it("halts when the log has lost what was owed before the first commit", async () => {
    const topic = [{ key: "initialised/crm/users/0/0", value: { v: 1, offset: 3 } }];
    const bench = new DriverBench({}, {}, new MemoryStateLog(topic));

    await bench.assign(2, [{ committed: null, logStart: 9 }]);

    expect(bench.driver.halts).toMatchObject([{ reason: "log-start-beyond-offset" }]);
  });

  /** Claims of two owners; each wrote where the partition begins, the first one after it had been overtaken. */
  const OVERTAKEN = [
    { key: "claim/crm/users/0/p8-1", value: { v: 1, process: "p8", member: "m8", generation: 1 } },
    { key: "claim/crm/users/0/p9-1", value: { v: 1, process: "p9", member: "m9", generation: 2 } },
    { key: "initialised/crm/users/0/1", value: { v: 1, offset: 42 } },
    { key: "initialised/crm/users/0/0", value: { v: 1, offset: 77 } },
  ];

  it("is the one of the last owner whatever an overtaken one writes late, also for the owner after next", async () => {
    const topic = new MemoryStateLog([...OVERTAKEN]).entries;
    const crashed = new DriverBench({}, {}, new MemoryStateLog(topic));
    crashed.source.onCommit = crash;
    await expect(crashed.assign(3, [NEW])).rejects.toThrow("crash");
    const bench = new DriverBench({}, {}, new MemoryStateLog(topic));

    await bench.assign(4, [NEW]);

    expect(starts(bench)).toEqual({ "users/0": 42 });
    expect(bench.stateLog.latest("initialised/crm/users/0/0")).toBeNull();
  });

  it("is looked up where only an overtaken owner wrote one", async () => {
    const topic = OVERTAKEN.filter(({ key }) => key !== "initialised/crm/users/0/1");
    const bench = new DriverBench({}, {}, new MemoryStateLog(topic));
    bench.source.startOffset = 99;

    await bench.assign(3, [NEW]);

    expect(starts(bench)).toEqual({ "users/0": 99 });
  });

  it("is known to be committed whatever an overtaken owner writes late", async () => {
    const begun = { key: "begun/crm/users/0", value: { v: 1, offset: 42 } };
    const topic = [...OVERTAKEN.slice(0, 3), begun, ...OVERTAKEN.slice(3)];
    const bench = new DriverBench({}, {}, new MemoryStateLog(topic));

    await bench.assign(3, [NEW]);

    expect(bench.driver.halts).toMatchObject([{ reason: "committed-offset-gone" }]);
  });

  it("is 0 for a partition that was added later, whatever startAt says", async () => {
    const bench = new DriverBench({}, { startAt: { kind: "latest" } });
    bench.source.startOffset = 500;
    await bench.assign(1, [{ partition: 0, committed: null }], 1);

    await bench.assign(
      2,
      [
        { partition: 0, isContinued: true },
        { partition: 1, committed: null },
      ],
      2,
    );

    expect(starts(bench)).toEqual({ "users/0": 500, "users/1": 0 });
  });

  it("is 0 for an added partition although a process without any saw the topic after it grew", async () => {
    const topic = new MemoryStateLog().entries;
    const first = new DriverBench({}, {}, new MemoryStateLog(topic));
    await first.assign(1, [{ committed: null }], 1);

    const second = new DriverBench({}, { startAt: { kind: "latest" } }, new MemoryStateLog(topic));
    second.source.startOffset = 500;
    await second.assign(2, [], 2);
    await second.assign(3, [{ partition: 1, committed: null }], 2);

    expect(starts(second)).toEqual({ "users/1": 0 });
  });
});

describe("the first sight of a topic", () => {
  it("is the one with the fewest partitions, whoever writes of a later one late", async () => {
    const topic = [
      { key: "topic/crm/users/1", value: { v: 1, partitionCount: 1 } },
      { key: "topic/crm/users/2", value: { v: 1, partitionCount: 2 } },
    ];
    const options = { startAt: { kind: "latest" } } as const;
    const bench = new DriverBench({}, options, new MemoryStateLog(topic));
    bench.source.startOffset = 500;

    await bench.assign(1, [{ committed: null }, { partition: 1, committed: null }], 2);

    expect(starts(bench)).toEqual({ "users/0": 500, "users/1": 0 });
  });

  it("is looked up once for all partitions that begin", async () => {
    const topic = [{ key: "topic/crm/users/3", value: { v: 1, partitionCount: 3 } }];
    const bench = new DriverBench({}, {}, new MemoryStateLog(topic));
    const places = [0, 1, 2].map((partition): Place => ({ partition, committed: null }));

    await bench.assign(1, places, 3);

    const sights = bench.stateLog.listed.filter((prefix) => prefix.startsWith("topic/"));
    expect(sights).toEqual(["topic/crm/"]);
  });
});

describe("the committed offset", () => {
  it.each([
    ["below the log's start", { committed: 3, logStart: 9 }, "log-start-beyond-offset"],
    ["above the log's end", { committed: 30, logEnd: 20 }, "offset-beyond-log-end"],
  ])("halts the partition when it lies %s", async (_, place, reason) => {
    const bench = new DriverBench();

    await bench.assign(1, [place]);

    expect(bench.driver.halts).toMatchObject([{ reason }]);
    expect(bench.driver.state.partitions.size).toBe(0);
  });

  it("comes with its done set, whose events are not sent again", async () => {
    const bench = new DriverBench();
    await bench.assign(1, [{ committed: 10, metadata: "millrace/1:AQIBAQ" }]);

    await bench.fetch(["a:10", "b:11", "c:12", "d:13", "e:14"]);

    expect(bench.openBodies).toEqual(["10", "13"]);
  });
});
