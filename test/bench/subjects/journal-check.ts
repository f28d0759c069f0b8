/** Whether the journal has an entry for every event of a run. */
import { asTopic } from "@millrace/engine";
import { createPageReader } from "@millrace/journal";
import { createLogReader, plainConnection } from "@millrace/kafka";
import { createRegistry } from "@millrace/schemas";
import type { BenchServers } from "../workload/emission.ts";
import type { BenchWorld } from "../workload/world.ts";

/** Events that the journal knows to be delivered, by target: each counts once. */
export async function journalled(
  { brokers, registryUrl }: BenchServers,
  { namespace }: BenchWorld,
): Promise<ReadonlyMap<string, number>> {
  const topic = asTopic(`${namespace}.deliveries`);
  const reader = createLogReader({ connection: plainConnection(brokers, "millrace-bench") });
  const pages = createPageReader(createRegistry(registryUrl));
  const places = new Map<string, Set<string>>();
  try {
    const ranges = await reader.ranges(topic);
    const open = ranges.filter(({ logStartOffset, logEndOffset }) => logEndOffset > logStartOffset);
    const reading = open.map(({ partition, logStartOffset, logEndOffset }) => {
      return { topic, partition, from: logStartOffset, to: logEndOffset };
    });
    for await (const { records } of reader.read(reading)) {
      for (const record of records) {
        const read = await pages.read(record);
        if (read.kind === "unreadable") throw new Error(read.detail);
        const { target, entries } = read.page;
        const known = places.get(target) ?? new Set();
        places.set(target, known);
        for (const { partition, offset, outcome } of entries) {
          if (outcome === "delivered") known.add(`${partition}/${offset}`);
        }
      }
    }
  } finally {
    await reader.close();
  }
  return new Map(Array.from(places, ([target, known]) => [target, known.size]));
}
