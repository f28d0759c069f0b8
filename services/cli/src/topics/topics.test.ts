import type { TargetConfig } from "@millrace/config";
import type { Catalog } from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { desiredTopics, foreignTopics } from "./desired-topic.ts";
import { adviceFor, planTopics } from "./topic-plan.ts";

const topic = (name: string, partitions: number): Catalog["topics"] =>
  new Map([
    [
      name,
      { name, partitions, retentionMs: null, keyField: null, cleanupPolicy: "compact,delete" },
    ],
  ]);

function settings(topics: readonly string[]): Parameters<typeof desiredTopics>[0] {
  const catalog = { path: "/c", topics: topic("orders", 6), types: new Map() } satisfies Catalog;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- only the topics matter here
  const target = {
    name: "crm",
    topics,
  } as unknown as TargetConfig;
  return { namespace: "ns", catalog, targets: new Map([["crm", target]]) };
}

describe("desiredTopics", () => {
  it("has the catalogue's, the namespace's and each target's, with the most partitions of its sources", () => {
    const of = settings(["orders", "theirs"]);

    const topics = desiredTopics(of, new Map([["theirs", 9]]));

    expect(foreignTopics(of)).toEqual(["theirs"]);
    expect(topics.map(({ name, partitions }) => [name, partitions])).toEqual([
      ["orders", 6],
      ["ns.state", 1],
      ["ns.control", 1],
      ["ns.deliveries", 12],
      ["ns.crm.dead", 9],
      ["ns.crm.parked", 9],
    ]);
  });

  it("gives every topic the brokers' time, and compacts what holds state", () => {
    const topics = desiredTopics(settings(["orders"]), new Map());
    const configOf = (name: string): Readonly<Record<string, string>> =>
      topics.find((one) => one.name === name)?.config ?? {};

    expect(topics.every(({ config }) => config["message.timestamp.type"] === "LogAppendTime")).toBe(
      true,
    );
    expect(configOf("ns.state")["cleanup.policy"]).toBe("compact");
    expect(configOf("ns.deliveries")["retention.ms"]).toBe("604800000");
    expect(configOf("ns.crm.dead")).toMatchObject({
      "retention.ms": "-1",
      "max.message.bytes": "2097152",
    });
  });
});

describe("planTopics", () => {
  const [orders] = desiredTopics(settings(["orders"]), new Map());
  if (orders === undefined) throw new Error("no topic");
  const plan = (partitions: number, config: Readonly<Record<string, string>>) => {
    const existing = { partitions, config: new Map(Object.entries(config)) };
    const [step] = planTopics([orders], new Map([["orders", existing]]));
    if (step === undefined) throw new Error("no step");
    return step;
  };

  it("creates what is not there", () => {
    expect(planTopics([orders], new Map())).toMatchObject([{ action: "create" }]);
  });

  it("keeps what is as it should be, whatever the order of a list", () => {
    const config = { ...orders.config, "cleanup.policy": "delete,compact" };

    expect(plan(6, config)).toMatchObject({ action: "keep", differences: [] });
  });

  it("tells what differs, the brokers' defaults among it", () => {
    const step = plan(6, { "retention.ms": "1000" });

    expect(step.action).toBe("differs");
    expect(step.differences).toEqual([
      { setting: "cleanup.policy", is: "delete", shouldBe: "compact,delete" },
      { setting: "retention.ms", is: "1000", shouldBe: "-1" },
      { setting: "message.timestamp.type", is: "CreateTime", shouldBe: "LogAppendTime" },
    ]);
    expect(adviceFor(step)).toContain(
      "--add-config cleanup.policy=[compact,delete],retention.ms=-1",
    );
  });

  it("never advises another partition count for events", () => {
    expect(adviceFor(plan(3, orders.config))).toContain("say the same in the catalogue");
  });
});
