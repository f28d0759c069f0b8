/** What a replay plans, and what it says it did, against what Kafka's own tools count and the target's own record. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { itemsOf, millrace, type CommandResult } from "../support/cli-command.ts";
import { deleteRecords } from "../support/delete-records.ts";
import { createWorld, type World, type WorldOptions } from "../support/delivery-world.ts";
import { toolRanges, toolRecords, type ToolRecord } from "../support/kafka-tools.ts";
import { until } from "../support/until.ts";

const USERS = 30;
const ROUNDS = 12;
const PARTITIONS = 4;
/** Rounds whose events the target's filter leaves out. */
const FILTERED_ROUNDS = 2;
const FILTER = `event.type == 'users.ProfileUpdated' && event.data.revision > ${FILTERED_ROUNDS}`;
/** Its first event that is not left out is a dead letter, what follows is parked. */
const SICK = "user-3";
/** Refused only once it is replayed. */
const REFUSED = "user-5";

function replay(world: World, ...args: readonly string[]): Promise<CommandResult> {
  const command = ["replay", ...args, "-c", world.configPath, "-o", "json"];
  return millrace(command, { cwd: world.folder });
}

/** A document of the command line. */
function documentOf({ stdout, stderr }: CommandResult): Readonly<Record<string, unknown>> {
  if (stdout === "") throw new Error(`no document: ${stderr}`);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the command's output contract
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

/** A world that has settled what was emitted. */
async function setup(options: Partial<WorldOptions>, effects: number) {
  const world = await createWorld({ apis: { crm: {} }, partitions: PARTITIONS, ...options });
  const deliverer = await world.deliver();
  const half = (ROUNDS / 2) * USERS;
  await world.emitUpdates(half, USERS);
  // A batch has one time: what comes now is to be later than what came.
  const emittedAt = Date.now();
  await until("the next millisecond", () => Date.now() > emittedAt);
  await world.emitUpdates(half, USERS, half);
  await world.untilEffects("crm", effects);
  await until("no lag", async () => (await world.lag(deliverer)) === 0);
  const { servers, topic } = world;
  const plan = (...args: readonly string[]) => replay(world, "plan", "--target", "crm", ...args);
  return {
    ...{ world, plan, planPath: join(world.folder, "plan.json") },
    ranges: () => toolRanges(servers.brokers, topic),
    records: () => toolRecords(servers.brokers, topic),
  };
}

/** A record's place, as calls name it. */
const placeOf = (topic: string, { partition, offset }: ToolRecord): string =>
  `${topic}/${partition}/${offset}`;

/** Whether the filter leaves a record out: a user's revisions are counted, and follow each other in its partition. */
function isFilteredIn(records: readonly ToolRecord[]): (record: ToolRecord) => boolean {
  const byKey = Map.groupBy(records, ({ key }) => key);
  const early = [...byKey.values()].flatMap((of) => {
    return of.toSorted((one, other) => one.offset - other.offset).slice(0, FILTERED_ROUNDS);
  });
  const filtered = new Set(early);
  return (record) => filtered.has(record);
}

/** What a plan has to say of a partition of which these records are meant. */
function countOf(meant: readonly ToolRecord[]) {
  const times = meant.map(({ timestampMs }) => timestampMs);
  return {
    events: meant.length,
    first: new Date(Math.min(...times)).toISOString(),
    last: new Date(Math.max(...times)).toISOString(),
  };
}

/** Counts by partition, of those that have any. */
function countsOf(meant: readonly ToolRecord[]) {
  const byPartition = [...Map.groupBy(meant, ({ partition }) => partition)];
  return byPartition
    .map(([partition, of]) => ({ partition, ...countOf(of) }))
    .sort((one, other) => one.partition - other.partition);
}

/** The same of a plan's items. */
function plannedCounts(result: CommandResult) {
  const items = itemsOf(result.stdout).map(({ partition, events, first, last }) => {
    return { partition: Number(partition), events, first, last };
  });
  return items.sort((one, other) => one.partition - other.partition);
}

/** `0:5,1:5` and so on. */
const positionOf = (offsets: readonly (readonly [partition: number, offset: number])[]): string =>
  offsets.map(([partition, offset]) => `${partition}:${offset}`).join(",");

describe("millrace replay plan and report", () => {
  it("say what Kafka's own tools count and the target has seen", async () => {
    const options = {
      apis: { crm: { reject: { [SICK]: 422 } } },
      target: { filter: FILTER, rate: "500/s" },
    };
    const effects = (ROUNDS - FILTERED_ROUNDS) * (USERS - 1);
    const { world, plan, planPath, ranges, records } = await setup(options, effects);
    const log = await records();
    const ends = await ranges();
    const isFiltered = isFilteredIn(log);
    const delivered = new Set(
      world.arrivals("crm").flatMap(({ status, position }) => (status === 422 ? [] : [position])),
    );
    expect(log).toHaveLength(ROUNDS * USERS);
    expect(ends.size).toBe(PARTITIONS);

    // The journal comes after the delivery.
    let whole: CommandResult = await plan("--from", "earliest");
    const isKnown = (item: Readonly<Record<string, unknown>>): boolean =>
      Reflect.get(Object(item["firstTime"]), "unknown") === 0;
    await until("the journal", async () => {
      whole = await plan("--from", "earliest");
      return itemsOf(whole.stdout).every(isKnown);
    });
    expect(plannedCounts(whole)).toEqual(countsOf(log));
    for (const item of itemsOf(whole.stdout)) {
      const own = log.filter(({ partition }) => partition === item["partition"]);
      const range = ends.get(Number(item["partition"]));
      const sick = own.filter((one) => one.key === SICK && !isFiltered(one));
      expect(item).toMatchObject({
        ...{ from: String(range?.start), to: String(range?.end), records: own.length },
        firstTime: {
          delivered: own.filter((one) => delivered.has(placeOf(world.topic, one))).length,
          skipped: own.filter(isFiltered).length,
          deadLettered: Math.min(1, sick.length),
          parked: Math.max(0, sick.length - 1),
          unknown: 0,
        },
      });
    }
    expect(documentOf(whole)).toMatchObject({
      laterKeys: { count: 0, keys: [], isComplete: true },
      estimate: { calls: effects + ROUNDS - FILTERED_ROUNDS },
    });

    const at = log.map(({ timestampMs }) => timestampMs).sort((one, other) => one - other);
    const middle = at[Math.floor(at.length / 2)] ?? 0;
    const since = await plan("--from", `@${new Date(middle).toISOString()}`, "--yes");
    const fromMiddle = log.filter(({ partition, offset }) =>
      log.some(
        (one) => one.partition === partition && one.offset <= offset && one.timestampMs >= middle,
      ),
    );
    expect(plannedCounts(since)).toEqual(countsOf(fromMiddle));
    expect(fromMiddle.length).toBeLessThan(log.length);

    const keyed = await plan("--from", "earliest", "--key", "user-7", "user-8");
    const ofKeys = log.filter(({ key }) => key === "user-7" || key === "user-8");
    expect(plannedCounts(keyed)).toEqual(countsOf(ofKeys));

    const from = Array.from(ends, ([partition]) => [partition, 5] as const);
    const to = Array.from(ends, ([partition, { end }]) => [partition, end - 5] as const);
    const bounded = await plan(
      ...["--from", positionOf(from), "--to", positionOf(to), "--save", planPath],
    );
    const meant = log.filter(({ partition, offset }) => {
      return offset >= 5 && offset < (ends.get(partition)?.end ?? 0) - 5;
    });
    const behind = log.filter((one) => {
      const end = ends.get(one.partition)?.end ?? 0;
      return one.offset >= end - 5 && delivered.has(placeOf(world.topic, one));
    });
    expect(plannedCounts(bounded)).toEqual(countsOf(meant));
    const later = new Set(behind.map(({ key }) => key));
    expect(documentOf(bounded)["laterKeys"]).toMatchObject({ count: later.size });
    expect(later.size).toBeGreaterThan(0);

    const before = world.arrivals("crm").length;
    await world.api("crm").script({ reject: { [REFUSED]: 422 } });
    const start = ["start", planPath, "--mode", "repair", "--reason", "lost", "--job", "r1"];
    expect(await replay(world, ...start, "--yes")).toMatchObject({ code: 0 });
    expect(await replay(world, "status", "r1", "--watch")).toMatchObject({ code: 3 });
    const sent = meant.filter((one) => !isFiltered(one) && ![SICK, REFUSED].includes(one.key));
    let report = await replay(world, "report", "r1");
    await until("the journal", async () => {
      report = await replay(world, "report", "r1");
      const known = itemsOf(report.stdout).map(({ journal }) =>
        Number(Reflect.get(Object(journal), "sent")),
      );
      return known.reduce((sum, one) => sum + one, 0) === sent.length;
    });

    const arrivals = world.arrivals("crm").slice(before);
    const arrived = arrivals.filter(({ status }) => status !== 422).map(({ position }) => position);
    expect(arrived.toSorted()).toEqual(sent.map((one) => placeOf(world.topic, one)).toSorted());
    const refused = meant.filter((one) => one.key === REFUSED && !isFiltered(one));
    const aside = meant.filter((one) => one.key === SICK && !isFiltered(one));
    expect([refused.length, aside.length].every((count) => count > 1)).toBe(true);
    expect(report.code).toBe(3);
    expect(documentOf(report)).toMatchObject({
      ...{ kind: "ReplayReport", job: "r1", state: "done", isReconciled: true, left: 0 },
      ...{ planned: meant.length, sent: sent.length, failed: { HTTP_REJECTED: 1 } },
      skipped: {
        FILTERED: meant.filter(isFiltered).length,
        KEY_SET_ASIDE: aside.length,
        KEY_FAILED: refused.length - 1,
      },
      failures: [{ key: REFUSED, reason: "HTTP_REJECTED" }],
    });
    for (const item of itemsOf(report.stdout)) {
      const own = sent.filter(({ partition }) => partition === item["partition"]);
      const planned = meant.filter(({ partition }) => partition === item["partition"]);
      expect(item).toMatchObject({
        ...{ planned: planned.length, sent: own.length, difference: 0, left: 0 },
        ...{ skipped: planned.length - own.length - Number(item["failed"]), end: "done" },
      });
    }
    expect(await ranges()).toEqual(ends);
  });

  it("are refused where they would send something else than was meant, saying what to do", async () => {
    const options = { target: { idempotency: { window: "1s" } } };
    const { world, plan, planPath, ranges } = await setup(options, ROUNDS * USERS);
    await plan("--from", "earliest", "--save", planPath);
    const [[partition = 0, whole] = []] = await ranges();
    const cut = Math.floor((whole?.end ?? 0) / 2);
    await deleteRecords(world.servers.brokers, {
      topic: world.topic,
      partition: partition,
      before: cut,
    });
    expect((await ranges()).get(partition)).toEqual({ start: cut, end: whole?.end });
    const gone = `${cut - 3} records of the range are gone from the log (${world.topic}:${partition}: ${cut - 3})`;

    const range = ["--topic", `${world.topic}:${partition}`, "--from", `${partition}:3`];
    const unasked = await plan(...range);
    expect(unasked).toMatchObject({ code: 5, stdout: "" });
    expect(unasked.stderr).toContain(`${gone}. Plan what is left? Nobody can be asked here.`);
    const rest = documentOf(await plan(...range, "--yes"));
    expect(rest).toMatchObject({
      gone: [{ partition, from: "3", to: String(cut), isExact: true }],
      items: [{ partition, from: String(cut), records: (whole?.end ?? 0) - cut }],
    });

    const start = ["start", planPath, "--mode", "repair", "--reason", "lost", "--job", "r1"];
    const forgotten = await replay(world, ...start, "--yes");
    expect(forgotten.code).toBe(5);
    expect(forgotten.stderr).toContain(
      `since the plan was made, ${cut} records of the range are gone`,
    );
    expect(forgotten.stderr).toContain("say --force where doing it again is what you want");
    expect(await replay(world, ...start, "--force")).toMatchObject({ code: 5, stdout: "" });

    const text = readFileSync(world.configPath, "utf8");
    writeFileSync(world.configPath, text.replace("/v1/updates", "/v2/updates"));
    const changed = await replay(world, ...start, "--force", "--yes");
    expect(changed.code).toBe(5);
    expect(changed.stderr).toContain("has changed since the plan was made: request.url");
    writeFileSync(world.configPath, text);

    const misspelt = await replay(world, "plan", "--target", "cmr", "--from", "earliest");
    expect(misspelt.code).toBe(4);
    expect(misspelt.stderr).toContain("did you mean crm?");

    expect(await replay(world, ...start, "--force", "--yes")).toMatchObject({ code: 0 });
    expect(await replay(world, "status", "r1", "--watch")).toMatchObject({ code: 0 });
    const left = ROUNDS * USERS - cut;
    const report = await replay(world, "report", "r1");
    expect(report.code).toBe(0);
    expect(documentOf(report)).toMatchObject({ planned: left, sent: left, isReconciled: true });
  });
});
