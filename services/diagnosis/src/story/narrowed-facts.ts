import type { TargetFacts } from "../causes/facts.ts";
import type { TargetView } from "../view/target-view.ts";
import type { PlaceFact } from "./event-facts.ts";

/** An event as far as it matters for what it waits behind. */
export interface WaitingEvent {
  readonly place: PlaceFact;
  /** Null: it has none, or that is not known. */
  readonly key: string | null;
}

/** Facts of a target without what cannot hold this event: other partitions, and other keys. */
export function narrowedFacts(facts: TargetFacts, { place, key }: WaitingEvent): TargetFacts {
  const isHere = (one: { readonly topic: string; readonly partition: number }): boolean =>
    one.topic === place.topic && one.partition === place.partition;
  const isOwn = (other: string | null): boolean => other === null || other === key;
  return {
    ...facts,
    partitions: facts.partitions.filter(isHere),
    setAside: facts.setAside.filter((one) => isHere(one) && isOwn(one.key)),
    members: facts.members.map((member) => {
      const { view } = member;
      if (view === null) return member;
      const partitions = view.partitions.filter(isHere).map((partition) => {
        // While the target is held, what fails tells why, whatever its key.
        if (view.holds.length > 0) return partition;
        const failing = partition.failing.filter((lane) => lane.key !== null && isOwn(lane.key));
        return { ...partition, failing, failingCount: failing.length };
      });
      return { ...member, view: { ...view, partitions } satisfies TargetView };
    }),
  };
}
