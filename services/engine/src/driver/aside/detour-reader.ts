/**
 * Reads what a key has in the dead-letter and parked topics, in its order. Keeps nothing between two readings but where
 * to look from.
 *
 * What an owner parked before the key was set aside is not read. After a rewind the same events are parked once more, and of
 * the earlier ones some may be deleted already (closed-prefix.ts): those behind the gap would go before those in it.
 */
import type { DetourFound, DetourReading } from "../../core/aside/detour.ts";
import type { NewRecord } from "../../core/lanes/delivery.ts";
import {
  asOffset,
  type Offset,
  type Topic,
  type TopicPartition,
} from "../../core/lanes/identity.ts";
import type { Marker } from "../../core/aside/marker.ts";
import { MillraceError } from "../../errors.ts";
import type { ParkedLog, Preparation, PreparedEvent, SourceRecord } from "../../ports.ts";
import type { DeadLetterPlaces } from "../dead-letters/dead-letter-places.ts";
import { DetourWindow, type ParkedEvent } from "./detour-window.ts";
import { latin1, newRecord } from "../new-record.ts";
import type { DriverPorts } from "../options.ts";
import { asideEpochOf, isCut, originalRecord, originOf, type Origin } from "./set-aside-record.ts";

/** Records read from a topic at once. */
const PAGE_COUNT_MAX = 500;

type Reading = DetourReading<PreparedEvent>;

/** The topics it reads, and how their keys are told apart. */
export interface DetourTopics {
  readonly dead: Topic;
  readonly parked: Topic;
  /** `partition`: all of a partition is one lane. */
  readonly lanes: "key" | "partition";
}

/** See the head of this file. */
export class DetourReader {
  readonly #topics: DetourTopics;
  readonly #log: ParkedLog;
  readonly #preparer: DriverPorts["preparer"];
  readonly #places: DeadLetterPlaces;

  constructor(
    topics: DetourTopics,
    ports: Pick<DriverPorts, "parkedLog" | "preparer">,
    places: DeadLetterPlaces,
  ) {
    this.#topics = topics;
    this.#log = ports.parkedLog;
    this.#preparer = ports.preparer;
    this.#places = places;
  }

  /**
   * Makes one reading.
   * @throws MillraceError of the ports; may be repeated.
   */
  async read(reading: Reading): Promise<DetourFound<PreparedEvent>> {
    const { detour, from, below, countMax } = reading;
    const { marker } = detour.aside;
    if (from <= marker.offset && marker.kind === "quarantine") {
      // The live lane has not come by the dead-lettered event yet.
      if (below <= marker.offset) {
        return { detour, records: [], cursor: null, isEnd: true, ahead: marker.offset };
      }
      const record = await this.#prepare(await this.#deadLetter(detour.aside.partition, marker));
      return { detour, records: [record], cursor: null, isEnd: false, ahead: null };
    }
    const found = await this.#parked(reading);
    const part = found.window.take(countMax, found.isLogEnd ? "end" : "bound");
    const records: NewRecord<PreparedEvent>[] = [];
    for (const event of part.events) records.push(await this.#prepare(await this.#whole(event)));
    return {
      detour,
      records,
      cursor: lowest(part.firstLeft, found.firstAhead, found.next),
      isEnd: found.isLogEnd && part.isEmpty,
      ahead: found.ahead,
    };
  }

  /** Goes through the parked topic until enough of the key has come by, or nothing more stands there. */
  async #parked({ detour, from, below, countMax }: Reading) {
    const { aside } = detour;
    const place = { topic: this.#topics.parked, partition: aside.partition.partition };
    const window = new DetourWindow();
    let next = aside.cursor ?? asOffset(0);
    let ahead: Offset | null = null;
    let firstAhead: Offset | null = null;
    let isLogEnd = false;
    while (!isLogEnd && !window.isFull(countMax)) {
      const slice = await this.#log.read(place, next, PAGE_COUNT_MAX);
      for (const record of slice.records) {
        const event = this.#ofLane(record, aside.partition, aside.marker);
        if (event === null || event.offset < from) continue;
        if (event.offset < below) {
          window.add(event);
          continue;
        }
        firstAhead ??= record.offset;
        ahead = lowest(ahead, event.offset);
      }
      ({ next, isEnd: isLogEnd } = slice);
    }
    return { window, next, ahead, firstAhead, isLogEnd };
  }

  #ofLane(
    record: SourceRecord,
    of: TopicPartition,
    { lane, firstEpoch }: Marker,
  ): ParkedEvent | null {
    const origin = originOf(record);
    if (origin?.topic !== of.topic || origin.partition !== of.partition) return null;
    const isOfLane =
      this.#topics.lanes === "partition" || (record.key !== null && latin1(record.key) === lane);
    const isOfRun = (asideEpochOf(record) ?? Infinity) >= firstEpoch;
    return isOfLane && isOfRun ? { offset: origin.offset, record } : null;
  }

  async #deadLetter(partition: TopicPartition, marker: Marker): Promise<SourceRecord> {
    const origin = {
      topic: partition.topic,
      partition: partition.partition,
      offset: marker.offset,
    };
    const place = this.#places.ofMarker(marker);
    if (place !== null) {
      const dead = { topic: this.#topics.dead, partition: place.partition };
      const { records } = await this.#log.read(dead, place.offset, 1);
      const [record] = records;
      if (record !== undefined && isOf(record, origin)) {
        return isCut(record) ? this.#source(origin) : originalRecord(record, origin);
      }
    }
    return this.#source(origin);
  }

  /** The event as it lay in the log; one that was cut is taken from there. */
  #whole({ record, offset }: ParkedEvent): Promise<SourceRecord> | SourceRecord {
    const origin = originOf(record);
    if (origin === null) throw new MillraceError("DECODE_FAILED", `no origin: offset ${offset}`);
    return isCut(record) ? this.#source(origin) : originalRecord(record, origin);
  }

  async #source(origin: Origin): Promise<SourceRecord> {
    const { records } = await this.#log.read(origin, origin.offset, 1);
    const [record] = records;
    if (record?.offset === origin.offset) return record;
    const { topic, partition, offset } = origin;
    const name = `${topic}/${partition}/${offset}`;
    throw new MillraceError(
      "OFFSETS_GONE",
      `event is neither in an own topic nor in the log: ${name}`,
    );
  }

  async #prepare(record: SourceRecord): Promise<NewRecord<PreparedEvent>> {
    for (;;) {
      const preparation: Preparation = this.#preparer.prepare(record);
      if (preparation.kind !== "schema-needed") return newRecord(record, preparation);
      await this.#preparer.loadSchema(preparation.schemaId);
    }
  }
}

function isOf(record: SourceRecord, { topic, partition, offset }: Origin): boolean {
  const origin = originOf(record);
  return origin?.topic === topic && origin.partition === partition && origin.offset === offset;
}

function lowest(...offsets: readonly (Offset | null)[]): Offset | null {
  const known = offsets.filter((offset) => offset !== null);
  return known.length === 0 ? null : asOffset(Math.min(...known));
}
