/** Events on their way in: through the gateway, one a request and in batches, and through the emitter; each on one core. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "@millrace/local";
import { until } from "../../support/until.ts";
import type { Bench } from "../bench.ts";
import { onCores, SUBJECT_CORES } from "../measure/cores.ts";
import { costOf } from "../measure/process-meter.ts";
import { COMMAND, MILLRACE } from "../subjects/millrace.ts";
import { optionsOf } from "../subjects/peers.ts";
import { startProgram } from "../subjects/program.ts";
import { workOf } from "../subjects/work.ts";
import { createBenchWorld, type BenchWorld } from "../workload/world.ts";
import { USUAL_SHAPE } from "./drain.ts";
import { familyRow, type FamilyRow, type FamilyRun } from "./family-row.ts";

const EMITTED = 200_000;
const MEASURED_S = 5;
const WARM_S = 2;

/** Events of a request, and requests in flight. */
const LOADS = {
  "gateway, one a request": { batch: 1, connections: 64 },
  "gateway, 100 a request": { batch: 100, connections: 16 },
} as const;

/** Programs that produce by themselves. */
const PRODUCERS = {
  "emitter, one a call": "emitter",
  "kafkajs alone": "kafkajs-producer",
} as const;

/** Measures all of it. */
export async function measureIngest(bench: Bench): Promise<readonly FamilyRow[]> {
  const { servers, target, folder } = bench;
  const shape = { ...USUAL_SHAPE, namespace: "ingest", eventCount: EMITTED, targetNames: ["none"] };
  const world = await createBenchWorld(servers, { ...shape, url: target.url }, folder);
  const rows: FamilyRow[] = [];
  for (const [name, load] of Object.entries(LOADS)) {
    const runs = await times(bench, name, () => gatewayRun(bench, world, load));
    rows.push(familyRow({ family: "ingest", case: name, subject: "millrace gateway" }, runs));
  }
  for (const [name, program] of Object.entries(PRODUCERS)) {
    const runs = await times(bench, name, () => producerRun(bench, world, program));
    rows.push(familyRow({ family: "ingest", case: name, subject: program }, runs));
  }
  return rows;
}

async function times(
  { runCount, onProgress }: Bench,
  name: string,
  measure: () => Promise<FamilyRun["figures"]>,
): Promise<readonly FamilyRun[]> {
  const runs: FamilyRun[] = [];
  for (let run = 1; run <= runCount; run += 1) {
    onProgress(`${name}, run ${run}`);
    runs.push({ figures: await measure(), orderViolations: 0, repeats: 0, faults: [] });
  }
  return runs;
}

async function gatewayRun(
  { loadProgram }: Bench,
  { folder, configPath }: BenchWorld,
  load: { readonly batch: number; readonly connections: number },
): Promise<FamilyRun["figures"]> {
  const port = await freePort();
  const command = [process.execPath, COMMAND, "gateway", "-c", configPath, "--port", String(port)];
  const gateway = startProgram(command, { folder, name: "gateway" });
  try {
    await until("the gateway to be ready", async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      await answer?.arrayBuffer();
      return answer?.ok === true;
    });
    const url = `http://127.0.0.1:${port}/v1/events`;
    await post(loadProgram, { url, ...load, seconds: WARM_S });
    const before = costOf(gateway.pids());
    const { accepted, refused, seconds } = await post(loadProgram, {
      ...{ url, ...load, seconds: MEASURED_S },
    });
    const after = costOf(gateway.pids());
    const cpuUsPerEvent = (after.cpuUs - before.cpuUs) / accepted;
    return { perSec: accepted / seconds, cpuUsPerEvent, refused };
  } finally {
    await gateway.end("SIGTERM");
  }
}

interface Posted {
  readonly accepted: number;
  readonly refused: number;
  readonly seconds: number;
}

/** Runs `test/bench/go/load`. */
async function post(
  program: string,
  flags: Readonly<Record<"batch" | "connections" | "seconds", number>> & { readonly url: string },
): Promise<Posted> {
  const args = Object.entries(flags).flatMap(([name, value]) => [`-${name}`, String(value)]);
  const { stdout } = await promisify(execFile)(program, args);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the program's one line
  return JSON.parse(stdout) as Posted;
}

async function producerRun(
  { servers }: Bench,
  world: BenchWorld,
  program: string,
): Promise<FamilyRun["figures"]> {
  const path = fileURLToPath(new URL(`../peers/${program}.ts`, import.meta.url));
  const options = optionsOf(workOf(servers, world, { subject: MILLRACE, targetName: "none" }));
  const [tool = "", ...args] = onCores(SUBJECT_CORES, [
    ...[process.execPath, "--disable-warning=TimeoutNegativeWarning"],
    ...[path, JSON.stringify(options)],
  ]);
  const child = spawn(tool, args, { stdio: ["pipe", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode}`);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the program's one line
  return JSON.parse(printed) as FamilyRun["figures"];
}
