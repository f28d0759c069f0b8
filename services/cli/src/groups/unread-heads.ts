import type { ObservedGroup } from "./observed-group.ts";

/** A complaint for each partition whose head could not be read. */
export function unreadHeads({ target, partitions }: ObservedGroup): readonly string[] {
  return partitions.flatMap(({ topic, partition, unreadFrom }) => {
    if (unreadFrom === null) return [];
    const place = `${topic}/${partition} from offset ${unreadFrom} on`;
    return [`target ${target.name}: no record came of ${place}: is a transaction open there?`];
  });
}
