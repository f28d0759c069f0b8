import { spawnSync } from "node:child_process";
import { stateTopic } from "@millrace/config";
import { kafkaTool } from "@millrace/local";
import { Kafka, logLevel, type Admin } from "kafkajs";
import { describe, expect, it, onTestFinished } from "vitest";
import { API, relayTo } from "../support/broker-relay.ts";
import { createWorld, type Deliverer, type World } from "../support/delivery-world.ts";
import { changeTarget, copyOf } from "../support/target-settings.ts";
import { topicEnds } from "../support/topic-ends.ts";
import { emitOf, placeOf, usersOf } from "../support/user-events.ts";
import { untilAlone, untilWell } from "../support/why.ts";

async function adminOf({ servers }: World): Promise<Admin> {
  const kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
}

/** Delivers some events to all targets of a world, which are well then. */
async function deliverSome(world: World, targets: readonly string[]): Promise<Deliverer> {
  const deliverer = await world.deliver();
  await emitOf(world, usersOf("user", 3, 2));
  await Promise.all(targets.map((name) => world.untilEffects(name, 6)));
  await untilWell(world, targets);
  return deliverer;
}

/** Runs Kafka's own tool as a cause says to. */
async function setOffsets({ servers }: World, next: string): Promise<void> {
  const [, text = ""] = /kafka-consumer-groups\.sh (.*? --execute)/u.exec(next) ?? [];
  const args = text.replace("BROKERS", servers.brokers.join(",")).split(" ");
  const mainClass = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
  const tool = await kafkaTool(mainClass, args);
  const { status, stderr } = spawnSync(tool.command, tool.args, { encoding: "utf8" });
  expect({ status, stderr }).toMatchObject({ status: 0 });
}

describe("millrace why, of partitions", () => {
  it("names records and offsets that are gone alone, and how to go on", async () => {
    const targets = ["records-gone", "offsets-gone"];
    const apis = Object.fromEntries(targets.map((name) => [name, {}]));
    const world = await createWorld({ apis, partitions: 1 });
    const { namespace, topic } = world;
    const first = await deliverSome(world, targets);
    await first.end("SIGTERM");

    await emitOf(world, usersOf("user", 3, 3));
    const admin = await adminOf(world);
    await topicEnds(admin, topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "10" }] });
    await admin.deleteGroups([`${namespace}.offsets-gone`]);
    const second = await world.deliver();
    const [records, offsets] = await Promise.all([
      untilAlone(world, "records-gone", { target: "records-gone" }),
      untilAlone(world, "offsets-gone", { target: "offsets-gone" }),
    ]);

    expect(records).toMatchObject({ keys: [], evidence: [`${topic}:0:10`] });
    expect(records.details).toEqual({ partitions: `${topic} 0`, gone: 4 });
    expect(records.since).toMatch(/^\d{4}-\d\d-/u);
    expect(offsets).toMatchObject({ keys: [], evidence: [], since: null });
    expect(offsets.details).toEqual({ partitions: `${topic} 0` });

    await second.end("SIGTERM");
    for (const { next } of [records, offsets]) await setOffsets(world, next);
    await world.deliver();
    await Promise.all([
      world.untilEffects("records-gone", 6 + 5),
      world.untilEffects("offsets-gone", 6 + 5),
    ]);
    await untilWell(world, targets);
  });

  it("names partitions that no process has, since all of them run by an older configuration", async () => {
    const world = await createWorld({
      apis: { crm: {} },
      partitions: 1,
      topicOf: { "users.PasswordChanged": "passwords" },
    });
    const older = copyOf(world, "older.yaml");
    const passwords = `${world.namespace}.passwords`;
    changeTarget(world, "crm", { topics: [world.topic, passwords] });
    const changePassword = () =>
      world.emitter.emit("users.PasswordChanged", { userId: "user-1", changedAt: new Date() });
    const first = await world.deliver();
    await changePassword();
    await world.untilEffects("crm", 1);
    await untilWell(world);
    await first.end("SIGTERM");

    const second = await world.deliver("-c", older);
    await emitOf(world, ["user-1"]);
    await world.untilEffects("crm", 2);
    const waiting = placeOf(await changePassword());
    const cause = await untilAlone(world, "partitions-unowned");

    expect(cause).toMatchObject({ keys: [], evidence: [waiting] });
    expect(cause.details).toEqual({ partitions: `${passwords} 0`, waiting: 1 });
    expect(cause.next).toContain("restart the processes of crm");

    await second.end("SIGTERM");
    await world.deliver();
    await world.untilEffects("crm", 3);
    await untilWell(world);
  });

  it("names partitions that their process cannot begin with, since its writes do not get through", async () => {
    const world = await createWorld({ apis: { crm: {} }, partitions: 1 });
    const first = await deliverSome(world, ["crm"]);
    await first.end("SIGTERM");

    const [broker = ""] = world.servers.brokers;
    const state = stateTopic(world.namespace);
    const relay = await relayTo(
      broker,
      ({ api, frame }) => api === API.produce && frame.includes(state),
    );
    await world.deliver("-c", copyOf(world, "behind-relay.yaml", [relay.address]));
    const [waiting] = await emitOf(world, usersOf("user", 3));
    const cause = await untilAlone(world, "not-started");

    expect(cause).toMatchObject({ keys: [], evidence: [waiting] });
    expect(cause.details).toEqual({ partitions: `${world.topic} 0`, waiting: 3 });
    expect(cause.next).toContain("look at the log of its processes");

    await relay.release();
    await world.untilEffects("crm", 6 + 3);
    await untilWell(world);
  });
});
