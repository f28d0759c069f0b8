import { asOffset, asPartition, type ControlLog, type Topic } from "@millrace/engine";
import { createControlLog, plainConnection } from "@millrace/kafka";
import { describe, expect, it, onTestFinished } from "vitest";
import { RealWorld, testBrokers } from "../support/kafka-world.ts";
import { until } from "../support/until.ts";

async function setup() {
  const world = new RealWorld();
  const topic = await world.topic(1);
  return { world, topic, log: open(topic), other: open(topic) };
}

function open(topic: Topic): ControlLog {
  const log = createControlLog({
    connection: plainConnection(testBrokers(), "millrace-test"),
    topic,
  });
  onTestFinished(() => log.close());
  return log;
}

/** What a log tells from now on: keys, and values or null. */
function heardBy(log: ControlLog): (readonly [string, unknown])[] {
  const heard: (readonly [string, unknown])[] = [];
  log.follow((key, entry) => heard.push([key, entry?.value ?? null]));
  return heard;
}

describe("a control log", () => {
  it("has read everything that was acknowledged before it was asked to", async () => {
    const { log, other } = await setup();
    await other.append([
      { key: "pause/crm", value: 1 },
      { key: "pause/audit", value: 2 },
      { key: "pause/crm", value: null },
    ]);

    await log.readToEnd();

    expect(log.list("pause/").map(([key]) => key)).toEqual(["pause/audit"]);
  });

  it("reads an empty topic to its end", async () => {
    const { log } = await setup();

    await log.readToEnd();

    expect(log.list("")).toEqual([]);
  });

  it("tells its followers of what others write and delete, in order, once each", async () => {
    const { log, other } = await setup();
    await log.readToEnd();
    const heard = heardBy(log);

    await other.append([{ key: "pause/crm", value: { v: 1 } }]);
    await other.append([
      { key: "pause/crm", value: null },
      { key: "end", value: true },
    ]);
    await until("the last entry", () => heard.length === 3);

    expect(heard).toEqual([
      ["pause/crm", { v: 1 }],
      ["pause/crm", null],
      ["end", true],
    ]);
    expect(log.get("pause/crm")).toBeUndefined();
  });

  it("tells nobody who has stopped following", async () => {
    const { log, other } = await setup();
    await log.readToEnd();
    const heard: string[] = [];
    const cancel = log.follow((key) => heard.push(key));
    cancel();

    await other.append([{ key: "pause/crm", value: 1 }]);
    await log.readToEnd();

    expect(heard).toEqual([]);
  });

  it("goes on behind a gap, and where the log's start was deleted", async () => {
    const { world, topic, log, other } = await setup();
    await log.readToEnd();
    const heard = heardBy(log);
    const place = { topic, partition: asPartition(0) };
    await other.append([{ key: "a", value: 1 }]);
    await world.hide(place);
    await world.truncate(place, asOffset(1));

    await other.append([{ key: "b", value: 2 }]);
    await until("the last entry", () => heard.some(([key]) => key === "b"));

    expect(heard.at(-1)).toEqual(["b", 2]);
  });
});
