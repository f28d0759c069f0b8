import {
  asOffset,
  asPartition,
  asTopic,
  type RecordSource,
  type Topic,
  type TopicPartition,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { SESSION_MS, WORLDS, type KafkaWorld, type PlainRecord } from "../support/kafka-world.ts";
import { RecordingListener, type Conduct } from "../support/recording-listener.ts";
import { until } from "../support/until.ts";

interface GroupMember {
  readonly source: RecordSource;
  readonly listener: RecordingListener;
}

interface Bundle {
  readonly world: KafkaWorld;
  readonly topic: Topic;
  readonly groupId: string;
  readonly places: readonly TopicPartition[];
  readonly place: TopicPartition;
  /** Another member of the same group, started. */
  readonly join: (conduct?: Conduct) => Promise<GroupMember>;
}

async function setup(create: () => KafkaWorld, partitionCount = 1): Promise<Bundle> {
  const world = create();
  const topic = await world.topic(partitionCount);
  const groupId = world.groupId();
  const places = Array.from({ length: partitionCount }, (_, index) => placeOf(topic, index));
  return {
    world,
    topic,
    groupId,
    places,
    place: placeOf(topic, 0),
    join: async (conduct) => {
      const source = world.source(groupId, [topic]);
      const listener = new RecordingListener(source, conduct);
      await source.start(listener);
      return { source, listener };
    },
  };
}

const placeOf = (topic: Topic, partition: number): TopicPartition => ({
  topic,
  partition: asPartition(partition),
});

const records = (count: number): readonly PlainRecord[] =>
  Array.from({ length: count }, (_, index) => ({ value: Buffer.from(`value ${index}`) }));

const commitOf = (place: TopicPartition, offset: number, metadata = "") => ({
  ...place,
  offset: asOffset(offset),
  metadata,
});

const upTo = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index);

