/** Where each microsecond of an event goes in the main cell: the process writes a CPU profile, which slows it a little. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { SUBJECT_CORES } from "../measure/cores.ts";
import { timeByArea, type Area, type CpuProfile } from "../measure/cpu-profile.ts";
import { runSubject } from "../measure/run.ts";
import { millraceOf } from "../subjects/millrace.ts";
import { workOf } from "../subjects/work.ts";
import { backlog } from "./drain.ts";
import { familyRow, type FamilyRow } from "./family-row.ts";

const EVENT_COUNT = 120_000;

const AREAS: readonly Area[] = [
  { name: "undici and its sockets", files: /node_modules\/undici\// },
  { name: "HTTP: requests, answers, deadlines", files: /services\/http\// },
  { name: "Kafka: fetch, commit, produce", files: /services\/kafka\/|node_modules\/kafkajs\// },
  { name: "envelope and Avro", files: /\/schemas\/|node_modules\/avsc\// },
  { name: "filter and mapping", files: /services\/(config|preparer)\/|marcbachmann/ },
  { name: "engine: step", files: /services\/engine\/dist\/core\// },
  { name: "engine: journal", files: /services\/engine\/dist\/driver\/journal\// },
  { name: "engine: driver", files: /services\/engine\// },
  { name: "metrics and spans", files: /services\/telemetry\/|node_modules\/@opentelemetry\// },
];

/** Measures ours, once. */
export async function measureBudget(bench: Bench): Promise<readonly FamilyRow[]> {
  const { servers, target, folder, onProgress } = bench;
  const once = { ...bench, runCount: 1 };
  const world = await backlog(once, { namespace: "budget", eventCount: EVENT_COUNT });
  const [targetName = ""] = world.targetNames;
  onProgress("budget: a profile of the main cell");
  const members = { processCount: 1, cores: SUBJECT_CORES };
  const subject = millraceOf({ ...members, nodeArgs: ["--cpu-prof", `--cpu-prof-dir=${folder}`] });
  const work = workOf(servers, world, { subject, targetName });
  const run = await runSubject(subject, work, { target, latencyMs: 0, limitMs: null });
  const { disordered: orderViolations, repeats } = run.report;
  const { first, last } = run.span;
  const [fromUs, toUs] = [monotonicUs(first.at), monotonicUs(last.at)];
  const ownUs = timeByArea(readProfile(folder), { areas: AREAS, fromUs, toUs });
  const mainUs = [...ownUs.values()].reduce((sum, one) => sum + one, 0);
  const cpuUs = last.cpuUs - first.cpuUs;
  const otherUs = Math.max(0, cpuUs - mainUs);
  const eventCount = last.count - first.count;
  return [...ownUs, ["other threads: compiler, collector", otherUs] as const]
    .sort(([, one], [, other]) => other - one)
    .map(([name, us]) => {
      const figures = { usPerEvent: us / eventCount, sharePercent: (us / cpuUs) * 100 };
      const of = { family: "budget", case: name, subject: subject.name };
      return familyRow(of, [{ figures, orderViolations, repeats, faults: run.faults }]);
    });
}

/** V8 stamps its samples by the machine's monotonic clock. */
function monotonicUs(epochMs: number): number {
  return Number(process.hrtime.bigint()) / 1_000 - (Date.now() - epochMs) * 1_000;
}

function readProfile(folder: string): CpuProfile {
  const name = readdirSync(folder).find((one) => one.endsWith(".cpuprofile"));
  if (name === undefined) throw new Error("the process wrote no CPU profile");
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- V8's own format
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as CpuProfile;
}
