import { rmSync } from "node:fs";
import { Kafka, logLevel, Partitioners, type Admin } from "kafkajs";
import { describe, expect, it, onTestFinished } from "vitest";
import { covers, readCoverage } from "../checker/done-set.ts";
import { createProject, itemsOf, millrace, type Project } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { startMillrace } from "../support/millrace-process.ts";
import { readRaw, writeRaw } from "../support/raw-topic.ts";
import { topicEnds } from "../support/topic-ends.ts";
import { until } from "../support/until.ts";

const BROKERS = (process.env["KAFKA_BROKERS"] ?? "").split(",");
const SICK = "user-3";
const USERS = 30;
const EVENTS = 10;

type Item = Readonly<Record<string, unknown>>;

async function kafkaAdmin(): Promise<Admin> {
  const admin = new Kafka({ brokers: BROKERS, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
}

/** The document's items of a command in a world, whose configuration it uses. */
async function groupsIn(world: World, ...args: readonly string[]): Promise<readonly Item[]> {
  const { stdout, stderr, code } = await millrace(
    ["groups", ...args, "-c", world.configPath, "-o", "json"],
    { cwd: world.folder },
  );
  expect({ code, stdout: stdout.slice(0, 1) }, stderr).toEqual({ code: 0, stdout: "{" });
  return itemsOf(stdout);
}

/** What kafkajs alone says of each partition of the world's group, and the first record that its commit leaves out. */
async function counted(world: World, group: string): Promise<readonly Item[]> {
  const admin = await kafkaAdmin();
  const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [world.topic] });
  const ends = await topicEnds(admin, world.topic);
  const log = await readRaw(BROKERS, world.topic);
  const commits = [...(offsets?.partitions ?? [])].sort((a, b) => a.partition - b.partition);
  return commits.map(({ partition, offset, metadata }) => {
    const coverage = readCoverage(Number(offset), metadata ?? "");
    const end = Number(ends.find((one) => one.partition === partition)?.high);
    const above = Array.from(
      { length: end - Number(offset) },
      (_, index) => Number(offset) + index,
    );
    const doneAbove = above.filter((one) => covers(coverage, one)).length;
    const head = log.find((one) => one.partition === partition && !covers(coverage, one.offset));
    return {
      partition,
      committed: offset,
      logEnd: String(end),
      lag: above.length,
      doneAbove,
      waiting: above.length - doneAbove,
      head:
        head === undefined
          ? null
          : {
              offset: String(head.offset),
              key: String(head.key),
              event: { id: head.headers["ce_id"], type: head.headers["ce_type"] },
            },
    };
  });
}

/** Keys of the heads there are. */
const headKeys = (items: readonly Item[]): readonly string[] =>
  items.flatMap(({ head }) => (head === null ? [] : [String(Reflect.get(Object(head), "key"))]));

const sum = (items: readonly Item[], name: string): number =>
  items.reduce((total, item) => total + Number(item[name]), 0);

