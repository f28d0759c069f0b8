import { runKafkaTool } from "../kafka-command.ts";
import type { TopicRecord, TopicScan } from "./records.ts";

const FIELD_SEPARATOR = "\u001f";
const HEADER_SEPARATOR = "\u001e";
const NULL_LITERAL = "\u001d";
/** Kafka's reader gives up when nothing more comes for so long. */
const IDLE_MS_MAX = 20_000;

/**
 * Reads topics with Kafka's own tools: none of this project's code, and not its client library, has a say.
 * @throws Error with what the tool said when it fails.
 */
export async function scanTopics(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<TopicScan> {
  const bootstrap = brokers.join(",");
  const pattern = topics.map((topic) => topic.replaceAll(".", "\\.")).join(",");
  const offsets = await runKafkaTool("org.apache.kafka.tools.GetOffsetShell", [
    ...["--bootstrap-server", bootstrap],
    ...["--topic-partitions", pattern],
  ]);
  const ends = parseEnds(offsets);
  const records: TopicRecord[] = [];
  for (const topic of topics) {
    const count = ends.reduce((sum, { topic: of, end }) => sum + (of === topic ? end : 0), 0);
    if (count > 0) records.push(...(await scanTopic(bootstrap, topic, count)));
  }
  return { ends, records };
}

async function scanTopic(bootstrap: string, topic: string, count: number): Promise<TopicRecord[]> {
  const printed = ["key", "headers", "partition", "offset", "timestamp"];
  const properties = [
    ...printed.map((field) => `print.${field}=true`),
    "print.value=false",
    `key.separator=${FIELD_SEPARATOR}`,
    `headers.separator=${HEADER_SEPARATOR}`,
    `null.literal=${NULL_LITERAL}`,
  ];
  const output = await runKafkaTool("org.apache.kafka.tools.consumer.ConsoleConsumer", [
    ...["--bootstrap-server", bootstrap, "--topic", topic, "--from-beginning"],
    ...["--max-messages", String(count), "--timeout-ms", String(IDLE_MS_MAX)],
    ...properties.flatMap((property) => ["--formatter-property", property]),
  ]);
  return parseRecords(topic, output);
}

/** The lines of GetOffsetShell: `<topic>:<partition>:<end offset>`. */
export function parseEnds(output: string): TopicScan["ends"] {
  return output.split("\n").flatMap((line) => {
    const [topic, partition, end] = line.split(":");
    if (topic === undefined || partition === undefined || end === undefined) return [];
    return [{ topic, partition: Number(partition), end: Number(end) }];
  });
}

/** The lines of ConsoleConsumer as asked for above: timestamp, partition, offset, headers, key. */
export function parseRecords(topic: string, output: string): TopicRecord[] {
  const lines = output.split("\n");
  lines.pop();
  return lines.map((line) => {
    const [timestamp, partition, offset, headers, key] = line.split(FIELD_SEPARATOR);
    const header = headerReader(headers ?? "");
    return {
      topic,
      partition: numberAfterColon(partition),
      offset: numberAfterColon(offset),
      timestampMs: numberAfterColon(timestamp),
      key: key === undefined || key === NULL_LITERAL ? null : key,
      id: header("ce_id"),
      source: header("ce_source"),
      type: header("ce_type"),
    };
  });
}

function headerReader(text: string): (name: string) => string | null {
  const entries = text.split(HEADER_SEPARATOR).map((entry) => {
    const colon = entry.indexOf(":");
    return [entry.slice(0, colon), entry.slice(colon + 1)] as const;
  });
  const headers = new Map(entries);
  return (name) => headers.get(name) ?? null;
}

function numberAfterColon(text: string | undefined): number {
  return Number(text?.slice(text.indexOf(":") + 1));
}
