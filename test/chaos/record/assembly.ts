/**
 * Puts a run's records together as its history: one file a party, `<folder>/<party>.jsonl`, ascending in time. Delivery
 * processes go by the names that they gave themselves in their claims.
 */
import { join } from "node:path";
import type {
  HistoryLine,
  MeasureLine,
  OperationLine,
  Party,
  ReceiveLine,
  RunLine,
  StateLine,
} from "../../checker/history.ts";
import { HistoryFile } from "../../checker/history-file.ts";
import type { CutLine } from "../proxy/proxy-process.ts";
import type { RawReceiveLine } from "../target/target-server.ts";
import { GRACE_SECONDS } from "../deliverer-pool.ts";
import type { World } from "../world.ts";
import type { FinalRead } from "./final-read.ts";
import { mergeLines, readLines } from "./json-lines.ts";
import { missingAnswers } from "./missing-answers.ts";

/** What a history is made from, besides the files in the run's raw folder. */
export interface AssemblyParts {
  readonly world: Pick<World, "folder" | "rawFolder" | "targets" | "topic">;
  readonly seed: number;
  readonly startedAt: number;
  readonly partitionCount: number;
  readonly read: FinalRead;
}

/** Names of delivery processes in claims, by the harness's own names for them. */
export type ProcessNames = ReadonlyMap<string, string>;

const PARTIES: readonly Party[] = ["emit", "log", "recv", "seen", "dlq", "park", "state", "ops"];

/** Writes the history; resolves to the processes' names. */
export async function assembleHistory(parts: AssemblyParts): Promise<ProcessNames> {
  const { world, read } = parts;
  const { folder, rawFolder } = world;
  const operations = await collect(readLines<OperationLine>(join(rawFolder, "ops.jsonl")));
  const names = processNames(operations, read.state);
  const write = (party: Party | "run", lines: Lines): Promise<void> =>
    writeParty(folder, party, lines);
  await write("run", [runLine(parts)]);
  await write("emit", readLines<HistoryLine>(join(rawFolder, "emit.jsonl")));
  await write("log", read.log);
  await write("recv", receivedLines(world, names));
  await write("seen", read.commits);
  await write("dlq", read.deadLetters);
  await write("park", read.parked);
  await write("state", read.state);
  await write(
    "ops",
    operations.map((line) => ({ ...line, who: names.get(line.who) ?? line.who })),
  );
  return names;
}

/** Adds the figures that were taken from the history. */
export async function addMeasures(folder: string, lines: readonly MeasureLine[]): Promise<void> {
  await writeParty(folder, "measure", lines);
}

type Lines = Iterable<HistoryLine> | AsyncIterable<HistoryLine>;

async function writeParty(folder: string, party: Party | "run", lines: Lines): Promise<void> {
  const file = new HistoryFile(folder, party);
  for await (const line of lines) file.add(line);
  file.close();
}

function runLine({ world, seed, startedAt, partitionCount }: AssemblyParts): RunLine {
  return {
    ...{ h: "run", run: `chaos-${seed}`, seed, at: startedAt, kind: "chaos" },
    targets: world.targets.map(({ terms }) => terms),
    topics: { [world.topic]: partitionCount },
    parties: [...PARTIES, "measure"],
    graceMs: GRACE_SECONDS * 1_000,
  };
}

/** A claim's process is `<host>-<pid>-<random>`; the start of a process tells its pid. */
function processNames(
  operations: readonly OperationLine[],
  state: readonly StateLine[],
): ProcessNames {
  const byPid = new Map<string, string>();
  for (const { key, value } of state) {
    if (!key.startsWith("claim/") || typeof value !== "object" || value === null) continue;
    if (!("process" in value) || typeof value.process !== "string") continue;
    const [, pid] = /-(\d+)-[^-]+$/u.exec(value.process) ?? [];
    if (pid !== undefined) byPid.set(pid, value.process);
  }
  const names = new Map<string, string>();
  for (const { f, who, detail } of operations) {
    const name = f === "start" ? byPid.get(detail ?? "") : undefined;
    if (name !== undefined) names.set(who, name);
  }
  return names;
}

async function* receivedLines(
  { rawFolder, targets }: AssemblyParts["world"],
  names: ProcessNames,
): AsyncGenerator<ReceiveLine> {
  const sources = targets.map(({ target }) => receivedAt(rawFolder, target.name));
  for await (const line of mergeLines(sources)) {
    const { process } = line;
    yield process === undefined ? line : { ...line, process: names.get(process) ?? process };
  }
}

/** What a target wrote, and which of the answers that it thought sent the proxy saw go missing. */
async function* receivedAt(rawFolder: string, target: string): AsyncGenerator<ReceiveLine> {
  const path = join(rawFolder, `recv-${target}.jsonl`);
  const cuts: CutLine[] = [];
  for await (const cut of readLines<CutLine>(join(rawFolder, `cuts-${target}.jsonl`))) {
    cuts.push(cut);
  }
  const missing = await missingAnswers(readLines<RawReceiveLine>(path), cuts);
  yield* mergeLines([withoutConnection(path), iterate(missing)]);
}

async function* withoutConnection(path: string): AsyncGenerator<ReceiveLine> {
  for await (const line of readLines<RawReceiveLine>(path)) {
    const { connection, ...rest } = line;
    if (connection > 0) yield rest;
    else throw new Error(`${path}: a call without a connection`);
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- as the others it is merged with
async function* iterate<Line>(lines: readonly Line[]): AsyncGenerator<Line> {
  yield* lines;
}

async function collect<Line>(lines: AsyncIterable<Line>): Promise<Line[]> {
  const all: Line[] = [];
  for await (const line of lines) all.push(line);
  return all;
}
