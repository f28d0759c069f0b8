/** A second opinion on a topic: Kafka's own tools, run as they come. Nothing of this project has a say in it but their start. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { kafkaTool } from "@millrace/local";

/** A record, as the console consumer prints it. */
export interface ToolRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string;
}

/** Where a partition begins and ends, as GetOffsetShell tells it. */
export interface ToolRange {
  readonly start: number;
  readonly end: number;
}

const SEPARATOR = "\u001f";
/** The consumer gives up when nothing more comes for so long: the count was wrong then. */
const IDLE_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 64 * 1_024 * 1_024;

/** Asks GetOffsetShell for the ends of every partition. */
export async function toolRanges(
  brokers: readonly string[],
  topic: string,
): Promise<ReadonlyMap<number, ToolRange>> {
  const [starts, ends] = [
    await offsetsAt(brokers, topic, "earliest"),
    await offsetsAt(brokers, topic, "latest"),
  ];
  const ranges = Array.from(ends, ([partition, end]) => {
    return [partition, { start: starts.get(partition) ?? 0, end }] as const;
  });
  return new Map(ranges);
}

/** Reads a topic with the console consumer, as many records as GetOffsetShell says there are; in no order. */
export async function toolRecords(
  brokers: readonly string[],
  topic: string,
): Promise<readonly ToolRecord[]> {
  const ranges = await toolRanges(brokers, topic);
  const count = Array.from(ranges.values()).reduce((sum, { start, end }) => sum + end - start, 0);
  const printed = ["key", "partition", "offset", "timestamp"].map((field) => `print.${field}=true`);
  const properties = [...printed, "print.value=false", `key.separator=${SEPARATOR}`];
  const output = await run("org.apache.kafka.tools.consumer.ConsoleConsumer", [
    ...["--bootstrap-server", brokers.join(","), "--topic", topic, "--from-beginning"],
    ...["--max-messages", String(count), "--timeout-ms", String(IDLE_MS_MAX)],
    ...properties.flatMap((property) => ["--formatter-property", property]),
  ]);
  const records = output.split("\n").filter((line) => line !== "");
  if (records.length !== count) throw new Error(`read ${records.length} of ${count} records`);
  return records.map((line) => {
    const [timestamp, partition, offset, key = ""] = line.split(SEPARATOR);
    return {
      ...{ partition: numberOf(partition), offset: numberOf(offset) },
      ...{ timestampMs: numberOf(timestamp), key },
    };
  });
}

async function offsetsAt(
  brokers: readonly string[],
  topic: string,
  time: "earliest" | "latest",
): Promise<ReadonlyMap<number, number>> {
  const output = await run("org.apache.kafka.tools.GetOffsetShell", [
    ...["--bootstrap-server", brokers.join(","), "--topic", topic, "--time", time],
  ]);
  const lines = output.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [offset, partition] = line.split(":").toReversed();
      return [Number(partition), Number(offset)] as const;
    }),
  );
}

async function run(mainClass: string, args: readonly string[]): Promise<string> {
  const tool = await kafkaTool(mainClass, args);
  const { stdout } = await promisify(execFile)(tool.command, [...tool.args], {
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  return stdout;
}

/** Of `Offset:12`. */
function numberOf(text = ""): number {
  return Number(text.slice(text.indexOf(":") + 1));
}
