import { describe, expect, it } from "vitest";
import { byDelivery, disorderedKeys } from "../support/arrivals.ts";
import { createWorld } from "../support/delivery-world.ts";
import { readRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

const status = (code: number, share = 1) => ({ kind: "status", share, status: code }) as const;

describe("a target", () => {
  it("that is down gets everything afterwards, in order, and nothing is dead-lettered", async () => {
    const world = await createWorld({ apis: { crm: {}, audit: {} } });
    const deliverer = await world.deliver();
    await deliverer.ready();
    await world.api("crm").outage(8_000);
    await world.emitUpdates(1_000, 100);
    await world.untilEffects("audit", 1_000);
    const whileDown = (await world.api("crm").report()).effects;

    await world.untilEffects("crm", 1_000);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);

    expect(whileDown).toBe(0);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
    expect(await readRaw(world.servers.brokers, `${world.namespace}.crm.dead`)).toEqual([]);
  });

  it("that fails a fifth of its calls gets every event, each under one key", async () => {
    const world = await createWorld({ apis: { crm: { faults: [status(503, 0.2)] } } });
    await world.deliver();
    await world.emitUpdates(2_000, 100);
    await world.untilEffects("crm", 2_000);

    const arrivals = world.arrivals("crm");
    expect(byDelivery(arrivals).size).toBe(2_000);
    expect(arrivals.length).toBeGreaterThan(2_200);
    expect(disorderedKeys(arrivals)).toEqual([]);
  });

  it("that refuses our credentials is paused, not flooded, and loses nothing", async () => {
    const world = await createWorld({ apis: { crm: { faults: [status(401)] } } });
    const deliverer = await world.deliver();
    await world.emitUpdates(2_000, 1_000);
    await until("the target to be held", () => deliverer.output().includes("HTTP_UNAUTHORIZED"), {
      seen: () => deliverer.output().slice(-500),
    });

    await world.api("crm").script({});
    await world.untilEffects("crm", 2_000);

    const refused = world.arrivals("crm").filter((arrival) => arrival.status === 401);
    expect(refused.length).toBeLessThanOrEqual(64 + 5);
    expect(await readRaw(world.servers.brokers, `${world.namespace}.crm.dead`)).toEqual([]);
  });

  it("that asks for time gets it, and no attempt is charged", async () => {
    const throttle = { ...status(429), retryAfterSeconds: 2 };
    const world = await createWorld({
      apis: { crm: { faults: [throttle] } },
      target: { retry: { base: "50ms", cap: "500ms", maxAttempts: 1 } },
    });
    await world.deliver();
    await world.emitUpdates(100, 100);
    await until("a refusal", () => world.arrivals("crm").some((arrival) => arrival.status === 429));

    await world.api("crm").script({});
    await world.untilEffects("crm", 100);

    const arrivals = world.arrivals("crm");
    const refusals = arrivals.filter(({ status: answer }) => answer === 429);
    const waits = [...byDelivery(arrivals).values()].flatMap((same) =>
      same.slice(1).map((later, index) => later.at - (same[index]?.answeredAt ?? 0)),
    );
    expect(waits.length).toBe(refusals.length);
    expect(Math.min(...waits)).toBeGreaterThan(1_900);
    // Only what was under way when the first refusal came may have arrived meanwhile.
    const heldUntil = Math.min(...refusals.map(({ answeredAt }) => answeredAt ?? 0)) + 1_900;
    expect(arrivals.filter(({ at }) => at < heldUntil).length).toBeLessThanOrEqual(64);
    expect(await readRaw(world.servers.brokers, `${world.namespace}.crm.dead`)).toEqual([]);
  });

  it("that refuses one key gets that key dead-lettered with its reason, and all others", async () => {
    const world = await createWorld({
      apis: { crm: { reject: { "user-3": 422 } } },
      target: { onDeadLetter: "skip" },
    });
    const deliverer = await world.deliver();
    await world.emitUpdates(500, 50);
    await world.untilEffects("crm", 490);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);

    const dead = await readRaw(world.servers.brokers, `${world.namespace}.crm.dead`);
    const [first] = dead;
    expect(dead.map(({ key }) => String(key))).toEqual(Array.from({ length: 10 }, () => "user-3"));
    expect(first?.headers).toMatchObject({
      "millrace-target": "crm",
      "millrace-reason": "HTTP_REJECTED",
      "millrace-http-status": "422",
      "millrace-attempts": "1",
      "millrace-topic": world.topic,
      ce_type: "users.ProfileUpdated",
    });
    const source = await readRaw(world.servers.brokers, world.topic);
    const original = source.find(
      ({ partition, offset }) =>
        String(partition) === first?.headers["millrace-partition"] &&
        String(offset) === first.headers["millrace-offset"],
    );
    expect(original?.value?.equals(first?.value ?? Buffer.alloc(0))).toBe(true);
  });
});
