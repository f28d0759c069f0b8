import { describe, expect, it } from "vitest";
import { disorderedKeys, type Arrival } from "../support/arrivals.ts";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { readRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

const EVENTS = 10_000;
const USERS = 500;
/** Events of each user. */
const ROUNDS = EVENTS / USERS;
/** Every 25th user is refused. */
const SICK = Array.from({ length: 20 }, (_, index) => `user-${25 * index}`);
/** Longer than the test: the outage ends when the test says so. */
const OUTAGE_MS = 3_600_000;

/** Runs a command with the world's configuration, to its end. */
async function run(world: World, ...args: readonly string[]) {
  const command = [...args, "-c", world.configPath, "-o", "ndjson"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  return { code, stderr, items: itemsOf(stdout) };
}

/** What a command answers that has to end well: an empty answer of one that fails would look like a good one. */
async function ask(world: World, ...args: readonly string[]) {
  const { code, stderr, items } = await run(world, ...args);
  expect(code, stderr).toBe(0);
  return items;
}

const redrive = (world: World, reason: string, ...args: readonly string[]) =>
  run(world, "dlq", "redrive", "--target", "crm", "--reason", reason, "--yes", ...args);

/** Waits until `why` names causes of these kinds, in this order. */
async function untilCauses(world: World, target: string, ...kinds: readonly string[]) {
  let causes: Awaited<ReturnType<typeof ask>> = [];
  await until(
    `causes of ${target}: ${kinds.join(", ")}`,
    async () => {
      causes = await ask(world, "why", target);
      return causes.map(({ kind }) => kind).join() === kinds.join();
    },
    { seen: () => `found ${JSON.stringify(causes)}` },
  );
  return causes;
}

/** Arrivals that changed something, in the order they came. */
const applied = (world: World, api: string): readonly Arrival[] =>
  world.arrivals(api).filter(({ effect }) => effect === "applied");

/** Says of an API's own record that it has every event of the log once, and each key's in the order of the log. */
async function expectEveryEventOnceInOrder(world: World, api: string): Promise<void> {
  const log = await readRaw(world.servers.brokers, world.topic);
  const emitted = Map.groupBy(log, ({ key }) => String(key));
  const arrived = Map.groupBy(applied(world, api), ({ key }) => String(key));
  expect(log).toHaveLength(EVENTS);
  expect([...arrived.keys()].sort()).toEqual([...emitted.keys()].sort());
  for (const [key, records] of emitted) {
    const places = records.map(({ partition, offset }) => `${world.topic}/${partition}/${offset}`);
    expect(arrived.get(key)?.map(({ position }) => position)).toEqual(places);
  }
  expect(new Set(applied(world, api).map((arrival) => arrival.idempotencyKey)).size).toBe(EVENTS);
  expect(disorderedKeys(world.arrivals(api))).toEqual([]);
}

describe("an engineer on call", () => {
  it("finds the stuck keys and the outage of one target, whose neighbour notices neither, and redrives what was given up", async () => {
    const reject = Object.fromEntries(SICK.map((user) => [user, 422]));
    const world = await createWorld({
      apis: { crm: { reject }, audit: {} },
      target: {
        retry: { base: "50ms", cap: "500ms" },
        breaker: { window: "10s", errorRatio: 0.5, minCalls: 10, halfOpenAfter: "1s" },
      },
    });
    const crm = world.api("crm");
    const deliverer = await world.deliver();
    const healthy = USERS - SICK.length;

    // Twenty users are refused: they are named, and nobody else waits.
    await world.emitUpdates(EVENTS / 2, USERS);
    await world.untilEffects("audit", EVENTS / 2);
    await world.untilEffects("crm", (healthy * ROUNDS) / 2);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    const [stuck] = await untilCauses(world, "crm", "key-quarantined");
    await untilCauses(world, "audit");

    expect(stuck).toMatchObject({ keyCount: SICK.length, details: { reason: "HTTP_REJECTED" } });
    expect([stuck?.["keys"]].flat().toSorted()).toEqual(SICK.toSorted());
    expect(stuck?.["evidence"]).toHaveLength(SICK.length);

    // It goes away: the other half is delivered to its neighbour before it comes back.
    await crm.outage(OUTAGE_MS);
    await world.emitUpdates(EVENTS / 2, USERS);
    await world.untilEffects("audit", EVENTS);
    const [outage, still] = await untilCauses(world, "crm", "breaker-open", "key-quarantined");
    await untilCauses(world, "audit");
    const groups = await ask(world, "groups", "list");
    const away = await crm.report();

    expect(outage?.["details"]).toMatchObject({ processes: 1 });
    expect(still).toMatchObject({ keyCount: SICK.length });
    expect(groups).toMatchObject([{ target: "crm" }, { target: "audit", lag: 0 }]);
    expect(Number(groups[0]?.["lag"])).toBeGreaterThan(0);
    expect(away).toMatchObject({ state: "down", effects: (healthy * ROUNDS) / 2 });

    // It comes back: whoever is not stuck is delivered by itself.
    await crm.outage(1);
    await world.untilEffects("crm", healthy * ROUNDS);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    const waiting = await ask(world, "quarantine", "list", "--target", "crm");

    expect(waiting.map(({ key }) => key).sort()).toEqual(SICK.toSorted());
    expect(waiting.map(({ parked }) => parked)).toEqual(SICK.map(() => ROUNDS - 1));

    // Too early: the canary is refused, and the others are left alone. Then it is mended.
    const early = await redrive(world, "perhaps it is well again");
    const refused = world.arrivals("crm").filter(({ status }) => status === 422);
    await crm.script({});
    const late = await redrive(world, "validation mended", "--canary", "2");
    await world.untilEffects("crm", EVENTS);

    expect(early.code).toBe(3);
    expect(early.items).toMatchObject([{ askedCount: 1, givenUpCount: 1, end: "canary-failed" }]);
    expect(refused).toHaveLength(SICK.length + 1);
    expect(late).toMatchObject({
      code: 0,
      items: [{ keyCount: 20, askedCount: 20, deliveredCount: 20, givenUpCount: 0, end: "done" }],
    });
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    await untilCauses(world, "crm");
    expect(await ask(world, "quarantine", "list", "--target", "crm")).toEqual([]);
    expect(await ask(world, "dlq", "list", "--target", "crm")).toEqual([]);
    expect((await crm.report()).effects).toBe(EVENTS);
    await expectEveryEventOnceInOrder(world, "crm");
    await expectEveryEventOnceInOrder(world, "audit");
    expect(world.arrivals("audit")).toHaveLength(EVENTS);
  });
});
