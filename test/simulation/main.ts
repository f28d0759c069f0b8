/** `npm run sim`: see the usage in `arguments.ts`. */
import { join } from "node:path";
import { HistoryFile } from "../checker/history-file.ts";
import { inOrder } from "../checker/in-order.ts";
import { readArguments, USAGE, type SimulationArguments } from "./arguments.ts";
import { coverageReport } from "./coverage/coverage-report.ts";
import { runMutants } from "./mutants/mutant-gate.ts";
import { failuresOf, figuresOf, judgedOf, shrunkOf } from "./report.ts";
import { hashOf, runSeed, type SeedRun } from "./seed-run.ts";
import { runSeeds } from "./seed-pool.ts";
import { writePlanFile } from "./plan-file.ts";
import { shrink, type Shrunk } from "./shrink/shrink.ts";
import type { Tally } from "./tally.ts";

// Whoever reads on may stop before the end.
process.stdout.on("error", () => process.exit());
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const wish = readArguments(args);
  if (wish === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (wish instanceof Error) {
    process.stderr.write(`${wish.message}\n\n${USAGE}`);
    return 2;
  }
  if (wish.what === "seed") return oneSeed(wish);
  return wish.what === "mutants" ? runMutants(wish) : manySeeds(wish);
}

async function manySeeds(wish: SimulationArguments): Promise<number> {
  const startedAt = performance.now();
  const tally = await runSeeds({
    ...wish,
    stopsAt: () => false,
    enginePath: null,
    onProgress: (so) => showProgress(so, wish.count),
  });
  clearProgress();
  process.stdout.write(figuresOf(tally, performance.now() - startedAt));
  process.stdout.write(judgedOf(tally));
  const coverage = coverageReport(tally);
  process.stdout.write(coverage.text);
  const first = tally.failed.map(({ seed }) => seed).sort((a, b) => a - b)[0];
  if (first === undefined) return coverage.isSound ? 0 : 1;
  process.stdout.write(failuresOf(tally.failed));
  await explain(await runSeed(first));
  return 1;
}

async function oneSeed({ from, isTraced, outFolder }: SimulationArguments): Promise<number> {
  const run = await runSeed(from);
  const { result, broken } = run;
  const isClean = broken.length === 0 && result.failures.length === 0;
  if (isTraced && isClean) {
    for (const line of result.lines) process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  if (outFolder !== null) writeHistory(outFolder, run);
  const outcome = isClean
    ? "every promise is kept"
    : `broken: ${broken.join(" ") || "a driver gave up"}`;
  process.stdout.write(`seed ${from}: ${outcome}; history ${hashOf(result.lines)}\n`);
  if (isClean) return 0;
  const shrunk = await explain(run);
  if (outFolder !== null) {
    const about = shrunk.run.broken.join(" ");
    const { plan, suppressed } = shrunk;
    writePlanFile(join(outFolder, "plan.json"), { about, plan, suppressed });
  }
  return 1;
}

async function explain(run: SeedRun): Promise<Shrunk> {
  const shrunk = await shrink(run, run.broken[0] ?? null);
  process.stdout.write(shrunkOf(shrunk));
  return shrunk;
}

/** As the checker's command reads it. */
function writeHistory(folder: string, { result: { lines } }: SeedRun): void {
  const file = new HistoryFile(folder, "run");
  for (const line of inOrder(lines)) file.add(line);
  file.close();
}

/** Only where someone watches. */
function showProgress({ seedCount, failed }: Tally, count: number): void {
  if (!process.stderr.isTTY) return;
  const of = count === Infinity ? "" : ` of ${count}`;
  process.stderr.write(`\r\u001b[K${seedCount}${of} seeds, ${failed.length} failed`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}
