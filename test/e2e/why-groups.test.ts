import { groupId } from "@millrace/config";
import { Kafka, logLevel, PartitionAssigners } from "kafkajs";
import { describe, expect, it, onTestFinished } from "vitest";
import { createWorld, type World } from "../support/delivery-world.ts";
import { answerOf, startScriptedTarget, type ArrivedRequest } from "../support/scripted-target.ts";
import { changeTarget } from "../support/target-settings.ts";
import { emitOf, usersOf } from "../support/user-events.ts";
import { untilAlone, untilCauses, untilWell, why } from "../support/why.ts";

const TOKEN = { MILLRACE_ADMIN_TOKEN: "s3cret" };

/** Another program that joins the target's group, and does nothing with what it is given. */
async function joinAsStranger({ servers, namespace, topic }: World): Promise<() => Promise<void>> {
  const kafka = new Kafka({ brokers: [...servers.brokers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({
    groupId: groupId(namespace, "crm"),
    partitionAssigners: [PartitionAssigners.roundRobin],
  });
  onTestFinished(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topic });
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve());
  });
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  await joined;
  return () => consumer.disconnect();
}

describe("millrace why, of a target's processes", () => {
  it("names a rebalance alone while a process ends its open call for another that joins", async () => {
    const world = await createWorld({ apis: { crm: {} } });
    const api = await startScriptedTarget();
    const request = { method: "POST", url: api.origin, body: {}, timeout: "45s" };
    changeTarget(world, "crm", { request });
    const first = await world.deliver();
    await first.ready();
    await untilWell(world);

    const open: ArrivedRequest[] = [];
    api.answer((arrived) => {
      open.push(arrived);
      return undefined;
    });
    await emitOf(world, ["user-1"]);
    await api.arrived(1);
    const second = await world.deliver();
    const cause = await untilAlone(world, "rebalancing");

    expect(cause).toMatchObject({ keys: [], evidence: [] });
    expect(cause.details["members"]).toBeGreaterThan(0);
    expect(cause.next).toBe("millrace groups describe crm --watch");

    api.answer(() => answerOf(204));
    for (const { socket } of open) socket.write(answerOf(204));
    await second.ready();
    await untilWell(world);
  });

  it("names a process that it may not ask alone, and what the process knows once it may", async () => {
    const world = await createWorld({
      apis: { crm: {} },
      env: TOKEN,
      target: { breaker: { minCalls: 5, halfOpenAfter: "2s" } },
    });
    const deliverer = await world.deliver();
    await deliverer.ready();
    expect(await why(world)).toEqual([]);

    await world.api("crm").script({ faults: [{ kind: "status", share: 1, status: 503 }] });
    const places = await emitOf(world, usersOf("user", 20));
    const cause = await untilAlone(world, "process-unreachable");
    const known = await untilAlone(world, "breaker-open", { env: TOKEN });

    expect(cause.keys).toEqual([]);
    expect(cause.evidence.length).toBeGreaterThan(0);
    expect(places).toEqual(expect.arrayContaining([...cause.evidence]));
    expect(cause.details).toMatchObject({ processes: 1 });
    expect(cause.details["failure"]).toContain(`HTTP 401 of ${deliverer.adminUrl}`);
    expect(cause.next).toContain("MILLRACE_ADMIN_TOKEN");
    expect(known.details).toMatchObject({ processes: 1, status: 503 });

    await world.api("crm").script({});
    await world.untilEffects("crm", 20);
    await untilWell(world);
    expect(await untilCauses(world, [], { env: TOKEN })).toEqual([]);
  });

  it("names what another program in the group keeps, and that nobody delivers once it is alone there", async () => {
    const world = await createWorld({ apis: { crm: {} }, partitions: 2 });
    const first = await world.deliver();
    await emitOf(world, usersOf("user", 10));
    await world.untilEffects("crm", 10);
    await untilWell(world);

    const leave = await joinAsStranger(world);
    const places = await emitOf(world, usersOf("user", 10));
    const kept = await untilAlone(world, "partitions-unowned");
    await first.end("SIGTERM");
    const alone = await untilAlone(world, "no-process");

    for (const { evidence } of [kept, alone]) {
      expect(places).toEqual(expect.arrayContaining([...evidence]));
    }
    expect(kept.evidence).toHaveLength(1);
    expect(alone.details).toMatchObject({ strangers: 1 });
    expect(alone.next).toContain("end the other program in its group");

    await leave();
    await world.deliver();
    await world.untilEffects("crm", 20);
    await untilWell(world);
  });
});
