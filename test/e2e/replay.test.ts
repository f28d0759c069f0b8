import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Arrival } from "../support/arrivals.ts";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { readRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

const USERS = 50;
const ROUNDS = 20;

async function replay(world: World, ...args: readonly string[]) {
  const command = ["replay", ...args, "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  return { code, stderr, items: stdout === "" ? [] : itemsOf(stdout) };
}

/** A world in which everything that was emitted has been delivered once. */
async function setup() {
  const world = await createWorld({ apis: { crm: {} }, partitions: 4 });
  const deliverer = await world.deliver();
  await world.emitUpdates(ROUNDS * USERS, USERS);
  await world.untilEffects("crm", ROUNDS * USERS);
  await until("no lag", async () => (await world.lag(deliverer)) === 0);
  return { world, deliverer, planPath: join(world.folder, "plan.json") };
}

/** Places of events that arrived more than once, sorted. */
function repeated(arrivals: readonly Arrival[]): readonly string[] {
  const byPlace = Map.groupBy(arrivals, ({ position }) => position ?? "");
  return [...byPlace].flatMap(([place, of]) => (of.length > 1 ? [place] : [])).sort();
}

/** Places of all records that a test means, sorted. */
async function placesOf(
  world: World,
  isMeant: (record: { partition: number; offset: number; key: string }) => boolean,
): Promise<readonly string[]> {
  const records = await readRaw(world.servers.brokers, world.topic);
  return records
    .filter(({ partition, offset, key }) => {
      return isMeant({ partition, offset, key: String(key) });
    })
    .map(({ partition, offset }) => `${world.topic}/${partition}/${offset}`)
    .sort();
}

describe("millrace replay", () => {
  it("sends exactly the offsets of its plan again, beside live events of the same keys", async () => {
    const { world, planPath } = await setup();
    const plan = await replay(
      ...([world, "plan", "--target", "crm", "--topic", `${world.topic}:0,1`] as const),
      ...["--from", "0:10,1:20", "--to", "0:100,1:90", "--save", planPath],
    );
    const start = ["start", planPath, "--mode", "repair", "--reason", "lost", "--job", "r1"];
    const unasked = await replay(world, ...start);
    const started = await replay(world, ...start, "--yes");
    await world.emitUpdates(ROUNDS * USERS, USERS);

    const ended = await replay(world, "status", "r1", "--watch");

    await world.untilEffects("crm", 2 * ROUNDS * USERS);
    const counts = plan.items.map(({ partition, events }) => [partition, events]);
    expect(counts.sort()).toEqual([
      [0, 90],
      [1, 70],
    ]);
    expect(unasked).toMatchObject({ code: 5, items: [] });
    expect(started.items).toMatchObject([{ job: "r1", planned: 160, wanted: "run" }]);
    expect(ended).toMatchObject({
      code: 0,
      items: [{ state: "done", planned: 160, sent: 160, skipped: {}, failed: {} }],
    });
    const meant = await placesOf(world, ({ partition, offset }) =>
      partition === 0
        ? offset >= 10 && offset < 100
        : partition === 1 && offset >= 20 && offset < 90,
    );
    expect(repeated(world.arrivals("crm"))).toEqual(meant);
    // A repair has the keys that the events had, so nothing has an effect twice.
    expect((await world.api("crm").report()).effects).toBe(2 * ROUNDS * USERS);
  });

  it("sends the events of one key only where that is all that is meant, with new keys where asked to", async () => {
    const { world, planPath } = await setup();
    const place = ["--target", "crm", "--from", "earliest", "--key", "user-7"];
    await replay(world, "plan", ...place, "--save", planPath);
    const start = ["start", planPath, "--mode", "reprocess", "--reason", "wrong", "--job", "r2"];
    await replay(world, ...start, "--yes");

    const ended = await replay(world, "status", "r2", "--watch");

    expect(ended.items).toMatchObject([{ state: "done", planned: ROUNDS, sent: ROUNDS }]);
    expect(repeated(world.arrivals("crm"))).toEqual(
      await placesOf(world, ({ key }) => key === "user-7"),
    );
    expect((await world.api("crm").report()).effects).toBe(ROUNDS * USERS + ROUNDS);
  });

  it("sends the events that a filter lets through, and no others", async () => {
    const { world, planPath } = await setup();
    const filter = "event.type == 'users.ProfileUpdated' && event.data.revision in [3, 4, 17]";
    const place = ["--target", "crm", "--from", "earliest", "--filter", filter];
    const plan = await replay(world, "plan", ...place, "--save", planPath);
    expect(plan).toMatchObject({ code: 0 });
    const start = ["start", planPath, "--mode", "repair", "--reason", "lost", "--job", "r5"];
    await replay(world, ...start, "--yes");

    const ended = await replay(world, "status", "r5", "--watch");

    const planned = 3 * USERS;
    expect(ended.items).toMatchObject([{ state: "done", planned, sent: planned, skipped: {} }]);
    // Users take turns, so that the n-th event of a key is its revision n.
    const seen = new Map<string, number>();
    const meant = await placesOf(world, ({ key }) => {
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return [3, 4, 17].includes(seen.get(key) ?? 0);
    });
    expect(repeated(world.arrivals("crm"))).toEqual(meant);
    const refused = await replay(world, "plan", ...place.slice(0, 4), "--filter", "event.data.no");
    expect(refused).toMatchObject({ code: 2, items: [] });
  });

  it("goes on under the next owner after a kill, and ends for good when it is cancelled", async () => {
    const { world, deliverer, planPath } = await setup();
    await replay(world, "plan", "--target", "crm", "--from", "earliest", "--save", planPath);
    const start = ["start", planPath, "--mode", "repair", "--reason", "lost", "--yes", "--job"];
    await replay(world, ...start, "r3");
    await until("the replay to begin", () => repeated(world.arrivals("crm")).length > 0);
    await deliverer.end("SIGKILL");
    await world.deliver();

    const ended = await replay(world, "status", "r3", "--watch");
    expect(ended.items).toMatchObject([{ state: "done", planned: ROUNDS * USERS }]);
    expect(repeated(world.arrivals("crm"))).toHaveLength(ROUNDS * USERS);

    await replay(world, ...start, "r4");
    await replay(world, "cancel", "r4", "--reason", "enough");
    const resumed = await replay(world, "resume", "r4", "--reason", "after all");
    const cancelled = await replay(world, "status", "r4", "--watch");
    expect(resumed.code).toBe(5);
    expect(cancelled.items).toMatchObject([{ wanted: "cancel" }]);
  });

  it("refuses a plan that is none, and a job that is not there", async () => {
    const world = await createWorld({ apis: { crm: {} } });

    const start = ["--mode", "repair", "--reason", "x", "--yes"];
    expect(await replay(world, "start", world.configPath, ...start)).toMatchObject({ code: 2 });
    expect(await replay(world, "status", "nobody")).toMatchObject({ code: 4 });
  });
});
