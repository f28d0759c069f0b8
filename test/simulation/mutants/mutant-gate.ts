/** The mutation gate: every planted bug has to break a promise in a finished history. */
import type { SimulationArguments } from "../arguments.ts";
import { runSeeds } from "../seed-pool.ts";
import type { FailedSeed, Tally } from "../tally.ts";
import { listMutants, PatchOutdated, plant, type Mutant } from "./mutant.ts";

/** What became of a mutant. */
type Outcome =
  | { readonly kind: "caught"; readonly by: FailedSeed; readonly seedCount: number }
  | { readonly kind: "survived"; readonly seedCount: number; readonly failures: readonly string[] }
  | { readonly kind: "outdated" | "ended"; readonly why: string };

/** Runs the mutants that are asked for. @returns the exit code. */
export async function runMutants(wish: SimulationArguments): Promise<number> {
  const mutants = listMutants().filter(
    ({ name }) => wish.only === null || name.includes(wish.only),
  );
  let missedCount = 0;
  const seedCounts: number[] = [];
  for (const mutant of mutants) {
    const outcome = await tryMutant(mutant, wish);
    if (outcome.kind === "caught") seedCounts.push(outcome.seedCount);
    else missedCount += 1;
    process.stdout.write(`${mutant.name.padEnd(46)}${wordsOf(outcome)}\n`);
  }
  process.stdout.write(
    `${mutants.length - missedCount} of ${mutants.length} mutants caught${medianOf(seedCounts)}\n`,
  );
  return missedCount === 0 && mutants.length > 0 ? 0 : 1;
}

function medianOf(seedCounts: readonly number[]): string {
  const median = seedCounts.toSorted((a, b) => a - b)[seedCounts.length >> 1];
  return median === undefined ? "" : `, in the median after ${median} seeds`;
}

async function tryMutant(
  mutant: Mutant,
  { from, count, workerCount }: SimulationArguments,
): Promise<Outcome> {
  try {
    const engine = plant(mutant);
    try {
      const tally = await runSeeds({
        ...{ from, count, workerCount, msMax: Infinity, stopsAt: isCatch },
        enginePath: engine.path,
        onProgress: () => undefined,
      });
      return outcomeOf(tally, from);
    } finally {
      engine.remove();
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // A process that ends, or never does, is no catch either.
    return error instanceof PatchOutdated ? { kind: "outdated", why } : { kind: "ended", why };
  }
}

/**
 * A driver that gave up is no catch, whatever its history breaks after: the bug has to show in a finished one. And H says
 * that a history is not whole, which proves nothing about who it is of.
 */
function isCatch({ broken, failures }: FailedSeed): boolean {
  return failures.length === 0 && broken.some((id) => id !== "H");
}

function outcomeOf({ failed, seedCount }: Tally, from: number): Outcome {
  const caught = failed.filter(isCatch).sort((a, b) => a.seed - b.seed);
  const [first] = caught;
  if (first !== undefined) return { kind: "caught", by: first, seedCount: first.seed - from + 1 };
  return { kind: "survived", seedCount, failures: failed.flatMap(({ failures }) => failures) };
}

function wordsOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case "caught": {
      const { broken, messages } = outcome.by;
      return `caught by ${broken.join(" ")} after ${outcome.seedCount} seeds: ${messages[0] ?? ""}`;
    }
    case "survived":
      return `SURVIVED ${outcome.seedCount} seeds${outcome.failures.length > 0 ? `; it gave up: ${outcome.failures[0] ?? ""}` : ""}`;
    case "ended":
      return `NOT CAUGHT: ${outcome.why}`;
    case "outdated":
      return `OUTDATED: ${outcome.why}`;
  }
}
