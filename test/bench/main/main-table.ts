/**
 * Fills the main table: every subject in every cell, by one process each, whose figures are of parts of its run. To start a
 * process takes a peer longer than what is measured of it.
 */
import type { Bench } from "../bench.ts";
import { journalled } from "../subjects/journal-check.ts";
import { MILLRACE } from "../subjects/millrace.ts";
import { CEILING } from "../subjects/peers.ts";
import { workOf } from "../subjects/work.ts";
import type { Subject, Work } from "../subjects/subject.ts";
import { runSubject } from "../measure/run.ts";
import type { BenchTarget } from "../target/target.ts";
import type { BenchServers } from "../workload/emission.ts";
import { createBacklogWorld, type BenchWorld } from "../workload/world.ts";
import { nameOf, type Cell } from "./cells.ts";
import { bestOf, judgedCeiling, rowOf, type Row, type RowRun } from "./row.ts";

/** Our target; all of the others read by groups of their own. */
const TARGET_NAME = "main";

/** What is measured. */
export interface TableOptions {
  readonly cells: readonly Cell[];
  /** Whether each peer is tried in all of its settings in every cell. */
  readonly isEverySetting: boolean;
}

/** Measures all of it. */
export async function fillTable(
  bench: Bench,
  { cells, isEverySetting }: TableOptions,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [index, cell] of cells.entries()) {
    rows.push(...(await measureCell(cell, `c${index + 1}`, { bench, isEverySetting })));
  }
  return rows;
}

async function measureCell(
  cell: Cell,
  namespace: string,
  { bench, isEverySetting }: { readonly bench: Bench; readonly isEverySetting: boolean },
): Promise<readonly Row[]> {
  const { servers, target, peers, runCount: partCount, folder, onProgress } = bench;
  onProgress(`${nameOf(cell)}: emitting ${cell.eventCount} events`);
  const shape = { ...cell, namespace, targetNames: [TARGET_NAME], url: target.url };
  const world = await createBacklogWorld(servers, shape, folder);
  const measure = async (subject: Subject): Promise<RowRun> => {
    onProgress(`${nameOf(cell)}: ${subject.name}, ${subject.settings(cell)}`);
    const work = workOf(servers, world, { subject, targetName: TARGET_NAME });
    const run = await runOrFault(subject, work, { target, cell, partCount });
    return subject.isOurs ? withJournalFault(run, servers, world) : run;
  };
  const ceiling = rowOf({ cell, subject: CEILING }, await measure(CEILING), null);
  const rows = [judgedCeiling(ceiling, cell)];
  const rowFor = async (subject: Subject): Promise<Row> =>
    rowOf({ cell, subject }, await measure(subject), ceiling);
  for (const subject of [MILLRACE, ...peers]) {
    const first = await rowFor(subject);
    const others: Row[] = [];
    for (const other of isEverySetting ? subject.otherSettings : []) {
      others.push(await rowFor(other));
    }
    rows.push(bestOf([first, ...others]));
  }
  return rows;
}

/** A subject that fails leaves its row marked, and the others their runs. */
async function runOrFault(
  subject: Subject,
  work: Work,
  of: { readonly target: BenchTarget; readonly cell: Cell; readonly partCount: number },
): Promise<RowRun> {
  const { target, cell, partCount } = of;
  const limitMs = subject.isOurs ? null : cell.limitMs;
  const { latencyMs } = cell;
  try {
    return await runSubject(subject, work, { target, latencyMs, limitMs, partCount });
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] };
  }
}

async function withJournalFault(
  run: RowRun,
  servers: BenchServers,
  world: BenchWorld,
): Promise<RowRun> {
  const count = (await journalled(servers, world)).get(TARGET_NAME) ?? 0;
  if (count === world.eventCount) return run;
  const fault = `its journal has ${count} of ${world.eventCount} events`;
  return { ...run, faults: [...run.faults, fault] };
}
