/** Whether there is nothing left to do in a world. */
import type { TopicPartition } from "@millrace/engine";
import type { Cluster } from "./brokers/cluster.ts";
import type { Deliverer, TargetWorld } from "./processes/deliverer.ts";

/** What is looked at. */
export interface RestView {
  readonly cluster: Cluster;
  readonly targets: readonly TargetWorld[];
  /** Processes that run. */
  readonly deliverers: readonly Deliverer[];
}

/** Whether every group has committed all there is, partitions aside that stand since records are gone. */
export function isDone(view: RestView): boolean {
  return view.targets.every(({ api, group }) =>
    api.plan.topics.every((topic) =>
      view.cluster.logs(topic).every(({ place, records, startOffset }) => {
        const last = records.at(-1)?.offset ?? startOffset - 1;
        const committed = group.offsets.get(`${topic}/${place.partition}`)?.offset ?? 0;
        return committed > last || isHalted(view, api.plan.name, place);
      }),
    ),
  );
}

/** Whether a deferred key is on its way, with no commit that tells of its end. */
export function isDetouring({ cluster, targets, deliverers }: RestView): boolean {
  const drivers = deliverers.flatMap((deliverer) => deliverer.drivers);
  // By name: one may be held by two, of whom the earlier does not know yet that it has lost it.
  const known = new Set<string>();
  let hasDetours = false;
  for (const { name, driver } of drivers) {
    const partitions = [...driver.state.partitions.values()];
    for (const { topic, partition } of [...partitions, ...driver.halts])
      known.add(`${name}/${topic}/${partition}`);
    hasDetours ||= partitions.some(
      ({ aside, detours }) =>
        detours.size > 0 || [...aside.values()].some(({ marker }) => marker.kind === "deferred"),
    );
  }
  const topics = targets.flatMap(({ api }) => api.plan.topics);
  const count = topics.reduce((sum, topic) => sum + cluster.logs(topic).length, 0);
  // Where nobody owns a partition, nobody knows.
  return hasDetours || known.size < count;
}

/** What retention passed stands until someone acts. */
function isHalted(
  { deliverers }: RestView,
  target: string,
  { topic, partition }: TopicPartition,
): boolean {
  const drivers = deliverers.flatMap((deliverer) => deliverer.drivers);
  return drivers.some(
    ({ driver, name }) =>
      name === target &&
      driver.halts.some((halt) => halt.topic === topic && halt.partition === partition),
  );
}