/** What every record source must do, whatever it reads from. */
describe.each(WORLDS)("a record source %s", (_, create) => {
  it("hands over what lies in the log, in order, as it lies there", async () => {
    const { world, place, join } = await setup(create);
    const headers = { ce_id: Buffer.from("1"), twice: [Buffer.from("a"), Buffer.from("b")] };
    await world.write(place, [
      { key: Buffer.from("k"), value: Buffer.from("v"), headers },
      { key: null, value: Buffer.from("keyless") },
      { key: Buffer.from("k"), value: null },
      { key: Buffer.alloc(0), value: Buffer.alloc(0) },
    ]);

    const { listener } = await join();
    await listener.received(4);

    expect(listener.told[0]?.kind).toBe("assigned");
    expect(listener.offsets(place)).toEqual([0, 1, 2, 3]);
    const texts = listener.all.map(({ key, value }) => [textOf(key), textOf(value)]);
    expect(texts).toEqual([
      ["k", "v"],
      [null, "keyless"],
      ["k", null],
      ["", ""],
    ]);
    const [first] = listener.all;
    expect(textOf(first?.headers["ce_id"])).toBe("1");
    expect([first?.headers["twice"]].flat().map(textOf)).toEqual(["a", "b"]);
    expect(Math.abs((first?.timestampMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(listener.of("records").at(-1)?.batch.logEndOffset).toBe(4);
  });

  it("says what it owns before any record: commits, log ranges, all partitions' count", async () => {
    const { world, topic, groupId, places, join } = await setup(create, 3);
    await world.write(placeOf(topic, 1), records(5));

    const { listener } = await join();

    const { assignment } = listener;
    expect(assignment.memberId).not.toBe("");
    expect(assignment.partitionCounts).toEqual(new Map([[topic, 3]]));
    expect(assignment.partitions).toHaveLength(places.length);
    expect(assignment.partitions[1]).toEqual({
      ...placeOf(topic, 1),
      committed: null,
      logStartOffset: 0,
      logEndOffset: 5,
      isContinued: false,
    });
    expect(await world.committed(groupId, placeOf(topic, 1))).toBeNull();
  });

  it("reads from where it was sought, and nothing that was not", async () => {
    const { world, topic, join } = await setup(create, 2);
    await world.write(placeOf(topic, 0), records(10));
    await world.write(placeOf(topic, 1), records(10));

    const { listener } = await join({
      startOf: ({ partition }) => (partition === 0 ? asOffset(7) : null),
    });
    await listener.received(3);
    await world.write(placeOf(topic, 1), records(1));
    await world.write(placeOf(topic, 0), records(1));
    await listener.received(4);

    expect(listener.offsets(placeOf(topic, 0))).toEqual([7, 8, 9, 10]);
    expect(listener.offsets(placeOf(topic, 1))).toEqual([]);
  });

  it("passes over offsets that hold no record, and goes on behind them", async () => {
    const { world, place, join } = await setup(create);
    await world.write(place, records(2));
    await world.hide(place);
    await world.write(place, records(1));

    const { listener } = await join();
    await listener.received(3);
    await world.hide(place);
    await world.write(place, records(1));
    await listener.received(4);

    const offsets = listener.offsets(place);
    expect(listener.all.map(({ value }) => textOf(value))).toEqual([
      "value 0",
      "value 1",
      "value 0",
      "value 0",
    ]);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(offsets.at(-1)).toBeGreaterThan(3);
  });

  it("commits offsets with 4,000 characters of metadata, which the next member is given", async () => {
    const { world, place, groupId, join } = await setup(create);
    const metadata = "0123456789".repeat(400);
    await world.write(place, records(5));
    const first = await join();

    await first.source.commit([commitOf(place, 3, metadata)], first.listener.assignment.generation);
    await first.source.stop();
    const { listener } = await join();
    await listener.received(2);

    expect(listener.assignment.partitions[0]?.committed).toEqual({ offset: 3, metadata });
    expect(listener.offsets(place)).toEqual([3, 4]);
    expect(await world.committed(groupId, place)).toEqual({ offset: 3, metadata });
  });

  it("refuses a commit of another generation or of a partition it does not own", async () => {
    const { world, topic, place, groupId, join } = await setup(create);
    const { source, listener } = await join();
    const { generation } = listener.assignment;

    const late = source.commit([commitOf(place, 1)], generation - 1);
    await expect(late).rejects.toMatchObject({ code: "COMMIT_FENCED" });
    const foreign = source.commit([commitOf(place, 1), commitOf(placeOf(topic, 9), 1)], generation);
    await expect(foreign).rejects.toMatchObject({ code: "COMMIT_FENCED" });

    expect(await world.committed(groupId, place)).toBeNull();
  });

  it("drains before a second member's share goes over, whose records then come once", async () => {
    const { world, places, join } = await setup(create, 4);
    for (const place of places) await world.write(place, records(50));
    const first = await join({
      onDraining: () => commitAll(first),
    });
    await first.listener.received(200);

    const second = await join();
    await first.listener.heard("assigned", 2);
    for (const place of places) await world.write(place, records(1));
    await until("the last records", () => {
      return first.listener.all.length + second.listener.all.length >= 204;
    });

    const kinds = first.listener.told.map(({ kind }) => kind).filter((kind) => kind !== "records");
    expect(kinds).toEqual(["assigned", "draining", "assigned"]);
    const [mine, others] = [first, second].map(({ listener }) => listener.assignment.partitions);
    expect(mine?.length).toBe(2);
    expect(others?.length).toBe(2);
    expect(first.listener.assignment.generation).toBe(second.listener.assignment.generation);
    for (const place of places) {
      const offsets = [...first.listener.offsets(place), ...second.listener.offsets(place)];
      expect(offsets).toEqual(upTo(51));
    }
  });

  it("continues what it keeps, from where it stood, whatever is committed", async () => {
    const { world, places, join } = await setup(create, 2);
    for (const place of places) await world.write(place, records(10));
    const first = await join();
    await first.listener.received(20);

    await join();
    await first.listener.heard("assigned", 2);
    const [kept] = first.listener.assignment.partitions;
    if (kept === undefined) throw new Error("nothing was kept");
    await world.write(kept, records(2));
    await first.listener.received(22);

    expect(kept.isContinued).toBe(true);
    expect(kept.committed).toBeNull();
    expect(first.listener.offsets(kept)).toEqual(upTo(12));
  });

  it("fences a late commit of a generation that a rebalance has ended", async () => {
    const { world, place, groupId, join } = await setup(create);
    const first = await join();
    const { generation } = first.listener.assignment;
    await join();
    await first.listener.heard("assigned", 2);

    const late = first.source.commit([commitOf(place, 1)], generation);

    await expect(late).rejects.toMatchObject({ code: "COMMIT_FENCED" });
    expect(await world.committed(groupId, place)).toBeNull();
  });

  it("takes over from a member that stops, at once, and continues none of it", async () => {
    const { world, places, join } = await setup(create, 2);
    for (const place of places) await world.write(place, records(5));
    const first = await join({ onDraining: () => commitAll(first) });
    await first.listener.received(10);
    const second = await join();
    await first.listener.heard("assigned", 2);
    const began = performance.now();

    await second.source.stop();
    await second.source.stop();
    await first.listener.heard("assigned", 3);

    expect(performance.now() - began).toBeLessThan(SESSION_MS / 2);
    expect(second.listener.of("draining").map(({ reason }) => reason)).toEqual(["shutdown"]);
    const { partitions } = first.listener.assignment;
    expect(partitions.map(({ isContinued }) => isContinued).sort()).toEqual([false, true]);
  });

  it("accepts the commit of a drain, at a shutdown too", async () => {
    const { world, place, groupId, join } = await setup(create);
    await world.write(place, records(3));
    const member = await join({ onDraining: () => commitAll(member) });
    await member.listener.received(3);

    await member.source.stop();

    expect(await world.committed(groupId, place)).toEqual({ offset: 3, metadata: "" });
    expect(member.source.isProven()).toBe(false);
  });

  it("fences first when its membership is lost, then joins as a new member and continues nothing", async () => {
    const { world, place, groupId, join } = await setup(create);
    await world.write(place, records(3));
    const { source, listener } = await join();
    await listener.received(3);
    const { generation, memberId } = listener.assignment;
    expect(source.isProven()).toBe(true);

    await world.expel(groupId, memberId);
    await listener.heard("lost");
    const late = source.commit([commitOf(place, 3)], generation);
    await expect(late).rejects.toMatchObject({ code: "COMMIT_FENCED" });
    await listener.heard("assigned", 2);
    await listener.received(6);

    const kinds = listener.told.map(({ kind }) => kind).filter((kind) => kind !== "records");
    expect(kinds).toEqual(["assigned", "lost", "assigned"]);
    expect(listener.assignment.memberId).not.toBe(memberId);
    expect(listener.assignment.partitions[0]?.isContinued).toBe(false);
    expect(await world.committed(groupId, place)).toBeNull();
  });

  it("ends a drain when membership is lost in it", async () => {
    const { world, groupId, join } = await setup(create);
    const first = await join({
      onDraining: (reason) => (reason === "rebalance" ? new Promise(() => undefined) : DONE),
    });
    const { memberId } = first.listener.assignment;
    const joining = join();
    await first.listener.heard("draining");

    await world.expel(groupId, memberId);
    await first.listener.heard("lost");
    await joining;
    await first.listener.heard("assigned", 2);

    const kinds = first.listener.told.map(({ kind }) => kind);
    expect(kinds).toEqual(["assigned", "draining", "lost", "assigned"]);
  });

  it("halts a partition whose next offset retention has passed, and commits nothing for it", async () => {
    const { world, topic, place, groupId, join } = await setup(create, 2);
    await world.write(place, records(10));
    await world.truncate(place, asOffset(6));

    const { listener } = await join({ startOf: () => asOffset(0) });
    await listener.heard("halted");
    await world.write(placeOf(topic, 1), records(2));
    await world.write(place, records(2));
    await listener.received(2);

    expect(listener.of("halted").map(({ halt }) => halt)).toEqual([
      {
        ...place,
        reason: "log-start-beyond-offset",
        nextOffset: 0,
        logStartOffset: 6,
        logEndOffset: 10,
      },
    ]);
    expect(listener.offsets(place)).toEqual([]);
    expect(await world.committed(groupId, place)).toBeNull();
  });

  it("halts a partition whose next offset lies beyond the log, and resets nothing", async () => {
    const { world, place, groupId, join } = await setup(create);
    await world.write(place, records(3));

    const { listener } = await join({ startOf: () => asOffset(50) });
    await listener.heard("halted");

    expect(listener.of("halted")[0]?.halt).toMatchObject({
      reason: "offset-beyond-log-end",
      nextOffset: 50,
      logEndOffset: 3,
    });
    expect(await world.committed(groupId, place)).toBeNull();
  });

  it("gives no commit where the group's offsets are gone", async () => {
    const { world, place, groupId, join } = await setup(create);
    await world.write(place, records(3));
    const first = await join();
    await first.source.commit([commitOf(place, 3)], first.listener.assignment.generation);
    await first.source.stop();

    await world.forget(groupId);
    const { listener } = await join({ startOf: () => null });

    expect(listener.assignment.partitions[0]?.committed).toBeNull();
  });

  it("finds the offset of a position: start, end, and the first record of a time", async () => {
    const { world, place, join } = await setup(create);
    await world.write(place, records(2));
    const written = Date.now();
    await until("the clock to move on", () => Date.now() > written + 5);
    const between = Date.now();
    await until("the clock to move on", () => Date.now() > between + 5);
    await world.write(place, records(2));
    await world.truncate(place, asOffset(1));
    const { source } = await join();

    const at = (epochMs: number) => source.offsetAt(place, { kind: "time", epochMs });

    expect(await source.offsetAt(place, { kind: "earliest" })).toBe(1);
    expect(await source.offsetAt(place, { kind: "latest" })).toBe(4);
    expect(await at(between)).toBe(2);
    expect(await at(0)).toBe(1);
    expect(await at(Date.now() + 60_000)).toBe(4);
  });

  it("holds a paused partition back, keeps its membership meanwhile, and goes on where it stood", async () => {
    const { world, topic, place, join } = await setup(create, 2);
    const { source, listener } = await join();
    source.pause(place);
    source.pause(place);
    // One fetch may be under way already.
    await world.write(place, records(1));
    await world.write(placeOf(topic, 1), records(1));
    await until("the other partition", () => listener.offsets(placeOf(topic, 1)).length === 1);
    source.pause(placeOf(topic, 1));
    await world.write(place, records(200));
    const heldSince = performance.now();
    await until("a session to pass", () => performance.now() - heldSince > world.sessionMs * 1.2);

    expect(listener.offsets(place).length).toBeLessThanOrEqual(201);
    const heldBack = listener.offsets(place).length;
    source.resume(place);
    source.resume(place);
    await until("all of it", () => listener.offsets(place).length === 201);

    expect(heldBack).toBeLessThan(201);
    expect(listener.offsets(place)).toEqual(upTo(201));
    expect(listener.of("lost")).toEqual([]);
    expect(listener.of("assigned")).toHaveLength(1);
  });

  it("keeps its membership through a drain longer than its session, and its commit counts", async () => {
    const { world, place, groupId, join } = await setup(create);
    await world.write(place, records(3));
    const first = await join({
      onDraining: async (reason) => {
        if (reason === "shutdown") return;
        const began = performance.now();
        await until("a session to pass", () => performance.now() - began > world.sessionMs * 1.2);
        await commitAll(first);
      },
    });
    await first.listener.received(3);

    await join();
    await first.listener.heard("assigned", 2);

    expect(first.listener.of("lost")).toEqual([]);
    expect(await world.committed(groupId, place)).toEqual({ offset: 3, metadata: "" });
  });

  it("ends for good when a topic does not exist, and says which", async () => {
    const { world, groupId } = await setup(create);
    const source = world.source(groupId, [asTopic("no-such-topic")]);
    const listener = new RecordingListener(source);

    const start = source.start(listener);

    await expect(start).rejects.toMatchObject({ code: "TOPIC_MISSING" });
    await expect(start).rejects.toThrow("no-such-topic");
    expect(listener.of("failed")).toMatchObject([{ error: { code: "TOPIC_MISSING" } }]);
  });
});

const DONE = Promise.resolve();

/** Commits all that a member was handed. */
function commitAll(member: GroupMember): Promise<void> {
  const { partitions, generation } = member.listener.assignment;
  const commits = partitions.map((place) => {
    const last = member.listener.offsets(place).at(-1);
    return commitOf(place, last === undefined ? (place.committed?.offset ?? 0) : last + 1);
  });
  return member.source.commit(commits, generation);
}

function textOf(value: Uint8Array | readonly Uint8Array[] | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  return value instanceof Uint8Array ? Buffer.from(value).toString() : value.map(textOf).join(",");
}
