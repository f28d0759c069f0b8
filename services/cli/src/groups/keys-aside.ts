import {
  isFenced,
  placeOf,
  readMarker,
  type MarkerKind,
  type Offset,
  type StateLog,
} from "@millrace/engine";

/** Keys that are set aside: by partition (`<topic>/<partition>`), then by name of the lane. */
export type KeysAside = ReadonlyMap<string, ReadonlyMap<string, MarkerKind>>;

/**
 * The keys of a target that are set aside, as a new owner would find them: a marker counts if no later claim of its
 * partition stands before it, and of several of a key the last one does.
 */
export function keysAside(stateLog: Pick<StateLog, "list">, target: string): KeysAside {
  const claims = Map.groupBy(stateLog.list(`claim/${target}/`), ([key]) => placeOf(key));
  const markers = Map.groupBy(stateLog.list(`marker/${target}/`), ([key]) => placeOf(key));
  const aside = new Map<string, ReadonlyMap<string, MarkerKind>>();
  for (const [place, entries] of markers) {
    const fence = (claims.get(place) ?? []).map(([, { offset }]) => offset);
    aside.set(place, asideIn(entries, fence));
  }
  return aside;
}

type Entries = ReturnType<StateLog["list"]>;

function asideIn(entries: Entries, fence: readonly Offset[]): ReadonlyMap<string, MarkerKind> {
  const aside = new Map<string, MarkerKind>();
  for (const [key, { offset, value }] of inLogOrder(entries)) {
    const marker = readMarker(key, value);
    if (marker === null || isFenced(marker.epoch, offset, fence)) continue;
    if (marker.kind === "released") aside.delete(marker.lane);
    else aside.set(marker.lane, marker.kind);
  }
  return aside;
}

function inLogOrder(entries: Entries): Entries {
  return [...entries].sort(([, a], [, b]) => a.offset - b.offset);
}
