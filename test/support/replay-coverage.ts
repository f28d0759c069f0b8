import { readCoverage, type Coverage } from "../checker/done-set.ts";
import type { Arrival } from "./arrivals.ts";
import { coveredBy } from "./group-coverage.ts";
import { readRaw } from "./raw-topic.ts";

/**
 * Whether an arrival's event is covered by what a job has written of its progress, so that no owner may replay it again
 * (S13). Of a job that has had one owner: which of two owners' steps holds, the claims would have to say.
 */
export async function readReplayCoverage(
  brokers: readonly string[],
  stateTopic: string,
  job: string,
): Promise<(arrival: Arrival) => boolean> {
  const coverages = new Map<number, Coverage>();
  for (const { key, value } of await readRaw(brokers, stateTopic)) {
    const [kind, , , partition, , of] = String(key).split("/");
    if (kind !== "replay" || of !== job || value === null) continue;
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- as SPEC.md says of such an entry
    const { next, done } = JSON.parse(String(value)) as { next: number; done: string };
    coverages.set(Number(partition), readCoverage(next, done));
  }
  return coveredBy(coverages);
}
