import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import type { Scene } from "../scene/scene.ts";
import type { AcknowledgedEvent } from "../verdict/records.ts";

/** What `millrace emit --file ... -o ndjson` prints of each acknowledged line, in the order of the file. */
interface PrintedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** How many lines a gzip file has. */
export async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const line of linesOf(path)) if (line !== "") count += 1;
  return count;
}

/** Joins a file's lines with what was printed of them to the run's record of acknowledged events. */
export async function recordFileEmission(
  { events, keyField }: Scene,
  printedPath: string,
  recordPath: string,
): Promise<void> {
  if (events.kind !== "file") return;
  const printed = readFileSync(printedPath, "utf8").split("\n");
  const record: AcknowledgedEvent[] = [];
  const at = Date.now();
  for await (const line of linesOf(events.path)) {
    const text = printed[record.length];
    if (text === undefined || text === "") break;
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the command's output contract
    const { id, source, type, topic, partition, offset } = JSON.parse(text) as PrintedEvent;
    const data = dataOf(line);
    const key = String(data[keyField]);
    const seq = record.length + 1;
    record.push({
      seq,
      id,
      source,
      type,
      key,
      data,
      topic,
      partition,
      offset: Number(offset),
      tries: 1,
      at,
    });
  }
  writeFileSync(recordPath, record.map((event) => `${JSON.stringify(event)}\n`).join(""));
}

/** A line without the fields that became the envelope. */
function dataOf(line: string): Record<string, unknown> {
  const entries = Object.entries(parseObject(line));
  return Object.fromEntries(entries.filter(([field]) => field !== "type" && field !== "time"));
}

function parseObject(line: string): object {
  const parsed: unknown = JSON.parse(line);
  return typeof parsed === "object" && parsed !== null ? parsed : {};
}

function linesOf(path: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(path).pipe(createGunzip()) });
}
