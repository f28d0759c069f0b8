import { asTopic } from "@millrace/engine";
import { createTopicAdmin, plainConnection } from "@millrace/kafka";
import { describe, expect, it, onTestFinished } from "vitest";
import { disorderedKeys } from "../support/arrivals.ts";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type Deliverer, type World } from "../support/delivery-world.ts";
import { metricSum } from "../support/metric-sum.ts";
import { readRaw } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

/** So many users; each emit brings every one of them an event in turn. */
const USERS = 20;
const ROUNDS = 10;
const SICK = ["user-1", "user-2", "user-3"];

const REDRIVE = ["dlq", "redrive", "--reason", "fixed", "--yes"] as const;
const DROP = ["dlq", "drop", "--reason", "obsolete", "--yes"] as const;

interface Bench {
  readonly world: World;
  readonly deliverer: Deliverer;
  /** Keys of the records that a topic of the target holds, in order. */
  readonly keysIn: (topic: "dead" | "parked") => Promise<readonly string[]>;
  /** Where its log starts, and how many records it has had. */
  readonly rangeOf: (topic: "dead" | "parked") => Promise<{ from: number; to: number }>;
}

/** One partition, whose sick users' events are refused; what nobody needs is deleted after a second. */
async function setup(target: Readonly<Record<string, unknown>> = {}): Promise<Bench> {
  const reject = Object.fromEntries(SICK.map((user) => [user, 422]));
  const world = await createWorld({
    ...{ apis: { crm: { reject } }, partitions: 1 },
    target: { ...target, keepSetAside: "1s" },
  });
  const deliverer = await world.deliver();
  await world.emitUpdates(ROUNDS * USERS, USERS);
  await world.untilEffects("crm", ROUNDS * (USERS - SICK.length));
  await until("no lag", async () => (await world.lag(deliverer)) === 0);
  const { brokers } = world.servers;
  const admin = createTopicAdmin({ connection: plainConnection(brokers, "millrace-test") });
  onTestFinished(() => admin.close());
  const nameOf = (topic: string): string => `${world.namespace}.crm.${topic}`;
  return {
    world,
    deliverer,
    keysIn: async (topic) => (await readRaw(brokers, nameOf(topic))).map(({ key }) => String(key)),
    async rangeOf(topic) {
      const [range] = await admin.partitionRanges(asTopic(nameOf(topic)));
      return { from: range?.logStartOffset ?? -1, to: range?.logEndOffset ?? -1 };
    },
  };
}

async function run(world: World, ...args: readonly string[]) {
  const command = [...args, "--target", "crm", "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  return { code, stderr, items: stdout === "" ? [] : itemsOf(stdout) };
}

/** Resolves when a topic starts at an offset. */
function untilStart({ rangeOf }: Bench, topic: "dead" | "parked", from: number): Promise<void> {
  let seen = -1;
  return until(
    `${topic} to start at ${from}`,
    async () => {
      seen = (await rangeOf(topic)).from;
      return seen === from;
    },
    { deadlineMs: 60_000, seen: () => `it starts at ${seen}` },
  );
}

describe("dead letters and parked events that nobody needs any more", () => {
  it("are deleted below the first one that is open, and what is open is redriven after", async () => {
    const bench = await setup();
    const { world, deliverer, keysIn, rangeOf } = bench;
    const letters = await keysIn("dead");
    const parked = await keysIn("parked");
    const [first = "", ...others] = letters;
    expect([...letters].sort()).toEqual(SICK);
    expect(parked).toHaveLength(SICK.length * (ROUNDS - 1));
    await world.api("crm").script({});

    const one = await run(world, ...REDRIVE, "--key", first);
    expect(one.items).toMatchObject([{ keyCount: 1, deliveredCount: 1 }]);

    const firstParked = parked.findIndex((key) => key !== first);
    await untilStart(bench, "dead", 1);
    await untilStart(bench, "parked", firstParked);
    expect(await keysIn("dead")).toEqual(others);
    expect(await keysIn("parked")).toEqual(parked.slice(firstParked));
    const waiting = await run(world, "quarantine", "list");
    expect(waiting.items.map(({ key }) => key).sort()).toEqual([...others].sort());
    expect(waiting.items.map(({ parked: count }) => count)).toEqual([ROUNDS - 1, ROUNDS - 1]);
    expect((await run(world, "dlq", "list")).items).toHaveLength(others.length);

    const rest = await run(world, ...REDRIVE);

    expect(rest.items).toMatchObject([{ keyCount: 2, deliveredCount: 2, end: "done" }]);
    await world.untilEffects("crm", ROUNDS * USERS);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
    await untilStart(bench, "dead", letters.length);
    await untilStart(bench, "parked", parked.length);
    expect([await rangeOf("dead"), await rangeOf("parked")]).toEqual([
      { from: letters.length, to: letters.length },
      { from: parked.length, to: parked.length },
    ]);
    expect(await metricSum(deliverer.adminUrl, "millrace_aside_deleted_total")).toBe(
      letters.length + parked.length,
    );
  });

  it("leave what is given up again, and the events behind it, to another redrive", async () => {
    const bench = await setup();
    const { world, keysIn } = bench;
    await world.api("crm").script({ reject: { "user-2": 422 } });

    await run(world, ...REDRIVE, "--canary", "0", "--max-failures", "1");

    // Three letters, and the one of user-2 once more.
    await untilStart(bench, "dead", 3);
    expect(await keysIn("dead")).toEqual(["user-2"]);
    await world.api("crm").script({});
    expect((await run(world, ...REDRIVE)).items).toMatchObject([{ deliveredCount: 1 }]);
    await world.untilEffects("crm", ROUNDS * USERS);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
    await untilStart(bench, "dead", 4);
  });

  it("are deleted by the next owner when the one that had them delivered is killed", async () => {
    const bench = await setup();
    const { world, deliverer } = bench;
    await deliverer.end("SIGKILL");
    await world.api("crm").script({});

    await world.deliver();
    expect((await run(world, ...REDRIVE)).items).toMatchObject([{ deliveredCount: SICK.length }]);

    await untilStart(bench, "dead", SICK.length);
    await untilStart(bench, "parked", SICK.length * (ROUNDS - 1));
  });

  it("are those that people drop, where keys go on without them", async () => {
    const bench = await setup({ onDeadLetter: "skip" });
    const { world, keysIn } = bench;
    const letters = await keysIn("dead");
    const kept = letters.findIndex((key) => key === "user-3");

    const dropped = await run(world, ...DROP, "--key", "user-1");
    await run(world, ...DROP, "--key", "user-2");

    expect(dropped.items).toHaveLength(ROUNDS);
    await untilStart(bench, "dead", kept);
    expect((await run(world, "dlq", "list")).items).toHaveLength(ROUNDS);
  });
});
