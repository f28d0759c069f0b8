import { randomUUID } from "node:crypto";
import { asOffset, asPartition, asTopic, type Topic, type TopicPartition } from "@millrace/engine";
import { createTopicAdmin, plainConnection, type TopicAdmin } from "@millrace/kafka";
import { describe, expect, it, onTestFinished } from "vitest";
import { RealWorld, testBrokers } from "../support/kafka-world.ts";
import { RecordingListener } from "../support/recording-listener.ts";
import { until } from "../support/until.ts";

function setup(): { readonly admin: TopicAdmin; readonly topic: Topic } {
  const admin = createTopicAdmin({ connection: plainConnection(testBrokers(), "millrace-test") });
  const topic = asTopic(`conformance-admin-${randomUUID().slice(0, 8)}`);
  onTestFinished(async () => {
    await admin.deleteTopics([topic]);
    await admin.close();
  });
  return { admin, topic };
}

describe("a topic admin", () => {
  it("creates what does not exist, with its settings, and leaves alone what does", async () => {
    const { admin, topic } = setup();
    const config = { "cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime" };

    const first = await admin.createTopics([{ topic, partitionCount: 3, config }]);
    const second = await admin.createTopics([{ topic, partitionCount: 5 }]);

    expect([...first]).toEqual([[topic, "created"]]);
    expect([...second]).toEqual([[topic, "existed"]]);
    const described = await admin.describeTopics([topic, asTopic("no-such-topic")]);
    const { brokers } = await admin.describeCluster();
    const replicationFactor = Math.min(3, brokers.length);
    const expected = { topic, partitionCount: 3, replicationFactor, isInternal: false };
    expect([...described]).toEqual([[topic, expected]]);
    expect(Object.fromEntries(await admin.topicConfig(topic))).toEqual(config);
    expect((await admin.listTopics()).find((one) => one.topic === topic)).toEqual(expected);
  });

  it("describes the cluster", async () => {
    const { admin } = setup();

    const { clusterId, brokers } = await admin.describeCluster();

    expect(clusterId).not.toBe("");
    expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(testBrokers());
  });

  it("shows a group: its members, what it has committed, and how far that is from the end", async () => {
    const { admin } = setup();
    const world = new RealWorld();
    const topic = await world.topic(2);
    const groupId = world.groupId();
    const place = { topic, partition: asPartition(1) };
    await world.write(place, [{ value: Buffer.from("1") }, { value: Buffer.from("2") }]);
    const source = world.source(groupId, [topic]);
    const listener = new RecordingListener(source);
    await source.start(listener);
    const { generation } = listener.assignment;
    await source.commit([{ ...place, offset: asOffset(1), metadata: "done" }], generation);

    const group = await admin.describeGroup(groupId);
    const offsets = await admin.groupOffsets(groupId, topic);

    expect(group).toMatchObject({ groupId, state: "Stable" });
    expect(group.members).toHaveLength(1);
    expect(group.members[0]?.partitions).toHaveLength(2);
    expect(offsets).toEqual([
      { topic, partition: 0, logStartOffset: 0, logEndOffset: 0, committed: null, lag: null },
      {
        ...place,
        logStartOffset: 0,
        logEndOffset: 2,
        committed: { offset: 1, metadata: "done" },
        lag: 1,
      },
    ]);
    await expect(admin.deleteGroup(groupId)).rejects.toMatchObject({ code: "BROKER_REFUSED" });
    await source.stop();
    await admin.deleteGroup(groupId);
    expect((await admin.describeGroup(groupId)).state).toBe("Dead");
  });

  it("sets offsets of a group without members, all in one, and of none that has some", async () => {
    const { admin } = setup();
    const world = new RealWorld();
    const topic = await world.topic(2);
    const groupId = world.groupId();
    const at = (partition: number, offset: number, metadata = "") => ({
      ...{ topic, partition: asPartition(partition), offset: asOffset(offset), metadata },
    });
    const committed = async () =>
      (await admin.groupOffsets(groupId, topic)).map((one) => one.committed);
    const zero = { topic, partition: asPartition(0) };
    await world.write(zero, [{ value: Buffer.from("1") }, { value: Buffer.from("2") }]);

    expect(await admin.setGroupOffsets(groupId, [at(0, 2), at(1, 0)])).toBe("set");
    expect(await committed()).toEqual(
      [at(0, 2), at(1, 0)].map(({ offset, metadata }) => ({ offset, metadata })),
    );

    const source = world.source(groupId, [topic]);
    const listener = new RecordingListener(source);
    await source.start(listener);
    await source.commit([at(0, 2, "done")], listener.assignment.generation);
    expect(await admin.setGroupOffsets(groupId, [at(0, 1)])).toBe("has-members");
    expect((await committed())[0]).toEqual({ offset: 2, metadata: "done" });

    await source.stop();
    expect(await admin.setGroupOffsets(groupId, [at(0, 1)])).toBe("set");
    expect((await committed())[0]).toEqual({ offset: 1, metadata: "" });
  });

  it("shows which member has which partitions, of several topics", async () => {
    const { admin } = setup();
    const world = new RealWorld();
    const topics = [await world.topic(2), await world.topic(1)];
    const groupId = world.groupId();
    const listeners = [1, 2].map(() => {
      const source = world.source(groupId, topics);
      return { source, listener: new RecordingListener(source) };
    });
    for (const { source, listener } of listeners) await source.start(listener);
    await until("both to own some", () => {
      const owned = listeners.map(({ listener }) => listener.assignment.partitions.length);
      return Math.min(...owned) > 0 && Math.max(...owned) < 3;
    });

    const { state, members } = await admin.describeGroup(groupId);

    const names = (partitions: readonly TopicPartition[]): readonly string[] =>
      partitions.map(({ topic, partition }) => `${topic}/${partition}`).sort();
    const found = members.map(({ memberId, clientId, host, partitions }) => [
      memberId,
      { clientId, host, partitions: names(partitions) },
    ]);
    const expected = listeners.map(({ listener: { assignment } }) => [
      assignment.memberId,
      { clientId: "millrace-test", host: "/127.0.0.1", partitions: names(assignment.partitions) },
    ]);
    expect(state).toBe("Stable");
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  });

  it("gives the broker's own reason for a topic that cannot be made", async () => {
    const { admin, topic } = setup();
    const config = { "no.such.setting": "1" };

    const made = admin.createTopics([{ topic, partitionCount: 1, config }]);

    await expect(made).rejects.toMatchObject({ code: "TOPIC_INVALID" });
    await expect(made).rejects.toThrow("no.such.setting");
    await expect(admin.partitionRanges(topic)).rejects.toMatchObject({ code: "TOPIC_MISSING" });
    await expect(admin.topicConfig(topic)).rejects.toMatchObject({ code: "TOPIC_MISSING" });
  });

  it("deletes records below an offset, and those that are left are read on", async () => {
    const { admin } = setup();
    const world = new RealWorld();
    const topic = await world.topic(2);
    const place = { topic, partition: asPartition(1) };
    const values = ["a", "b", "c"].map((value) => ({ value: Buffer.from(value) }));
    await world.write(place, values);
    await world.write({ topic, partition: asPartition(0) }, values);

    expect(await admin.deleteRecords(place, asOffset(2))).toBe(2);
    expect(await admin.deleteRecords(place, asOffset(1))).toBe(2);

    const [other, own] = await admin.partitionRanges(topic);
    expect(own).toEqual({ partition: 1, logStartOffset: 2, logEndOffset: 3 });
    expect(other).toEqual({ partition: 0, logStartOffset: 0, logEndOffset: 3 });
    const { records } = await world.parkedLog().read(place, asOffset(0), 10);
    expect(records.map(({ value }) => String(value))).toEqual(["c"]);
    expect(await admin.deleteRecords(place, asOffset(3))).toBe(3);
    await expect(admin.deleteRecords(place, asOffset(4))).rejects.toMatchObject({
      details: { type: "OFFSET_OUT_OF_RANGE" },
    });
    expect((await admin.partitionRanges(topic))[1]?.logStartOffset).toBe(3);
  });

  it("deletes no records of a topic that is compacted, or not there", async () => {
    const { admin, topic } = setup();
    await admin.createTopics([
      { topic, partitionCount: 1, config: { "cleanup.policy": "compact" } },
    ]);
    const place = (of: Topic): TopicPartition => ({ topic: of, partition: asPartition(0) });

    await expect(admin.deleteRecords(place(topic), asOffset(0))).rejects.toMatchObject({
      code: "BROKER_REFUSED",
    });
    await expect(
      admin.deleteRecords(place(asTopic("no-such-topic")), asOffset(0)),
    ).rejects.toMatchObject({ code: "TOPIC_MISSING" });
  });

  it("asks for nothing below no offset: -1 is all there is to Kafka", async () => {
    const { admin } = setup();
    const world = new RealWorld();
    const topic = await world.topic(1);
    const place = { topic, partition: asPartition(0) };
    await world.write(place, [{ value: Buffer.from("a") }]);

    await expect(admin.deleteRecords(place, asOffset(-1))).rejects.toMatchObject({
      code: "INVARIANT_BROKEN",
    });
    expect((await admin.partitionRanges(topic))[0]?.logStartOffset).toBe(0);
  });

  it("says at once when no broker answers, naming them", async () => {
    const connection = plainConnection(["127.0.0.1:1", "127.0.0.1:2"], "millrace-test");
    const admin = createTopicAdmin({ connection });
    const began = performance.now();

    const listed = admin.listTopics();

    await expect(listed).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
    await expect(listed).rejects.toThrow("127.0.0.1:1, 127.0.0.1:2");
    expect(performance.now() - began).toBeLessThan(5_000);
    await admin.close();
  });

  it("reaches the cluster while one of the named brokers is away", async () => {
    const brokers = ["127.0.0.1:1", ...testBrokers()];
    const admin = createTopicAdmin({ connection: plainConnection(brokers, "millrace-test") });

    expect((await admin.describeCluster()).brokers).not.toEqual([]);

    await admin.close();
  });
});
