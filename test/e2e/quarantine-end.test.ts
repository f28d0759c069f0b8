import { describe, expect, it } from "vitest";
import { disorderedKeys } from "../support/arrivals.ts";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { until } from "../support/until.ts";

/** So many users; each emit brings every one of them an event in turn. */
const USERS = 20;
const ROUNDS = 10;
const SICK = ["user-1", "user-2", "user-3"];
/** Parked behind each dead letter. */
const PARKED = ROUNDS - 1;

async function run(world: World, ...args: readonly string[]) {
  const command = [...args, "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  return { code, stderr, items: stdout === "" ? [] : itemsOf(stdout) };
}

const end = (world: World, how: "drop" | "release", ...args: readonly string[]) =>
  run(world, "quarantine", how, "--target", "crm", "--reason", "never valid", ...args);

const keys = async (world: World): Promise<unknown[]> => {
  const { items } = await run(world, "quarantine", "list", "--target", "crm");
  return items.map(({ key }) => key).sort();
};

/** A world whose sick users' first events are refused, the later ones parked, and whose target takes all from here on. */
async function setup(): Promise<World> {
  const reject = Object.fromEntries(SICK.map((user) => [user, 422]));
  const world = await createWorld({ apis: { crm: { reject } } });
  const deliverer = await world.deliver();
  await world.emitUpdates(ROUNDS * USERS, USERS);
  await world.untilEffects("crm", ROUNDS * (USERS - SICK.length));
  await until("no lag", async () => (await world.lag(deliverer)) === 0);
  await world.api("crm").script({});
  return world;
}

describe("millrace quarantine release", () => {
  it("leaves the dead letter, delivers what is parked in order, and the key goes on", async () => {
    const world = await setup();
    const { items: letters } = await run(
      world,
      "dlq",
      "list",
      "--target",
      "crm",
      "--key",
      "user-1",
    );

    const planned = await end(world, "release", "--key", "user-1", "--dry-run");
    const released = await end(world, "release", "--key", "user-1", "--yes", "--by", "dana");

    expect(planned.items).toMatchObject([{ key: "user-1", dropped: 1, delivered: PARKED }]);
    expect(released.code, released.stderr).toBe(0);
    expect(released.items).toMatchObject([{ key: "user-1", end: "dropped", behind: null }]);
    await world.untilEffects("crm", ROUNDS * (USERS - SICK.length) + PARKED);
    expect(await keys(world)).toEqual(["user-2", "user-3"]);
    await world.emitUpdates(USERS, USERS);
    await world.untilEffects("crm", ROUNDS * (USERS - SICK.length) + PARKED + USERS - 2);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
    const story = await run(world, "why", String(letters[0]?.["id"]));
    expect(JSON.stringify(story.items)).toContain("never valid");
    expect(story.items).toMatchObject([{ targets: [{ target: "crm", outcome: "skipped" }] }]);
  });

  it("does nothing that nobody has named or confirmed", async () => {
    const world = await setup();

    const unnamed = await end(world, "release", "--yes");
    const unasked = await end(world, "release", "--all");
    const unknown = await end(world, "release", "--key", "nobody", "--yes");

    expect(unnamed).toMatchObject({ code: 2, items: [] });
    expect(unasked).toMatchObject({ code: 5, items: [] });
    expect(unasked.stderr).toContain("--yes");
    expect(unknown).toMatchObject({ code: 4, items: [] });
    expect(await keys(world)).toEqual(SICK);
  });
});

describe("millrace quarantine drop", () => {
  it("says how many events nobody will deliver, sends none of them, and the keys go on", async () => {
    const world = await setup();
    const effects = ROUNDS * (USERS - SICK.length);

    const asked = await end(world, "drop", "--all");
    const dropped = await end(world, "drop", "--all", "--yes");

    expect(asked.code).toBe(5);
    expect(asked.stderr).toContain(`${SICK.length * ROUNDS} events`);
    expect(dropped.code, dropped.stderr).toBe(0);
    expect(dropped.items.map((item) => item["dropped"])).toEqual(SICK.map(() => ROUNDS));
    expect(await keys(world)).toEqual([]);
    expect((await run(world, "dlq", "list", "--target", "crm")).items).toEqual([]);
    await world.emitUpdates(USERS, USERS);
    await world.untilEffects("crm", effects + USERS);
    expect((await world.api("crm").report()).effects).toBe(effects + USERS);
  });

  it("goes on under the next owner when the process that was at it is killed, and nothing of it is sent", async () => {
    const world = await setup();
    const first = await world.deliver();
    await first.ready();

    const asked = end(world, "drop", "--all", "--yes");
    await first.end("SIGKILL");
    const dropped = await asked;

    expect(dropped.code, dropped.stderr).toBe(0);
    expect((await world.api("crm").report()).effects).toBe(ROUNDS * (USERS - SICK.length));
    expect(await keys(world)).toEqual([]);
  });

  it("leaves a blocked partition, which a release lets go on", async () => {
    const world = await createWorld({
      apis: { crm: { reject: { "user-1": 422 } } },
      partitions: 1,
      target: { onDeadLetter: "block" },
    });
    await world.deliver();
    await world.emitUpdates(2 * USERS, USERS);
    await world.untilEffects("crm", 2 * (USERS - 1));
    await until("a blocked key", async () => (await keys(world)).length === 1);
    await world.api("crm").script({});

    const dropped = await end(world, "drop", "--all", "--yes");
    const released = await end(world, "release", "--all", "--yes");

    expect(dropped).toMatchObject({ code: 3, items: [] });
    expect(dropped.stderr).toContain("blocked");
    expect(released.code, released.stderr).toBe(0);
    await world.untilEffects("crm", 2 * (USERS - 1) + 1);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
  });
});
