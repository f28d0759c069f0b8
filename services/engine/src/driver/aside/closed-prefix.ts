/**
 * Up to where a partition of a target's own topics holds nothing that anybody needs any more: its first records may be
 * deleted. Such a partition holds what owners of all source partitions of its number wrote, overtaken ones too, so it is
 * judged by what stands for everyone: markers, releases and progress in the state topic, the group's commits, resolutions.
 *
 * They have to be read one after the other: where the log ends; then what the group has committed; then the state topic to
 * its end. Then of every record below that end
 * - it is known whether its event was settled when the commits were read. The marker of a dead letter stands before its
 *   event settles, and is read back before that is committed (I17, I31): it was in the state topic before that was read;
 * - a parked event's marker stood before it was parked (I18), so it does still or was released (I30).
 *
 * A dead letter is *open* while its event is not known to be settled (its marker may be on its way), while its key's marker
 * names it or an earlier event (a later one may be given up again at this moment), and, where its key goes on without it,
 * until it is resolved. A parked event is open while its key's marker stands and its way back has not come by it, but where it
 * was parked before the key was set aside: nobody reads it then. Everything else is *closed*, for good (I38): markers that come after name the dead letter that their writer has just written, or that
 * of the marker they replace; events of a key that are needed behind a new marker are parked behind it anew.
 */
import type { Offset, TopicPartition } from "../../core/lanes/identity.ts";
import type { SourceRecord } from "../../ports.ts";
import { latin1 } from "../new-record.ts";
import type { SetAsideKey } from "./set-aside-keys.ts";
import {
  asideEpochOf,
  holdsKeyOf,
  originOf,
  redriveCountOf,
  type Origin,
} from "./set-aside-record.ts";

/** Which of a target's own topics a record stands in. */
export type AsideKind = "dead" | "parked";

/** A dead letter, as far as its resolution is asked for. */
export interface AsideLetter extends Origin {
  /** Epoch ms. */
  readonly writtenAtMs: number;
  /** Whether later events of its key waited for it; null where its record does not say. */
  readonly holdsKey: boolean | null;
}

/** What records are judged by, read in the order that the head of this file says. */
export interface AsideKnowledge {
  /** Keys that are set aside, of all source topics. */
  readonly setAside: readonly SetAsideKey[];
  /** Whether the group's commits say that an event is settled. */
  readonly isSettled: (event: Origin) => boolean;
  /** Whether someone has resolved a dead letter. */
  readonly isResolved: (letter: AsideLetter) => boolean;
  /** Records that were written after it are kept in any case, epoch ms. */
  readonly keptFromMs: number;
}

/** The first record of a partition that has to stay. */
export interface KeptRecord {
  readonly offset: Offset;
  /** `unreadable`: it is no dead letter or parked event that this version knows. */
  readonly why: "open" | "young" | "unreadable";
  /** Whose event it is of; null where it cannot be read. */
  readonly origin: Origin | null;
}

/** Judges records of a target's own topics; what it is given does not change. */
export class ClosedPrefix {
  readonly #known: AsideKnowledge;
  /** By source partition, then by lane. */
  readonly #markers: ReadonlyMap<string, ReadonlyMap<string, SetAsideKey>>;

  constructor(known: AsideKnowledge) {
    this.#known = known;
    const places = Map.groupBy(known.setAside, nameOf);
    this.#markers = new Map(
      Array.from(places, ([name, keys]) => [name, new Map(keys.map((one) => [one.key, one]))]),
    );
  }

  /**
   * The first of these records that has to stay: all before it are closed; null when all are.
   * @param records in the order of their partition, from its log's start or where an earlier call ended.
   */
  firstKept(kind: AsideKind, records: Iterable<SourceRecord>): KeptRecord | null {
    for (const record of records) {
      const origin = originOf(record);
      const why = this.#whyKept(kind, record, origin);
      if (why !== null) return { offset: record.offset, why, origin };
    }
    return null;
  }

  #whyKept(kind: AsideKind, record: SourceRecord, origin: Origin | null): KeptRecord["why"] | null {
    if (record.timestampMs > this.#known.keptFromMs) return "young";
    if (origin === null) return "unreadable";
    const markers = this.#markersOf(record, origin);
    const isOpen =
      kind === "parked"
        ? markers.some((marker) => mayNeedParked(marker, record, origin))
        : this.#isLetterOpen(record, origin, markers);
    return isOpen ? "open" : null;
  }

  #isLetterOpen(record: SourceRecord, origin: Origin, markers: readonly SetAsideKey[]): boolean {
    if (markers.some((marker) => mayNeedLetter(marker, record, origin))) return true;
    if (!this.#known.isSettled(origin)) return true;
    const letter = { ...origin, writtenAtMs: record.timestampMs, holdsKey: holdsKeyOf(record) };
    return letter.holdsKey !== true && !this.#known.isResolved(letter);
  }

  /** Those of its lane. Without a key it may be of any: that may not have fitted into the record. */
  #markersOf({ key }: SourceRecord, origin: Origin): readonly SetAsideKey[] {
    const ofPartition = this.#markers.get(nameOf(origin));
    if (ofPartition === undefined) return [];
    if (key === null) return [...ofPartition.values()];
    // The empty one is of a whole partition in order.
    const lanes = [ofPartition.get(latin1(key)), ofPartition.get("")];
    return lanes.filter((marker) => marker !== undefined);
  }
}

/** Its way back has not come by the event, and reads this record of it. */
function mayNeedParked(
  { next, firstEpoch }: SetAsideKey,
  record: SourceRecord,
  { offset }: Origin,
): boolean {
  return next <= offset && firstEpoch <= (asideEpochOf(record) ?? Infinity);
}

/** A marker at or before an event: its dead letter may be the one that it names, or on its way to its own marker. */
function mayNeedLetter(
  { offset, redriveCount }: SetAsideKey,
  record: SourceRecord,
  origin: Origin,
): boolean {
  if (offset !== origin.offset) return offset < origin.offset;
  return redriveCount <= (redriveCountOf(record) ?? Infinity);
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