describe("millrace groups, of a target at work", () => {
  it("tells owner and head while a process delivers, and the very numbers once it was stopped", async () => {
    const world = await createWorld({ apis: { crm: { slow: { [SICK]: 3_000 } } }, partitions: 3 });
    const group = `${world.namespace}.crm`;
    const deliverer = await world.deliver();
    await deliverer.ready();
    await world.emitUpdates(EVENTS * USERS, USERS);
    const atWork: Item[] = [];
    await until("all but the slow key to be done", async () => {
      atWork.splice(0, Infinity, ...(await groupsIn(world, "describe", "crm")));
      return headKeys(atWork).join() === SICK;
    });

    const [slow] = atWork.filter(({ head }) => head !== null);
    const process = /"process":"([^"]+)"/u.exec(deliverer.output())?.[1];
    expect(new Set(atWork.map(({ groupState }) => groupState))).toEqual(new Set(["Stable"]));
    expect(atWork.map(({ owner }) => owner)).toMatchObject(
      Array.from({ length: 3 }, () => ({ process, host: "127.0.0.1" })),
    );
    expect(slow?.["head"]).toMatchObject({ key: SICK, waitsFor: "in-work" });
    expect(slow?.["lagAgeSeconds"]).toBeGreaterThan(0);

    expect(await deliverer.end("SIGTERM")).toBe(0);
    const stopped = await groupsIn(world, "describe", "crm");
    const [listed] = await groupsIn(world, "list");

    expect(stopped).toMatchObject(await counted(world, group));
    expect(sum(stopped, "doneAbove")).toBeGreaterThan(0);
    const { effects } = await world.api("crm").report();
    expect(sum(stopped, "waiting")).toBe(EVENTS * USERS - effects);
    const left = stopped.filter(({ head }) => head !== null);
    expect(left).toMatchObject([{ owner: null, head: { key: SICK, waitsFor: "no-owner" } }]);
    expect(listed).toMatchObject({
      target: "crm",
      group,
      state: "Empty",
      members: 0,
      partitions: 3,
      lag: sum(stopped, "lag"),
      waiting: sum(stopped, "waiting"),
      notStarted: [],
      halted: [],
    });
  });

  it("tells that a key with a dead letter holds its partition", async () => {
    const world = await createWorld({
      apis: { crm: { reject: { [SICK]: 422 } } },
      target: { onDeadLetter: "block" },
      partitions: 1,
    });
    const deliverer = await world.deliver();
    await world.emitUpdates(EVENTS * USERS, USERS);
    await until("the key to be blocked", () => deliverer.output().includes("key blocked"));
    await world.untilEffects("crm", EVENTS * (USERS - 1));

    const [item] = await groupsIn(world, "describe", "crm");

    expect(item).toMatchObject({ state: "behind", head: { key: SICK, waitsFor: "blocked" } });
  });
});

