/**
 * How many complete deliveries a second one core does through the engine's `step`: fetch, attempt, settle, commit. Once
 * with the ends of attempts as they come in a busy process, many at a time, and once with each as an input of its own.
 * Ends with 1 when the median of the runs is below the promise.
 *
 *   npm run bench:engine
 *   node --cpu-prof --cpu-prof-dir=/tmp --conditions=millrace-source test/bench/engine.ts
 */
import { cpus } from "node:os";
import { EngineLoad, type LoadOptions } from "./engine-load.ts";

/** Complete deliveries a second that one core must do. */
const PER_SECOND_MIN = 100_000;
const RUN_COUNT = 7;
const DELIVERIES_PER_RUN = 300_000;

const LOAD = {
  keyCount: 10_000,
  partitionCount: 12,
  concurrencyMax: 256,
  retryShare: 0.05,
  deliveriesPerMs: 100,
} as const satisfies Partial<LoadOptions>;

/** Runs one load; the first run only warms it up. */
function measure(endsPerInput: number): number {
  const load = new EngineLoad({ ...LOAD, endsPerInput });
  load.run(DELIVERIES_PER_RUN);
  const cpuBefore = process.cpuUsage();
  const rates = Array.from({ length: RUN_COUNT }, () => {
    const startedAt = performance.now();
    load.run(DELIVERIES_PER_RUN);
    return (DELIVERIES_PER_RUN / (performance.now() - startedAt)) * 1_000;
  }).sort((a, b) => a - b);
  const cpu = process.cpuUsage(cpuBefore);
  const median = rates[Math.floor(RUN_COUNT / 2)] ?? 0;
  const { attempts, settled, commits, steps } = load.counts;
  print(`${Math.round(median)} complete deliveries a second`, {
    range: rates.map((rate) => Math.round(rate)),
    microsecondsEach: (1_000_000 / median).toFixed(2),
    // Of all threads, the collector's too: what stays the same when other work shares the machine.
    cpuMicrosecondsEach: ((cpu.user + cpu.system) / (RUN_COUNT * DELIVERIES_PER_RUN)).toFixed(2),
    retries: `${(((attempts - settled) / attempts) * 100).toFixed(1)} %`,
    deliveriesPerStep: (settled / steps).toFixed(1),
    deliveriesPerCommit: (settled / commits).toFixed(0),
  });
  return median;
}

function print(headline: string, details: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${headline}\n${JSON.stringify(details)}\n`);
}

print(`one core of ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`, LOAD);
const medians = [64, 1].map(measure);
if (Math.min(...medians) < PER_SECOND_MIN) {
  process.stderr.write(`below the promise of ${PER_SECOND_MIN} a second\n`);
  process.exitCode = 1;
}
