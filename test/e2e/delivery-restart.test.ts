import { describe, expect, it } from "vitest";
import {
  byDelivery,
  changedDeliveries,
  disorderedKeys,
  repeatsOfAnswered,
} from "../support/arrivals.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { readGroupCoverage } from "../support/group-coverage.ts";
import { until } from "../support/until.ts";

const SLOW = { latency: { kind: "uniform", minMs: 5, maxMs: 25 } } as const;

/** What the target's group had committed when a process was killed. */
const coverageOf = ({ servers, namespace, topic }: World) =>
  readGroupCoverage(servers.brokers, `${namespace}.crm`, topic);

describe("a delivery process", () => {
  it("loses and disorders nothing when it is killed at work and started again", async () => {
    const world = await createWorld({ apis: { crm: SLOW } });
    const first = await world.deliver();
    await world.emitUpdates(4_000, 200);
    await world.untilEffects("crm", 500);

    await first.end("SIGKILL");
    const wasCommitted = await coverageOf(world);
    await world.deliver();
    await world.untilEffects("crm", 4_000);

    const arrivals = world.arrivals("crm");
    expect(byDelivery(arrivals).size).toBe(4_000);
    expect(disorderedKeys(arrivals)).toEqual([]);
    expect(changedDeliveries(arrivals)).toEqual([]);
    expect(repeatsOfAnswered(arrivals).filter(wasCommitted)).toEqual([]);
  });

  it("hands its partitions over when it is stopped, repeating nothing", async () => {
    const world = await createWorld({ apis: { crm: SLOW } });
    const first = await world.deliver();
    await first.ready();
    const second = await world.deliver();
    await second.ready();
    await world.emitUpdates(4_000, 200);
    await world.untilEffects("crm", 800);

    const code = await first.end("SIGTERM");
    await world.untilEffects("crm", 4_000);

    const arrivals = world.arrivals("crm");
    expect(code).toBe(0);
    expect(arrivals).toHaveLength(4_000);
    expect(disorderedKeys(arrivals)).toEqual([]);
  });

  it("takes over what another had when that one is killed", async () => {
    const world = await createWorld({ apis: { crm: SLOW } });
    const [first, second] = [await world.deliver(), await world.deliver()];
    await first.ready();
    await second.ready();
    await world.emitUpdates(6_000, 200);
    await world.untilEffects("crm", 800);

    await first.end("SIGKILL");
    const wasCommitted = await coverageOf(world);
    await world.untilEffects("crm", 6_000);

    const arrivals = world.arrivals("crm");
    expect(byDelivery(arrivals).size).toBe(6_000);
    expect(disorderedKeys(arrivals)).toEqual([]);
    expect(changedDeliveries(arrivals)).toEqual([]);
    expect(repeatsOfAnswered(arrivals).filter(wasCommitted)).toEqual([]);
  });

  it("repeats nothing over a rolling restart under load", async () => {
    const world = await createWorld({ apis: { crm: SLOW } });
    let [old, other] = [await world.deliver(), await world.deliver()];
    await old.ready();
    await other.ready();
    const emitting = world.emitUpdates(8_000, 400);
    for (let restart = 1; restart <= 4; restart += 1) {
      await world.untilEffects("crm", restart * 900);
      expect(await old.end("SIGTERM")).toBe(0);
      const fresh = await world.deliver();
      await fresh.ready();
      [old, other] = [other, fresh];
    }
    await emitting;
    await world.untilEffects("crm", 8_000);

    const arrivals = world.arrivals("crm");
    expect(arrivals).toHaveLength(8_000);
    expect(disorderedKeys(arrivals)).toEqual([]);
  });

  it.each([0, 1, 2, 3])("ends in order when it is stopped while it still starts (%i)", async () => {
    const world = await createWorld({ apis: { crm: {} } });

    const starting = await world.deliver("--grace", "8");
    const code = await starting.end("SIGTERM");

    expect(code).toBe(0);
    expect(starting.output()).not.toContain("the grace is over");
  });

  it("does not say that it delivers when it is stopped while it waits for its group", async () => {
    const world = await createWorld({ apis: { crm: {} } });
    const frozen = await world.deliver();
    await frozen.ready();
    frozen.signal("SIGSTOP");

    const waiting = await world.deliver();
    const code = await waiting.end("SIGTERM");

    expect(code).toBe(0);
    expect(waiting.output()).toContain('"msg":"stopped"');
    expect(waiting.output()).not.toContain('"msg":"delivering"');
  });

  it("goes on from what it committed: a restart at rest repeats nothing", async () => {
    const world = await createWorld({ apis: { crm: {} } });
    const first = await world.deliver();
    await world.emitUpdates(500, 50);
    await world.untilEffects("crm", 500);
    await until("everything to be committed", async () => (await world.lag(first)) === 0);
    await first.end("SIGKILL");

    const second = await world.deliver();
    await second.ready();
    await world.emitUpdates(500, 50);
    await world.untilEffects("crm", 1_000);

    expect(world.arrivals("crm")).toHaveLength(1_000);
  });
});
