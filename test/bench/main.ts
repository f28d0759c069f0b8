/** `npm run bench`: measures, prints, and keeps what it is told to keep. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "@millrace/local";
import { readArguments, type BenchArguments } from "./arguments.ts";
import { FAMILIES } from "./families/families.ts";
import type { FamilyRow } from "./families/family-row.ts";
import { familyText } from "./families/family-text.ts";
import { fillTable } from "./main/main-table.ts";
import type { Row } from "./main/row.ts";
import { tableText } from "./main/table-text.ts";
import { leaveSubjectCores } from "./measure/cores.ts";
import { buildPrograms } from "./programs.ts";
import { chartsOf } from "./plot/charts.ts";
import { documentOf, keepResults } from "./results.ts";
import { peersOf } from "./subjects/peers.ts";
import { BenchTarget } from "./target/target.ts";

const EXIT_INVALID = 1;

// What a run that was broken off still waits for has nobody left to tell.
process.exit(await main());

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2));
  if ("text" in read) {
    (read.exitCode === 0 ? process.stdout : process.stderr).write(read.text);
    return read.exitCode;
  }
  const ending = new AbortController();
  const end = (signal: NodeJS.Signals): void => ending.abort(new Error(`ended by ${signal}`));
  process.once("SIGINT", end).once("SIGTERM", end);
  const broken = new Promise<never>((_resolve, reject) => {
    ending.signal.addEventListener("abort", () => reject(new Error("broken off")));
  });
  try {
    return await Promise.race([measure(read, ending.signal), broken]);
  } catch (error) {
    const reason = ending.signal.aborted ? (ending.signal.reason as unknown) : error;
    process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
    return EXIT_INVALID;
  }
}

async function measure(
  { cells, families, peers: wanted, runCount, isEverySetting, isJson, isKept }: BenchArguments,
  signal: AbortSignal,
): Promise<number> {
  const startedAt = performance.now();
  const onProgress = (message: string): void => {
    signal.throwIfAborted();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4);
    if (process.stderr.isTTY) process.stderr.write(`${seconds} s  ${message}\n`);
  };
  const programs = await buildPrograms(onProgress);
  leaveSubjectCores();
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  onProgress("starting the servers");
  const stack = await startStack({ ephemeral: true, signal });
  cleanup.defer(() => stack.stop());
  const target = await BenchTarget.start(programs.target);
  cleanup.defer(() => target.stop());
  const { brokers, registryUrl } = stack.state;
  const peers = peersOf(programs.peers).filter(
    ({ name }) => wanted.length === 0 || wanted.some((one) => name.includes(one)),
  );
  const servers = { brokers, registryUrl };
  const loadProgram = programs.load;
  const bench = { servers, target, peers, loadProgram, runCount, folder, onProgress };
  const rows = await fillTable(bench, { cells, isEverySetting });
  const familyRows: FamilyRow[] = [];
  for (const name of families) familyRows.push(...(await FAMILIES[name](bench)));
  const document = documentOf([...rows, ...familyRows]);
  if (isJson) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else process.stdout.write(textOf(rows, familyRows));
  if (isKept)
    process.stderr.write(`kept in ${keepResults(document, chartsOf(rows, familyRows))}\n`);
  return document.items.some(({ faults }) => faults.length > 0) ? EXIT_INVALID : 0;
}

function textOf(rows: readonly Row[], families: readonly FamilyRow[]): string {
  const tables = [
    ...(rows.length === 0 ? [] : [tableText(rows)]),
    ...(families.length === 0 ? [] : [familyText(families)]),
  ];
  return tables.join("\n");
}
