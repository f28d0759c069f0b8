import type { DesiredTopic } from "./desired-topic.ts";

/** A topic as the brokers have it. */
export interface ExistingTopic {
  readonly partitions: number;
  /** Its own settings by name; what is not in it is the brokers' default. */
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

/** What Kafka has where neither the topic nor, as far as a topic tells, the broker says anything. */
const KAFKA_DEFAULTS: Readonly<Record<string, string>> = {
  "cleanup.policy": "delete",
  "message.timestamp.type": "CreateTime",
};

function differencesOf(should: DesiredTopic, is: ExistingTopic): readonly TopicDifference[] {
  const settings = Object.entries(should.config).map(([setting, shouldBe]) => ({
    setting,
    is: is.config.get(setting) ?? KAFKA_DEFAULTS[setting] ?? "the brokers' default",
    shouldBe,
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
  const isEvents = topic.purpose === "events";
  if (differences.some(({ setting }) => setting === "partitions")) {
    return isEvents
      ? "its partition count is never changed, since keys would move: say the same in the catalogue"
      : "its partition count is never changed: delete it if it holds nothing and run init again";
  }
  const settings = differences
    .map(
      ({ setting, shouldBe }) =>
        `${setting}=${shouldBe.includes(",") ? `[${shouldBe}]` : shouldBe}`,
    )
    .join(",");
  const alter = `kafka-configs.sh --alter --topic ${topic.name} --add-config ${settings}`;
  return isEvents ? `say the same in the catalogue, or ${alter}` : alter;
}
