/** Fills the main table: every subject in every cell, in turn, so that a slow moment of the machine hits all of them. */
import type { Bench } from "../bench.ts";
import { journalled } from "../subjects/journal-check.ts";
import { MILLRACE } from "../subjects/millrace.ts";
import { CEILING } from "../subjects/peers.ts";
import { workOf } from "../subjects/work.ts";
import type { Subject, Work } from "../subjects/subject.ts";
import { inTurn } from "../measure/in-turn.ts";
import { runSubject } from "../measure/run.ts";
import type { BenchTarget } from "../target/target.ts";
import type { BenchServers } from "../workload/emission.ts";
import { createBacklogWorld, type BenchWorld } from "../workload/world.ts";
import { nameOf, type Cell } from "./cells.ts";
import { rowOf, type Row, type RowRun } from "./row.ts";

/** Whoever is not ours is stopped so long after its first call, ms: its pace is known by then. */
const LIMIT_MS = 2_500;

/** Most CPU of a POST at the ceiling, us, with no wait for an answer: above it the machine is not itself. */
const CEILING_CPU_US_MAX = 34;

/** Measures all of it. */
export async function fillTable(bench: Bench, cells: readonly Cell[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [index, cell] of cells.entries()) {
    rows.push(...(await measureCell(cell, `c${index + 1}`, bench)));
  }
  return rows;
}

async function measureCell(
  cell: Cell,
  namespace: string,
  { servers, target, peers, runCount, folder, onProgress }: Bench,
): Promise<readonly Row[]> {
  onProgress(`${nameOf(cell)}: emitting ${cell.eventCount} events`);
  const targetNames = Array.from({ length: runCount }, (_, run) => `run-${run + 1}`);
  const shape = { ...cell, namespace, targetNames, url: target.url };
  const world = await createBacklogWorld(servers, shape, folder);
  const subjects = [CEILING, MILLRACE, ...peers];
  const runs = await inTurn(targetNames, subjects, (subject, targetName) => {
    onProgress(`${nameOf(cell)}: ${subject.name}, ${targetName}`);
    const work = workOf(servers, world, { subject, targetName });
    return tried(subject, work, { target, cell });
  });
  await addJournalFaults(servers, world, runs.get(MILLRACE) ?? []);
  const ceiling = rowOf({ cell, subject: CEILING }, runs.get(CEILING) ?? [], null);
  return subjects.map((subject) => {
    if (subject === CEILING) return judgedCeiling(ceiling, cell);
    return rowOf({ cell, subject }, runs.get(subject) ?? [], ceiling);
  });
}

/** A subject that fails leaves its row marked, and the others their runs. */
async function tried(
  subject: Subject,
  work: Work,
  { target, cell }: { readonly target: BenchTarget; readonly cell: Cell },
): Promise<RowRun> {
  const limitMs = subject.isOurs ? null : LIMIT_MS;
  try {
    return await runSubject(subject, work, { target, latencyMs: cell.latencyMs, limitMs });
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] };
  }
}

async function addJournalFaults(
  servers: BenchServers,
  world: BenchWorld,
  runs: RowRun[],
): Promise<void> {
  const known = await journalled(servers, world);
  for (const [index, run] of runs.entries()) {
    const count = known.get(world.targetNames[index] ?? "") ?? 0;
    if (count === world.eventCount) continue;
    const fault = `its journal has ${count} of ${world.eventCount} events`;
    runs[index] = { ...run, faults: [...run.faults, fault] };
  }
}

function judgedCeiling(row: Row, { latencyMs }: Cell): Row {
  if (latencyMs > 0 || row.cpuUsPerEvent <= CEILING_CPU_US_MAX) return row;
  const fault = `a POST costs ${row.cpuUsPerEvent.toFixed(1)} us here, more than ${CEILING_CPU_US_MAX}`;
  return { ...row, faults: [...row.faults, fault] };
}
