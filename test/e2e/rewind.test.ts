import { groupId } from "@millrace/config";
import { asOffset, asTopic } from "@millrace/engine";
import { createTopicAdmin, plainConnection } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { byDelivery, changedDeliveries, positionOf, type Arrival } from "../support/arrivals.ts";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type Deliverer, type World } from "../support/delivery-world.ts";
import { RealWorld } from "../support/kafka-world.ts";
import { startMillrace } from "../support/millrace-process.ts";
import { RecordingListener } from "../support/recording-listener.ts";
import { until } from "../support/until.ts";
import { untilAlone, untilWell } from "../support/why.ts";

const KEYS = 50;
const SICK = "user-3";
const WISH = ["--reason", "restored from backup", "--by", "dana"];
const NAMED = [...WISH, "--yes-i-mean", "crm"];
const OUT = "keeps out of its group";

/** Runs `millrace groups rewind crm <args>`; neither stream is a terminal. */
async function rewind(world: World, ...args: readonly string[]) {
  const command = ["groups", "rewind", "crm", ...args, "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  return { code, stderr, items: stdout === "" ? [] : itemsOf(stdout) };
}

/** Another program in the group of `crm`, which leaves when it is told to. */
async function stranger(world: World): Promise<() => Promise<void>> {
  const source = new RealWorld().source(`${world.namespace}.crm`, [asTopic(world.topic)]);
  await source.start(new RecordingListener(source));
  return () => source.stop();
}

/** Emits round after round until it is told to stop; resolves to the number of events then. */
function emitOn(world: World, from: number): () => Promise<number> {
  const emitting = { isOver: false };
  const over = (async (): Promise<number> => {
    let count = from;
    for (; !emitting.isOver; count += KEYS) await world.emitUpdates(KEYS, KEYS, count);
    return count;
  })();
  return () => {
    emitting.isOver = true;
    return over;
  };
}

/** One above the last offset that arrived of each partition. */
function endsOf(arrivals: readonly Arrival[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  for (const { partition, offset } of arrivals.map(positionOf)) {
    ends.set(partition, Math.max(offset + 1, ends.get(partition) ?? 0));
  }
  return ends;
}

/** Keys whose events came in another order than the log's, but for one step back of each. */
function disorderedTwice(arrivals: readonly Arrival[]): readonly string[] {
  const lanes = Map.groupBy(arrivals, (one) => `${positionOf(one).partition}/${one.key ?? ""}`);
  return [...lanes].flatMap(([lane, all]) => {
    const offsets = all.map((one) => positionOf(one).offset);
    const backs = offsets.filter((offset, index) => offset <= (offsets[index - 1] ?? -1));
    return backs.length > 1 ? [lane] : [];
  });
}

/**
 * How often an event may arrive, of whose arrivals these are: twice between where the group went on and where it was. Above that it
 * may have been done when the group stopped, before anything came again (`again`): a group that is set forgets that.
 */
function timesOf(
  [first]: readonly Arrival[],
  of: {
    readonly ranges: ReadonlyMap<number, { readonly from: number; readonly to: number }>;
    readonly again: number;
  },
): readonly number[] {
  if (first === undefined) return [0];
  const { partition, offset } = positionOf(first);
  const range = of.ranges.get(partition);
  if (range === undefined || offset < range.from) return [1];
  if (offset < range.to) return [2];
  return first.seq < of.again ? [1, 2] : [1];
}

/** Leaves what a command leaves that is killed once it has set the offsets of `crm` back to the beginning. */
async function killedBehindSetting(world: World, isOut: () => boolean): Promise<void> {
  const leave = await stranger(world);
  const command = ["groups", "rewind", "crm", "--to", "earliest", ...NAMED, "--wait", "1h"];
  const killed = startMillrace([...command, "-c", world.configPath], {
    ...{ folder: world.folder, name: "killed-rewind" },
  });
  await until("the process to leave", isOut);
  await killed.end("SIGKILL");
  await leave();
  const admin = createTopicAdmin({
    connection: plainConnection(world.servers.brokers, "millrace-test"),
  });
  const group = groupId(world.namespace, "crm");
  const offsets = (await admin.groupOffsets(group, asTopic(world.topic))).map(
    ({ topic, partition }) => ({ topic, partition, offset: asOffset(0), metadata: "" }),
  );
  await until("its offsets to be set", async () => {
    return (await admin.setGroupOffsets(group, offsets)) === "set";
  });
  await admin.close();
}

async function readiness({ adminUrl }: Deliverer): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${adminUrl}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

describe("millrace groups rewind", () => {
  it("has three processes deliver again what lies between, in order per key with the same keys, and nothing else", async () => {
    const world = await createWorld({ apis: { crm: {}, audit: {} } });
    const processes = [await world.deliver(), await world.deliver(), await world.deliver()];
    await Promise.all(processes.map((one) => one.ready()));
    await world.emitUpdates(20 * KEYS, KEYS);
    await world.untilEffects("crm", 20 * KEYS);
    const stop = emitOn(world, 20 * KEYS);
    const aims = [...endsOf(world.arrivals("crm"))].map(([partition, end]) => {
      return `${partition}:${Math.floor(end / 2)}`;
    });

    const done = await rewind(world, "--to", aims.join(","), ...NAMED);
    const emitted = await stop();

    expect(done).toMatchObject({ code: 0 });
    expect(done.items).toHaveLength(aims.length);
    const ranges = new Map(
      done.items.map(({ partition, committed, to }) => [
        Number(partition),
        { from: Number(to), to: Number(committed) },
      ]),
    );
    const between = [...ranges.values()].reduce((sum, { from, to }) => sum + to - from, 0);
    expect(between).toBeGreaterThan(5 * KEYS);
    await until("every event to arrive, and those between again", () => {
      return world.arrivals("crm").length >= emitted + between;
    });
    await world.untilEffects("audit", emitted);
    await until("no lag", async () => {
      const lags = await Promise.all(processes.map((one) => world.lag(one)));
      return lags.every((lag) => lag === 0);
    });

    const arrivals = world.arrivals("crm");
    const deliveries = [...byDelivery(arrivals).values()];
    expect(deliveries).toHaveLength(emitted);
    const again = Math.min(...deliveries.map(([, second]) => second?.seq ?? Infinity));
    const times = deliveries.map((same) => ({
      arrived: same.length,
      expected: timesOf(same, { ranges, again }),
    }));
    expect(times.filter(({ arrived, expected }) => !expected.includes(arrived))).toEqual([]);
    expect(changedDeliveries(arrivals)).toEqual([]);
    expect(disorderedTwice(arrivals)).toEqual([]);
    const others = [...byDelivery(world.arrivals("audit")).values()];
    expect(others.filter(({ length }) => length !== 1)).toEqual([]);
    for (const one of processes) expect(one.output()).toContain(OUT);
    await untilWell(world, ["crm", "audit"]);
    const [[partition, { from }] = [0, { from: 0 }]] = ranges;
    const story = await millrace(
      ["why", `${world.topic}:${partition}:${from}`, "-c", world.configPath, "-o", "json"],
      { cwd: world.folder },
    );
    expect(story.stdout).toContain('"rewound"');
  });

  it("is taken back where another program stays in the group, and nothing arrives again", async () => {
    const world = await createWorld({ apis: { crm: {} }, partitions: 2 });
    await (await world.deliver()).ready();
    await world.emitUpdates(2 * KEYS, KEYS);
    await world.untilEffects("crm", 2 * KEYS);
    const leave = await stranger(world);

    const refused = await rewind(world, "--to", "earliest", ...NAMED, "--wait", "5s");
    await leave();

    expect(refused).toMatchObject({ code: 5, items: [] });
    expect(refused.stderr).toContain("millrace-test at");
    expect(refused.stderr).toContain("is still in it");
    await world.emitUpdates(2 * KEYS, KEYS, 2 * KEYS);
    await world.untilEffects("crm", 4 * KEYS);
    await untilWell(world);
    const deliveries = [...byDelivery(world.arrivals("crm")).values()];
    expect(deliveries.filter(({ length }) => length !== 1)).toEqual([]);
  });

  it("stands where its command is killed half-way: nobody joins, why says it, and it goes on when run again", async () => {
    const world = await createWorld({ apis: { crm: {} }, partitions: 2 });
    const first = await world.deliver();
    await world.emitUpdates(2 * KEYS, KEYS);
    await world.untilEffects("crm", 2 * KEYS);
    await untilWell(world);
    const leave = await stranger(world);
    const command = ["groups", "rewind", "crm", "--to", "earliest", ...NAMED, "--wait", "1h"];
    const killed = startMillrace([...command, "-c", world.configPath], {
      ...{ folder: world.folder, name: "killed-rewind" },
    });
    await until("the process to leave", () => first.output().includes(OUT));
    await killed.end("SIGKILL");
    await leave();

    const late = await world.deliver();
    await until("a process that starts to keep out", () => late.output().includes(OUT));
    await world.emitUpdates(KEYS, KEYS, 2 * KEYS);
    const cause = await untilAlone(world, "rewinding");
    const elsewhere = await rewind(world, "--to", "latest", ...NAMED);

    expect(cause.details).toEqual({ by: "dana", reason: "restored from backup" });
    expect(await readiness(late)).toMatchObject({ status: 503 });
    expect((await readiness(late)).text).toContain("stopped for a rewind by dana");
    expect(elsewhere.code).toBe(5);
    expect(elsewhere.stderr).toContain("to other offsets");
    expect(world.arrivals("crm")).toHaveLength(2 * KEYS);

    expect(await rewind(world, ...NAMED)).toMatchObject({ code: 0 });
    await until("all to arrive again, and the rest", () => {
      return world.arrivals("crm").length >= 5 * KEYS;
    });
    await untilWell(world);
    const arrivals = [...byDelivery(world.arrivals("crm")).values()];
    expect(arrivals.filter(({ length }) => length === 2)).toHaveLength(2 * KEYS);
    expect(arrivals.filter(({ length }) => length === 1)).toHaveLength(KEYS);
  });

  it("is taken back by --cancel, and the group goes on where it was", async () => {
    const world = await createWorld({ apis: { crm: {} }, partitions: 2 });
    const first = await world.deliver();
    await world.emitUpdates(2 * KEYS, KEYS);
    await world.untilEffects("crm", 2 * KEYS);
    await untilWell(world);
    const leave = await stranger(world);
    const command = ["groups", "rewind", "crm", "--to", "earliest", ...NAMED, "--wait", "1h"];
    const interrupted = startMillrace([...command, "-c", world.configPath], {
      ...{ folder: world.folder, name: "interrupted-rewind" },
    });
    await until("the process to leave", () => first.output().includes(OUT));

    const cancelled = await rewind(world, "--cancel", "--reason", "not now", "--by", "lee");
    const code = await interrupted.ended();
    await leave();

    expect(cancelled.code).toBe(0);
    expect(cancelled.stderr).toContain("no longer stopped for a rewind by dana");
    expect(code).toBe(5);
    expect(interrupted.complaint()).toContain("was taken back meanwhile");
    await world.emitUpdates(KEYS, KEYS, 2 * KEYS);
    await world.untilEffects("crm", 3 * KEYS);
    expect(world.arrivals("crm")).toHaveLength(3 * KEYS);
  });

  it("ends as done where it is taken back once its offsets are set: they stay so, and the story says it", async () => {
    const world = await createWorld({ apis: { crm: {} }, partitions: 2 });
    const deliverer = await world.deliver();
    await world.emitUpdates(2 * KEYS, KEYS);
    await world.untilEffects("crm", 2 * KEYS);
    await untilWell(world);
    await killedBehindSetting(world, () => deliverer.output().includes(OUT));
    expect(world.arrivals("crm")).toHaveLength(2 * KEYS);

    const cancelled = await rewind(world, "--cancel", "--reason", "not now", "--by", "lee");

    expect(cancelled.code).toBe(0);
    expect(cancelled.stderr).toContain("its offsets had been set already: it goes on from there");
    await until("all to arrive again", () => world.arrivals("crm").length >= 4 * KEYS);
    await untilWell(world);
    const times = [...byDelivery(world.arrivals("crm")).values()].map(({ length }) => length);
    expect(times).toEqual(Array.from({ length: 2 * KEYS }, () => 2));
    const command = ["why", `${world.topic}:0:0`, "-c", world.configPath, "-o", "json"];
    expect((await millrace(command, { cwd: world.folder })).stdout).toContain('"rewound"');
  });

  it("leaves a key in quarantine, and a redrive then delivers all of it, once and in order", async () => {
    const world = await createWorld({
      ...{ apis: { crm: { reject: { [SICK]: 422 } } }, partitions: 2 },
    });
    const deliverer = await world.deliver();
    await world.emitUpdates(4 * KEYS, KEYS);
    await world.untilEffects("crm", 4 * (KEYS - 1));
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    const of = async (...words: readonly string[]) => {
      const command = [...words, "--target", "crm", "-c", world.configPath, "-o", "json"];
      const { stdout } = await millrace(command, { cwd: world.folder });
      return itemsOf(stdout);
    };

    const done = await rewind(world, "--to", "earliest", ...NAMED);
    await until("all but the key to arrive again", () => {
      return world.arrivals("crm").length >= 8 * (KEYS - 1) + 1;
    });
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    const [waiting, letters] = [await of("quarantine", "list"), await of("dlq", "list")];
    await world.api("crm").script({});
    const redriven = await of("dlq", "redrive", "--reason", "fixed", "--yes");

    expect(done).toMatchObject({ code: 0 });
    expect(done.stderr).toContain("4 records of keys behind a dead letter are not sent again");
    expect(waiting).toMatchObject([{ key: SICK, parked: 3 }]);
    expect(letters).toHaveLength(1);
    expect(redriven).toMatchObject([{ deliveredCount: 1, end: "done" }]);
    await world.untilEffects("crm", 4 * KEYS);
    expect(await of("quarantine", "list")).toEqual([]);
    expect(await of("dlq", "list")).toEqual([]);
    const arrivals = world.arrivals("crm");
    const sick = arrivals.filter(({ key }) => key === SICK).map((one) => positionOf(one).offset);
    const [first = -1] = sick;
    expect(sick).toEqual([first, ...new Set(sick)]);
    expect(sick.slice(1)).toEqual(sick.slice(1).toSorted((a, b) => a - b));
    expect(sick).toHaveLength(5);
    expect(disorderedTwice(arrivals)).toEqual([]);
    expect(changedDeliveries(arrivals)).toEqual([]);
  });

  it("leaves out what a group without processes goes on over, says so before, and does nothing unasked", async () => {
    const world = await createWorld({ apis: { crm: {} }, partitions: 2 });
    const first = await world.deliver();
    await world.emitUpdates(2 * KEYS, KEYS);
    await world.untilEffects("crm", 2 * KEYS);
    await first.end("SIGTERM");
    await world.emitUpdates(KEYS, KEYS, 2 * KEYS);

    const planned = await rewind(world, "--to", "latest", "--dry-run");
    const unasked = await rewind(world, "--to", "latest", ...WISH, "--yes");
    const misnamed = await rewind(world, "--to", "latest", ...WISH, "--yes-i-mean", "audit");
    const done = await rewind(world, "--to", "latest", ...NAMED);

    expect(planned.code).toBe(0);
    expect(planned.items.reduce((sum, { lost }) => sum + Number(lost), 0)).toBe(KEYS);
    expect(planned.stderr).toContain("50 records will NOT be delivered to crm");
    expect(unasked).toMatchObject({ code: 5, items: [] });
    expect(unasked.stderr).toContain("--yes-i-mean crm");
    expect(misnamed).toMatchObject({ code: 2, items: [] });
    expect(done).toMatchObject({ code: 0 });
    const again = await rewind(world, "--to", "latest", ...NAMED);
    expect(again).toMatchObject({ code: 0, items: [] });
    expect(again.stderr).toContain("is there already");
    expect((await rewind(world, "--cancel", "--reason", "nothing")).stderr).toContain(
      "no rewind of crm stands",
    );

    await world.deliver();
    await world.emitUpdates(KEYS, KEYS, 3 * KEYS);
    await world.untilEffects("crm", 3 * KEYS);
    await untilWell(world);
    expect(world.arrivals("crm")).toHaveLength(3 * KEYS);
  });
});
