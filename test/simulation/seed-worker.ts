/** A process that runs seeds for its parent: a range comes in, a tally goes out, until the parent disconnects. */
import { runSeed } from "./seed-run.ts";
import { Tally } from "./tally.ts";
import type { WorldEars } from "./world/world.ts";

/** Seeds to run, one after the other. */
export interface SeedRange {
  readonly from: number;
  readonly count: number;
}

process.on("message", (range: SeedRange) => {
  runRange(range).then(
    (tally) => process.send?.(tally.figures),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? String(error.stack) : String(error)}\n`);
      process.exit(1);
    },
  );
});
/** What nobody waited for: it would end a real process, so it counts as a driver that gave up. */
const unhandled: string[] = [];
process.on("unhandledRejection", (error) => {
  unhandled.push(`not handled: ${messageOf(error)}`);
});
// A parent that is gone wants nothing any more.
process.on("disconnect", () => process.exit(0));

async function runRange({ from, count }: SeedRange): Promise<Tally> {
  const tally = new Tally();
  const ears: WorldEars = {
    onFault: (fault, deliverer, target) => tally.coverage.note(fault, deliverer, target),
  };
  for (let seed = from; seed < from + count; seed += 1) {
    const run = await runSeed(seed, { ears }).catch(messageOf);
    const failures = unhandled.splice(0);
    if (typeof run === "string") {
      tally.addUnfinished(seed, [run, ...failures]);
    } else {
      const { result } = run;
      tally.add({ ...run, result: { ...result, failures: [...result.failures, ...failures] } });
    }
  }
  return tally;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
