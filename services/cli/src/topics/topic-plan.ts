import type { Column } from "../output/table.ts";
import type { DesiredTopic } from "./desired-topic.ts";

/** A topic as the brokers have it. */
export interface ExistingTopic {
  readonly name: string;
  readonly partitions: number;
  /** The values in force, by name; one that the brokers do not tell is not compared. */
  readonly config: ReadonlyMap<string, string>;
}

/** One thing in which a topic is not as it should be. */
export interface TopicDifference {
  /** `partitions`, or a name of the topic's configuration. */
  readonly setting: string;
  readonly is: string;
  readonly shouldBe: string;
}

/** What becomes of a topic. */
export interface TopicStep {
  readonly topic: DesiredTopic;
  /** `differs`: it is there and stays as it is. */
  readonly action: "create" | "keep" | "differs";
  readonly differences: readonly TopicDifference[];
}

/** Compares what should be with what is; the order of `desired`. */
export function planTopics(
  desired: readonly DesiredTopic[],
  existing: ReadonlyMap<string, ExistingTopic>,
): readonly TopicStep[] {
  return desired.map((topic) => {
    const found = existing.get(topic.name);
    if (found === undefined) return { topic, action: "create", differences: [] };
    const differences = differencesOf(topic, found);
    return { topic, action: differences.length === 0 ? "keep" : "differs", differences };
  });
}

function differencesOf(should: DesiredTopic, is: ExistingTopic): readonly TopicDifference[] {
  const settings = Object.entries(should.config).map(([name, value]) => ({
    setting: name,
    is: is.config.get(name) ?? value,
    shouldBe: value,
  }));
  const partitions = {
    setting: "partitions",
    is: String(is.partitions),
    shouldBe: String(should.partitions),
  };
  return [partitions, ...settings].filter((one) => !isSame(one.is, one.shouldBe));
}

/** Kafka gives lists in any order. */
function isSame(is: string, shouldBe: string): boolean {
  return is === shouldBe || is.split(",").sort().join() === shouldBe.split(",").sort().join();
}

/** What to do about a topic that differs. */
export function adviceFor({ topic, differences }: TopicStep): string {
  const isRecount = differences.some(({ setting }) => setting === "partitions");
  if (!isRecount) {
    const changes = differences.map(({ setting, shouldBe }) => `${setting}=${shouldBe}`).join(",");
    return `kafka-configs.sh --alter --topic ${topic.name} --add-config ${changes}, or change the catalogue`;
  }
  return topic.purpose === "events"
    ? "say its partition count in the catalogue: another count would put keys on other partitions"
    : "millrace never changes a partition count: delete the topic if it holds nothing, then run init again";
}

/** A topic as it is printed. */
export interface TopicItem {
  readonly topic: string;
  readonly purpose: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
  /** In the plan `create`, after it was done `created`. */
  readonly action: "create" | "created" | "kept" | "differs";
  readonly differences: readonly TopicDifference[];
}

/** The item of a step that was planned or done. */
export function topicItem(
  { topic, action, differences }: TopicStep,
  is: "planned" | "done",
): TopicItem {
  const { name, purpose, partitions, config } = topic;
  const actions = {
    keep: "kept",
    differs: "differs",
    create: is === "done" ? "created" : "create",
  } as const;
  return { topic: name, purpose, partitions, config, action: actions[action], differences };
}

/** The table of topics. */
export const TOPIC_COLUMNS: readonly Column<TopicItem>[] = [
  { name: "topic", cell: ({ topic }) => topic },
  { name: "purpose", cell: ({ purpose }) => purpose },
  { name: "partitions", cell: ({ partitions }) => String(partitions), align: "right" },
  { name: "action", cell: ({ action }) => action },
];
