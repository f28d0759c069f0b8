/** `--filter` of the commands for dead letters, over real dead letters: some refused by the target, one that is no event. */
import { describe, expect, it } from "vitest";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { writeRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

const USERS = 10;
const SICK = ["user-1", "user-2", "user-3"];
/** Lets through two of the sick ones, by what is in their data. */
const FILTER = 'event.data.userId in ["user-1", "user-3"]';
const POISON = {
  key: "poison-key",
  value: "no frame",
  headers: {
    ...{ ce_specversion: "1.0", ce_id: "poison", ce_source: "urn:millrace:test" },
    ...{ ce_type: "users.ProfileUpdated", "content-type": "application/avro" },
  },
};

/** A world with a dead letter of every sick user, and one that cannot be decoded. */
async function setup() {
  const reject = Object.fromEntries(SICK.map((user) => [user, 422]));
  const world = await createWorld({ apis: { crm: { reject } } });
  const deliverer = await world.deliver();
  await world.emitUpdates(USERS, USERS);
  await writeRaw(world.servers.brokers, world.topic, [POISON]);
  await world.untilEffects("crm", USERS - SICK.length);
  await until("no lag", async () => (await world.lag(deliverer)) === 0);
  return { world, dlq: (...args: readonly string[]) => dlq(world, ...args) };
}

async function dlq(world: World, ...args: readonly string[]) {
  const command = ["dlq", ...args, "--target", "crm", "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  const items = stdout === "" ? [] : itemsOf(stdout);
  return { code, stderr, keys: items.map(({ key }) => key).sort(), items };
}

describe("millrace dlq --filter", () => {
  it("takes what it lets through, and tells what it cannot be asked about", async () => {
    const { dlq: run } = await setup();

    const all = await run("list");
    const listed = await run("list", "--filter", FILTER);
    const refused = await run("list", "--filter", FILTER, "--error", "HTTP_REJECTED");
    const counted = await run("stats", "--filter", FILTER, "--error", "HTTP_REJECTED");
    const exported = await run("export", "--filter", FILTER);
    const named = await run("list", "--id", "poison");

    expect(all.keys).toEqual(["poison-key", ...SICK]);
    expect(listed).toMatchObject({ code: 3, keys: ["user-1", "user-3"] });
    expect(listed.stderr).toContain("1 dead letter is left out");
    expect(listed.stderr).toContain("--id poison");
    expect(refused).toMatchObject({ code: 0, keys: ["user-1", "user-3"] });
    expect(counted.items).toMatchObject([{ group: "HTTP_REJECTED", count: 2 }]);
    expect(exported).toMatchObject({ code: 3, keys: ["user-1", "user-3"] });
    expect(named).toMatchObject({ code: 0, keys: ["poison-key"] });
  });

  it("redrives what it lets through, and nothing else", async () => {
    const { world, dlq: run } = await setup();
    await world.api("crm").script({});

    const redriven = await run("redrive", "--filter", FILTER, "--reason", "fixed", "--yes");

    expect(redriven.code).toBe(3);
    expect(redriven.items).toMatchObject([{ keyCount: 2, deliveredCount: 2, end: "done" }]);
    expect((await run("list")).keys).toEqual(["poison-key", "user-2"]);
  });

  it("is checked before anything is done", async () => {
    const { world, dlq: run } = await setup();
    await world.api("crm").script({});

    const filter = 'event.data.emial == "user-1@example.com"';
    const refused = await run("redrive", "--filter", filter, "--reason", "fixed", "--yes");

    expect(refused).toMatchObject({ code: 2, items: [] });
    expect(refused.stderr).toContain('no field emial at character 12 (did you mean "email"?)');
    expect((await run("list")).items).toHaveLength(SICK.length + 1);
  });
});
