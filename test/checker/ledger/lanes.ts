import type { Ledger } from "./ledger.ts";
import { type Channel, type Delivery, NONE } from "./rows.ts";

/** Names the lane of a delivery within its channel; NONE where nothing orders it. */
export function laneOf({ channel: { target }, record }: Delivery): number {
  if (target.terms.order === "key") return record.key;
  return target.terms.order === "partition" ? 0 : NONE;
}

/** Whether the lane of a delivery was set aside at any time; with order by partition it is the partition that is. */
export function wasLaneSetAside({ channel: { setAsideKeys, target }, record }: Delivery): boolean {
  return target.terms.order === "partition" ? setAsideKeys.size > 0 : setAsideKeys.has(record.key);
}

/** Jobs that are replays: their calls have lanes of their own. */
export function replayJobs({ operations, names }: Ledger): ReadonlySet<number> {
  const jobs = new Set<number>();
  for (const { line } of operations) {
    if (line.f === "replay") jobs.add(names.jobOf(line.job ?? line.who));
  }
  return jobs;
}

/** Each ordered lane's deliveries, ascending by offset. */
export function lanesOf({ deliveries, floor }: Channel): Iterable<readonly Delivery[]> {
  const lanes = new Map<number, Delivery[]>();
  for (const delivery of deliveries) {
    const lane = laneOf(delivery);
    if (lane === NONE || delivery.offset < floor || delivery.expected === "unknown") continue;
    const known = lanes.get(lane);
    if (known === undefined) lanes.set(lane, [delivery]);
    else known.push(delivery);
  }
  return lanes.values();
}
