import { asTarget, listSetAside, type MarkerKind, type StateLog } from "@millrace/engine";

/** Keys that are set aside: by partition (`<topic>/<partition>`), then by name of the lane. */
export type KeysAside = ReadonlyMap<string, ReadonlyMap<string, MarkerKind>>;

/** The keys of a target that are set aside, as a new owner would find them. */
export function keysAside(stateLog: Pick<StateLog, "list">, target: string): KeysAside {
  const keys = listSetAside(stateLog, asTarget(target));
  const places = Map.groupBy(keys, ({ topic, partition }) => `${topic}/${partition}`);
  const lanes = Array.from(places, ([place, of]) => {
    return [place, new Map(of.map(({ key, kind }) => [key, kind]))] as const;
  });
  return new Map(lanes);
}
