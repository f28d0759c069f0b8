import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { disorderedKeys, repeatsOfAnswered, type Arrival } from "../support/arrivals.ts";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type World, type WorldOptions } from "../support/delivery-world.ts";
import { readGroupCommits } from "../support/group-coverage.ts";
import { readRaw } from "../support/raw-topic.ts";
import { readReplayCoverage } from "../support/replay-coverage.ts";
import { until } from "../support/until.ts";

const USERS = 50;
const ROUNDS = 20;

async function replay(world: World, ...args: readonly string[]) {
  const command = ["replay", ...args, "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  return { code, stderr, items: stdout === "" ? [] : itemsOf(stdout) };
}

/** A world in which everything that was emitted has been delivered once. */
async function setup(target: WorldOptions["target"] = {}) {
  const world = await createWorld({ apis: { crm: {} }, partitions: 4, target });
  const deliverer = await world.deliver();
  await world.emitUpdates(ROUNDS * USERS, USERS);
  await world.untilEffects("crm", ROUNDS * USERS);
  await until("no lag", async () => (await world.lag(deliverer)) === 0);
  return { world, deliverer, planPath: join(world.folder, "plan.json") };
}

/** Arrivals of events that had arrived before, in the order they came. */
function repeats(arrivals: readonly Arrival[]): readonly Arrival[] {
  const seen = new Set<string | null>();
  return arrivals.filter(({ position }) => seen.size === seen.add(position).size);
}

/** Places of events that arrived more than once, sorted. */
function repeated(arrivals: readonly Arrival[]): readonly string[] {
  return [...new Set(repeats(arrivals).map(({ position }) => position ?? ""))].sort();
}

/** What the live group has committed. */
const commitsOf = ({ servers, namespace, topic }: World) =>
  readGroupCommits(servers.brokers, `${namespace}.crm`, topic);

/** Resolves once Kafka's clock and ours show a later time than what was emitted, in RFC 3339. */
async function laterTime(): Promise<string> {
  const emittedAt = Date.now();
  await until("the next millisecond", () => Date.now() > emittedAt);
  return new Date().toISOString();
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

/** Places of the events of these rounds, sorted: users take turns, so that the n-th event of a key is of round n. */
function placesOfRounds(
  world: World,
  isMeant: (round: number) => boolean,
): Promise<readonly string[]> {
  const rounds = new Map<string, number>();
  return placesOf(world, ({ key }) => {
    const round = (rounds.get(key) ?? 0) + 1;
    rounds.set(key, round);
    return isMeant(round);
  });
}

describe("millrace replay", () => {
  it("sends exactly the offsets of its plan again, beside live events of the same keys, each in order", async () => {
    const { world, deliverer, planPath } = await setup();
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
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
    expect(disorderedKeys(repeats(world.arrivals("crm")))).toEqual([]);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    // A repair has the keys that the events had, so nothing has an effect twice.
    expect((await world.api("crm").report()).effects).toBe(2 * ROUNDS * USERS);
  });

  it("sends the events of one key only where that is all that is meant, with new keys where asked to", async () => {
    const { world, planPath } = await setup();
    const place = ["--target", "crm", "--from", "earliest", "--key", "user-7"];
    await replay(world, "plan", ...place, "--save", planPath);
    const committed = await commitsOf(world);
    const start = ["start", planPath, "--mode", "reprocess", "--reason", "wrong", "--job", "r2"];
    await replay(world, ...start, "--yes");

    const ended = await replay(world, "status", "r2", "--watch");

    expect(ended.items).toMatchObject([{ state: "done", planned: ROUNDS, sent: ROUNDS }]);
    expect(repeated(world.arrivals("crm"))).toEqual(
      await placesOf(world, ({ key }) => key === "user-7"),
    );
    expect(disorderedKeys(repeats(world.arrivals("crm")))).toEqual([]);
    expect((await world.api("crm").report()).effects).toBe(ROUNDS * USERS + ROUNDS);
    expect(committed.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
    expect(await commitsOf(world)).toEqual(committed);
  });

  it("sends exactly the events of a time again, beside live events of the same keys, each in order", async () => {
    const { world, deliverer, planPath } = await setup();
    const from = await laterTime();
    await world.emitUpdates(ROUNDS * USERS, USERS, ROUNDS * USERS);
    const to = await laterTime();
    await world.emitUpdates(ROUNDS * USERS, USERS, 2 * ROUNDS * USERS);
    await world.untilEffects("crm", 3 * ROUNDS * USERS);
    const range = ["--target", "crm", "--from", `@${from}`, "--to", `@${to}`];
    await replay(world, "plan", ...range, "--save", planPath);
    const start = ["start", planPath, "--mode", "repair", "--reason", "lost", "--job", "r6"];
    await replay(world, ...start, "--yes");
    await world.emitUpdates(ROUNDS * USERS, USERS, 3 * ROUNDS * USERS);

    const ended = await replay(world, "status", "r6", "--watch");

    await world.untilEffects("crm", 4 * ROUNDS * USERS);
    const planned = ROUNDS * USERS;
    expect(ended.items).toMatchObject([{ state: "done", planned, sent: planned, skipped: {} }]);
    const meant = await placesOfRounds(world, (round) => round > ROUNDS && round <= 2 * ROUNDS);
    expect(repeated(world.arrivals("crm"))).toEqual(meant);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
    expect(disorderedKeys(repeats(world.arrivals("crm")))).toEqual([]);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    expect((await world.api("crm").report()).effects).toBe(4 * ROUNDS * USERS);
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
    const meant = await placesOfRounds(world, (round) => [3, 4, 17].includes(round));
    expect(repeated(world.arrivals("crm"))).toEqual(meant);
    const refused = await replay(world, "plan", ...place.slice(0, 4), "--filter", "event.data.no");
    expect(refused).toMatchObject({ code: 2, items: [] });
  });

  it("goes on under the next owner after a kill, repeating nothing that was written, and ends for good when it is cancelled", async () => {
    const { world, deliverer, planPath } = await setup({ rate: "250/s" });
    const count = ROUNDS * USERS;
    await replay(world, "plan", "--target", "crm", "--from", "earliest", "--save", planPath);
    const start = ["start", planPath, "--mode", "repair", "--reason", "lost", "--yes", "--job"];
    await replay(world, ...start, "r3");
    const halfWay = count / 2;
    await until("half of the replay", () => repeats(world.arrivals("crm")).length >= halfWay);
    await deliverer.end("SIGKILL");
    const { servers, namespace } = world;
    const wasWritten = await readReplayCoverage(servers.brokers, `${namespace}.state`, "r3");
    const beforeKill = repeats(world.arrivals("crm"));
    await world.deliver();

    const ended = await replay(world, "status", "r3", "--watch");
    expect(ended.items).toMatchObject([{ state: "done", planned: count, sent: count }]);
    expect(repeated(world.arrivals("crm"))).toHaveLength(count);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
    expect(disorderedKeys(repeats(world.arrivals("crm")))).toEqual([]);
    expect(beforeKill.length).toBeLessThan(count);
    expect(beforeKill.filter(wasWritten).length).toBeGreaterThan(0);
    expect(repeatsOfAnswered(repeats(world.arrivals("crm"))).filter(wasWritten)).toEqual([]);

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
