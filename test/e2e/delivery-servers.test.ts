import { startStack, type Stack } from "@millrace/local";
import { describe, expect, it, onTestFinished } from "vitest";
import { byDelivery, disorderedKeys } from "../support/arrivals.ts";
import { createWorld } from "../support/delivery-world.ts";
import { readRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

/** A Kafka and a registry of the test's own, which it may stop. */
async function ownStack(): Promise<Stack & { brokers: readonly string[]; registryUrl: string }> {
  const stack = await startStack({ ephemeral: true });
  onTestFinished(() => stack.stop());
  return Object.assign(stack, {
    brokers: stack.state.brokers,
    registryUrl: stack.state.registryUrl,
  });
}

describe("delivery", () => {
  it("goes on by itself when the broker was killed at work and comes back", async () => {
    const servers = await ownStack();
    const world = await createWorld({ apis: { crm: {} }, servers });
    const deliverer = await world.deliver();
    await world.emitUpdates(1_000, 100);
    await world.untilEffects("crm", 300);

    await servers.stopKafka("SIGKILL");
    await servers.startKafka();
    await world.untilEffects("crm", 1_000);
    await world.emitUpdates(500, 100);
    await world.untilEffects("crm", 1_500);

    expect(deliverer.isRunning).toBe(true);
    const arrivals = world.arrivals("crm");
    expect(byDelivery(arrivals).size).toBe(1_500);
    expect(disorderedKeys(arrivals)).toEqual([]);
  });

  it("waits for a broker that is away at its start, and is live meanwhile", async () => {
    const servers = await ownStack();
    const world = await createWorld({ apis: { crm: {} }, servers });
    await world.emitUpdates(100, 10);
    await servers.stopKafka("SIGTERM");

    const deliverer = await world.deliver();
    await until("a word about the brokers", () => deliverer.output().includes("brokers"));
    const ready = await fetch(`${deliverer.adminUrl}/readyz`);
    await servers.startKafka();
    await world.untilEffects("crm", 100);

    expect(ready.status).toBe(503);
  });

  it("ends in order when the brokers are away, and says nothing after its last word", async () => {
    const servers = await ownStack();
    const world = await createWorld({ apis: { crm: {} }, servers });
    const deliverer = await world.deliver();
    await deliverer.ready();
    await servers.stopKafka("SIGKILL");

    const code = await deliverer.end("SIGTERM");

    expect(code).toBe(0);
    expect(deliverer.output().trimEnd().split("\n").at(-1)).toContain('"msg":"stopped"');
  });

  it("holds what it cannot decode while the registry is away, and dead-letters nothing", async () => {
    const servers = await ownStack();
    const world = await createWorld({ apis: { crm: {} }, servers });
    await world.emitUpdates(100, 10);
    await servers.stopRegistry("SIGKILL");

    const deliverer = await world.deliver();
    await until("a word about the registry", () => deliverer.output().includes("load schema"));
    await servers.startRegistry();
    await world.untilEffects("crm", 100);

    expect(world.arrivals("crm")).toHaveLength(100);
    expect(await readRaw(world.servers.brokers, `${world.namespace}.crm.dead`)).toEqual([]);
  });
});