describe("millrace groups, without any process", () => {
  async function initialised(): Promise<Project> {
    const project = createProject();
    expect((await project.run(["init"])).code).toBe(0);
    return project;
  }

  /** Commits in the name of the project's group, as another tool would. */
  async function commit(
    { namespace, users }: Project,
    ...offsets: readonly string[]
  ): Promise<Admin> {
    const admin = await kafkaAdmin();
    const partitions = offsets.map((offset, partition) => ({ partition, offset }));
    await admin.setOffsets({ groupId: `${namespace}.profile-api`, topic: users, partitions });
    return admin;
  }

  it("shows a target that has not started, and needs no secret of it", async () => {
    const { run, path, users } = await initialised();
    rmSync(path("token"));
    await writeRaw(BROKERS, users, [{ key: "k", value: "1", partition: 0 }]);

    const list = await run(["groups", "list", "-o", "json"]);
    const table = await run(["groups", "list"]);
    const described = await run(["groups", "describe", "profile-api", "-o", "json"]);

    expect([list.code, table.code, described.code]).toEqual([0, 0, 0]);
    expect(JSON.parse(list.stdout)).toMatchObject({ apiVersion: "millrace/v1", kind: "GroupList" });
    expect(itemsOf(list.stdout)).toMatchObject([
      { target: "profile-api", state: "none", members: 0, partitions: 3, lag: null },
    ]);
    expect(table.stdout).toMatch(/^profile-api .* none .* all +-$/mu);
    expect(JSON.parse(described.stdout)).toMatchObject({ kind: "GroupDescription" });
    expect(itemsOf(described.stdout)).toMatchObject(
      [0, 1, 2].map((partition) => ({ partition, state: "not-started", committed: null })),
    );
  });

  it("says how many records retention deleted, and that a commit is beyond the end", async () => {
    const project = await initialised();
    const { run, users } = project;
    const records = Array.from({ length: 5 }, () => ({ key: "k", value: "1", partition: 0 }));
    await writeRaw(BROKERS, users, records);
    const admin = await commit(project, "1", "0", "7");
    await topicEnds(admin, users);
    const partitions = [{ partition: 0, offset: "4" }];
    await admin.deleteTopicRecords({ topic: users, partitions });

    const { stdout } = await run(["groups", "describe", "profile-api", "-o", "ndjson"]);
    const table = await run(["groups", "describe", "profile-api"]);

    expect(itemsOf(stdout)).toMatchObject([
      {
        state: "retention-passed",
        logStart: "4",
        lag: 4,
        gone: 3,
        head: { offset: "4", key: "k", event: null, waitsFor: "retention" },
      },
      { state: "up-to-date", committed: "0", lag: 0, lagAgeSeconds: null, head: null },
      { state: "beyond-end", committed: "7", lag: 0, head: null },
    ]);
    expect(table.stdout).toContain("retention: 3 gone");
    expect(table.stdout).toContain("(no envelope)");
    expect(table.stdout).toContain("committed beyond the end");
  });

  it("shows what it can where a transaction is open, and says where nothing came", async () => {
    const project = await initialised();
    const { run, users } = project;
    await commit(project, "0", "0", "0");
    const producer = new Kafka({ brokers: BROKERS, logLevel: logLevel.NOTHING }).producer({
      transactionalId: users,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    onTestFinished(() => producer.disconnect());
    const transaction = await producer.transaction();
    await transaction.send({ topic: users, messages: [{ partition: 1, key: "k", value: "1" }] });

    const open = await run(["groups", "describe", "profile-api", "-o", "json"]);
    await transaction.abort();
    const over = await run(["groups", "describe", "profile-api", "-o", "json"]);

    expect([open.code, over.code]).toEqual([3, 0]);
    expect(open.stderr).toContain(`${users}/1 from offset 0 on: is a transaction open there?`);
    expect(itemsOf(open.stdout)[1]).toMatchObject({ waiting: 1, lagAgeSeconds: null, head: null });
    expect(itemsOf(over.stdout)[1]).toMatchObject({ waiting: 2, lagAgeSeconds: null, head: null });
  });

  it("prints round after round until it is interrupted", async () => {
    const { folder } = await initialised();
    const args = ["groups", "list", "--watch", "--interval", "500ms"];
    const watching = startMillrace(args, { folder, name: "watch" });
    onTestFinished(() => watching.signal("SIGKILL"));

    await until("three rounds", () => itemsOf(watching.output()).length >= 3);
    const code = await watching.end("SIGINT");

    expect(code).toBe(130);
    expect(new Set(itemsOf(watching.output()).map(({ at }) => at)).size).toBeGreaterThanOrEqual(3);
    expect(watching.complaint()).toBe("");
  });

  it.each([
    [["describe", "profile-ap"], 4, "did you mean profile-api?"],
    [["describe", "profile-api", "--watch", "-o", "json"], 2, "use -o ndjson"],
    [["list", "--interval", "5s"], 2, "--interval goes with --watch"],
    [["list", "--watch", "--interval", "soon"], 2, "a duration such as 5s"],
  ])("refuses %j", async (args, expected, why) => {
    const { run } = createProject();

    const { code, stdout, stderr } = await run(["groups", ...args]);

    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toContain(why);
  });

  it("says what is missing: topics, brokers, a configuration", async () => {
    const { run, path, namespace } = createProject();

    const before = await run(["groups", "list"]);
    const away = await run(["groups", "list"], { env: { KAFKA_BROKERS: "127.0.0.1:1" } });
    rmSync(path("millrace.yaml"));
    const bare = await run(["groups", "list"]);

    expect(before.code).toBe(4);
    expect(before.stderr).toContain(`${namespace}.state`);
    expect(before.stderr).toContain("millrace init");
    expect(away.code).toBe(1);
    expect(away.stderr).toMatch(/^millrace: .*127\.0\.0\.1:1/u);
    expect(bare.code).toBe(4);
    expect(bare.stderr).toContain("there is no millrace.yaml here");
  });

  it("ends with 4 for a target whose topic does not exist", async () => {
    const { run, users } = await initialised();
    const admin = await kafkaAdmin();
    await admin.deleteTopics({ topics: [users] });

    const list = await run(["groups", "list"]);
    const described = await run(["groups", "describe", "profile-api"]);

    expect([list.code, described.code]).toEqual([4, 4]);
    for (const { stderr } of [list, described]) expect(stderr).toContain(users);
    expect(list.stderr).toContain("target profile-api");
    expect(described.stderr).toContain("millrace init");
  });
});
