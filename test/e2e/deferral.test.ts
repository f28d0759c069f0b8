import { describe, expect, it } from "vitest";
import { byDelivery, disorderedKeys } from "../support/arrivals.ts";
import { createWorld } from "../support/delivery-world.ts";
import { readRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

const SLOW = "user-3";
const USERS = 30;
/** Of each user: enough of the slow one to fill the bounds of its partition. */
const EVENTS = 1_000;

describe("a slow key", () => {
  it("holds neither the others nor the commit, and gets its events in order, over a kill too", async () => {
    const world = await createWorld({ apis: { crm: { slow: { [SLOW]: 1_000 } } }, partitions: 1 });
    const first = await world.deliver();
    await world.emitUpdates(EVENTS * USERS, USERS);
    await world.untilEffects("crm", EVENTS * (USERS - 1));
    await until("no lag", async () => (await world.lag(first)) === 0);
    const { effects } = await world.api("crm").report();
    expect(effects).toBeLessThan(EVENTS * USERS - EVENTS / 2);

    await first.end("SIGKILL");
    await world.api("crm").script({});
    await world.deliver();
    await world.untilEffects("crm", EVENTS * USERS);

    const arrivals = world.arrivals("crm");
    expect(byDelivery(arrivals).size).toBe(EVENTS * USERS);
    expect(disorderedKeys(arrivals)).toEqual([]);
    expect(await readRaw(world.servers.brokers, `${world.namespace}.crm.dead`)).toEqual([]);
    const parked = await readRaw(world.servers.brokers, `${world.namespace}.crm.parked`);
    // A call of another key may look slow while the machine does something else.
    const slowCount = parked.filter(({ key }) => String(key) === SLOW).length;
    expect(slowCount).toBeGreaterThan(parked.length / 2);
  });
});
