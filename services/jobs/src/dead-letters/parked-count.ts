import {
  asideEpochOf,
  asOffset,
  asRecordKey,
  type Offset,
  type SetAsideKey,
  type SourceRecord,
} from "@millrace/engine";
import { keyOf, readSourcePlace } from "./dead-letter.ts";

/** The key of what holds all of a partition. */
const WHOLE_PARTITION = asRecordKey("");

/** Counts the events that wait behind keys that are set aside, each once, however often it stands in the parked topic. */
export class ParkedCount {
  readonly #offsets = new Map<string, Set<number>>();
  readonly #markers = new Map<string, SetAsideKey>();

  /** @param setAside the keys that are counted for. */
  constructor(setAside: readonly SetAsideKey[]) {
    for (const key of setAside) this.#markers.set(laneOf(key), key);
  }

  /** Takes a record of the parked topic. */
  add(record: SourceRecord): void {
    const place = readSourcePlace(record);
    if (place === null) return;
    const key = record.key === null ? WHOLE_PARTITION : keyOf(record.key);
    const ofKey = laneOf({ ...place, key });
    const lane = this.#markers.has(ofKey) ? ofKey : laneOf({ ...place, key: WHOLE_PARTITION });
    const marker = this.#markers.get(lane);
    if (marker === undefined || place.offset < firstParkedBy(marker)) return;
    // What was parked before the key was set aside is parked again, once it is read.
    if ((asideEpochOf(record) ?? Infinity) < marker.firstEpoch) return;
    const known = this.#offsets.get(lane);
    if (known === undefined) this.#offsets.set(lane, new Set([place.offset]));
    else known.add(place.offset);
  }

  /** The last event that waits behind a key; null where none does. */
  last(key: SetAsideKey): Offset | null {
    let last = -1;
    for (const offset of this.#offsets.get(laneOf(key)) ?? []) last = Math.max(last, offset);
    return last === -1 ? null : asOffset(last);
  }

  /** How many wait behind a key. */
  of(key: SetAsideKey): number {
    return this.#offsets.get(laneOf(key))?.size ?? 0;
  }
}

/** A deferred event is parked itself; a dead letter is not. */
function firstParkedBy({ kind, offset }: SetAsideKey): number {
  return kind === "deferred" ? offset : offset + 1;
}

function laneOf({
  topic,
  partition,
  key,
}: Pick<SetAsideKey, "key" | "partition" | "topic">): string {
  return `${topic}/${partition}/${key}`;
}
