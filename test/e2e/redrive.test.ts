import { describe, expect, it } from "vitest";
import { disorderedKeys } from "../support/arrivals.ts";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { until } from "../support/until.ts";

/** So many users; each emit brings every one of them an event in turn. */
const USERS = 50;
const ROUNDS = 10;
const SICK = ["user-1", "user-2", "user-3", "user-4"];

async function run(world: World, ...args: readonly string[]) {
  const command = [...args, "--target", "crm", "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  return { code, stderr, items: stdout === "" ? [] : itemsOf(stdout) };
}

/** A world whose sick users' events are refused, and wait. */
async function setup(): Promise<World> {
  const reject = Object.fromEntries(SICK.map((user) => [user, 422]));
  const world = await createWorld({ apis: { crm: { reject } } });
  const deliverer = await world.deliver();
  await world.emitUpdates(ROUNDS * USERS, USERS);
  await world.untilEffects("crm", ROUNDS * (USERS - SICK.length));
  await until("no lag", async () => (await world.lag(deliverer)) === 0);
  return world;
}

describe("millrace dlq redrive", () => {
  it("delivers the dead letters and what is parked behind them, in order, and nothing waits any more", async () => {
    const world = await setup();
    const waiting = await run(world, "quarantine", "list");
    const letters = await run(world, "dlq", "list");
    const exported = await run(world, "dlq", "export");
    const stats = await run(world, "dlq", "stats", "--group-by", "status");
    await world.api("crm").script({});

    const redriven = await run(
      world,
      "dlq",
      "redrive",
      "--reason",
      "fixed",
      "--canary",
      "2",
      "--yes",
    );

    expect(waiting.items.map(({ key }) => key).sort()).toEqual(SICK);
    expect(waiting.items.map(({ parked }) => parked)).toEqual(SICK.map(() => ROUNDS - 1));
    expect(letters.items).toHaveLength(SICK.length);
    expect(exported.items.map(({ id }) => id).sort()).toEqual(
      letters.items.map(({ id }) => id).sort(),
    );
    expect(exported.items.every(({ value }) => typeof value === "string")).toBe(true);
    expect(stats.items).toMatchObject([{ group: "422", count: SICK.length }]);
    expect(redriven.items).toMatchObject([
      { keyCount: SICK.length, askedCount: SICK.length, deliveredCount: SICK.length, end: "done" },
    ]);
    expect(redriven.code).toBe(0);
    await world.untilEffects("crm", ROUNDS * USERS);
    expect((await world.api("crm").report()).effects).toBe(ROUNDS * USERS);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
    expect((await run(world, "quarantine", "list")).items).toEqual([]);
    expect((await run(world, "dlq", "list")).items).toEqual([]);
  });

  it("asks for no more once its canary is given up again, and says so", async () => {
    const world = await setup();

    const redriven = await run(world, "dlq", "redrive", "--reason", "hope", "--yes");

    expect(redriven.code).toBe(3);
    expect(redriven.items).toMatchObject([
      { askedCount: 1, deliveredCount: 0, givenUpCount: 1, end: "canary-failed" },
    ]);
    expect(redriven.stderr).toContain("given up again");
    const { items } = await run(world, "dlq", "list");
    expect(items.map(({ redrives }) => redrives).sort()).toEqual([0, 0, 0, 1]);
  });

  it("redrives what is named only, and does nothing where nobody could be asked", async () => {
    const world = await setup();
    await world.api("crm").script({});

    const unasked = await run(world, "dlq", "redrive", "--reason", "fixed");
    const named = await run(
      world,
      "dlq",
      "redrive",
      "--reason",
      "fixed",
      "--key",
      "user-2",
      "--yes",
    );

    expect(unasked).toMatchObject({ code: 5, items: [] });
    expect(unasked.stderr).toContain("--yes");
    expect(named.items).toMatchObject([{ keyCount: 1, deliveredCount: 1 }]);
    const { items } = await run(world, "quarantine", "list");
    expect(items.map(({ key }) => key).sort()).toEqual(["user-1", "user-3", "user-4"]);
  });

  it("goes on under the next owner when the process that was at it is killed", async () => {
    const world = await setup();
    await world.api("crm").script({});
    const first = await world.deliver();
    await first.ready();

    const asked = run(world, "dlq", "redrive", "--reason", "fixed", "--canary", "0", "--yes");
    await first.end("SIGKILL");
    const redriven = await asked;

    expect(redriven.code).toBe(0);
    expect(redriven.items).toMatchObject([{ deliveredCount: SICK.length, end: "done" }]);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
  });
});

describe("millrace dlq drop", () => {
  it("takes for done what nobody waits for, and leaves what keys wait for", async () => {
    const skipping = await createWorld({
      apis: { crm: { reject: { "user-1": 422 } } },
      target: { onDeadLetter: "skip" },
    });
    const deliverer = await skipping.deliver();
    await skipping.emitUpdates(2 * USERS, USERS);
    await skipping.untilEffects("crm", 2 * (USERS - 1));
    await until("no lag", async () => (await skipping.lag(deliverer)) === 0);

    const redriven = await run(skipping, "dlq", "redrive", "--reason", "fixed", "--yes");
    const dropped = await run(skipping, "dlq", "drop", "--reason", "obsolete", "--yes");

    expect(redriven).toMatchObject({ code: 3, items: [] });
    expect(dropped.code).toBe(0);
    expect(dropped.items).toHaveLength(2);
    expect((await run(skipping, "dlq", "list")).items).toEqual([]);
  });
});
