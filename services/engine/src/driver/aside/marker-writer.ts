/**
 * Writes a target's markers, their releases, and how far detours have come.
 *
 * Each is read back before it counts, and written again under a new epoch where it does not hold (epoch-fence.ts).
 */
import type { Detour } from "../../core/aside/detour.ts";
import type { Offset, TargetId, TopicPartition } from "../../core/lanes/identity.ts";
import type { Mark, Marker } from "../../core/aside/marker.ts";
import type { ProgressEntry } from "../../core/aside/progress.ts";
import { assert } from "../../errors.ts";
import type { PreparedEvent } from "../../ports.ts";
import type { EpochFence, OwnPartition, Written } from "./epoch-fence.ts";
import type { DeadLetterPlaces } from "../dead-letters/dead-letter-places.ts";
import type { DriverPorts } from "../options.ts";
import {
  markerKey,
  progressKey,
  readMarker,
  readProgress,
  type MarkerValue,
  type ProgressValue,
} from "./state-keys.ts";
import { TrailWriter, type TrailStep } from "./trail-writer.ts";

/** A marker or release to be written. */
interface MarkerEntry {
  readonly partition: OwnPartition;
  readonly lane: string;
  readonly value: Omit<MarkerValue, "v" | "at">;
}

/** What a writer works with. */
export interface MarkerWriterPorts {
  readonly clock: DriverPorts["clock"];
  readonly stateLog: DriverPorts["stateLog"];
  readonly fence: EpochFence;
  readonly places: DeadLetterPlaces;
}

/** See the head of this file. */
export class MarkerWriter {
  readonly #target: TargetId;
  readonly #ports: MarkerWriterPorts;
  #writeCount = 0;
  readonly #trails: TrailWriter;

  constructor(target: TargetId, ports: MarkerWriterPorts) {
    this.#target = target;
    this.#ports = ports;
    this.#trails = new TrailWriter(ports);
  }

  /**
   * Resolves with the marker as it stands, once it is acknowledged and known to hold.
   * @throws MillraceError of the state log, may be repeated; `CLAIM_LOST`.
   */
  async mark({ partition, delivery, marker, earlier }: Mark<PreparedEvent>): Promise<Marker> {
    const { places } = this.#ports;
    const { kind, lane, firstEpoch, offset, redriveCount, keyCount } = marker;
    const dead =
      delivery === null ? earlier && places.ofMarker(earlier) : places.ofDelivery(delivery);
    const value = { kind, firstEpoch, offset, redriveCount, keyCount, dead };
    const { epoch } = await this.#append({ partition, lane, value });
    const written = { ...marker, epoch };
    places.noteMarker(written, dead);
    return written;
  }

  /**
   * Resolves when the release is acknowledged and holds; what it ends may still be deleted after.
   * @throws MillraceError of the state log, may be repeated; `CLAIM_LOST`.
   */
  async release({ aside: { partition, marker, next } }: Detour<PreparedEvent>): Promise<void> {
    const { lane } = marker;
    const { at } = await this.#append({ partition, lane, value: { ...RELEASED, offset: next } });
    // The next owner deletes what is left here.
    this.#forget(partition, lane, at).catch(() => undefined);
  }

  /**
   * Resolves when all of it is acknowledged and holds.
   * @throws MillraceError of the state log, may be repeated; `CLAIM_LOST`.
   */
  progress(entries: readonly ProgressEntry<PreparedEvent>[]): Promise<void> {
    return this.#trails.write(entries.map((entry) => this.#stepOf(entry)));
  }

  #stepOf({ partition, marker, ...how }: ProgressEntry<PreparedEvent>): TrailStep {
    const { lane, offset, epoch } = marker;
    const { next, cursor, dropBelow } = how;
    const drop = dropBelow === null ? {} : { dropBelow };
    const value: ProgressValue = { v: 1, marker: { epoch, offset }, next, cursor, ...drop };
    return {
      ...{ partition, of: marker, isLast: false, value },
      keyOf: (name) => progressKey(this.#target, partition, { lane, ...name }),
    };
  }

  async #append({ partition, lane, value }: MarkerEntry): Promise<Written> {
    const { clock, fence, stateLog } = this.#ports;
    for (;;) {
      this.#writeCount += 1;
      const epoch = fence.epochOf(partition);
      const key = markerKey(this.#target, partition, { epoch, lane, write: this.#writeCount });
      const time = new Date(clock.wallNow()).toISOString();
      const [at] = await stateLog.append([{ key, value: { v: 1, ...value, at: time } }]);
      assert(at !== undefined, "I31: a marker was acknowledged without its offset");
      if (await fence.holds(partition, { epoch, at })) return { epoch, at };
    }
  }

  #place({ topic, partition }: TopicPartition): string {
    return `${this.#target}/${topic}/${partition}/`;
  }

  /** Deletes what a release that holds has ended, and then the release. */
  async #forget(partition: TopicPartition, lane: string, at: Offset): Promise<void> {
    const { stateLog } = this.#ports;
    const place = this.#place(partition);
    const markers = stateLog
      .list(`marker/${place}`)
      .filter(([key, { offset, value }]) => offset <= at && readMarker(key, value)?.lane === lane);
    const progress = stateLog
      .list(`progress/${place}`)
      .filter(([key, { offset, value }]) => offset < at && readProgress(key, value)?.lane === lane);
    const isRelease = (offset: Offset): boolean => offset === at;
    const ended = [...markers.filter(([, { offset }]) => !isRelease(offset)), ...progress];
    const release = markers.filter(([, { offset }]) => isRelease(offset));
    const tombstones = (entries: readonly (readonly [string, unknown])[]) =>
      entries.map(([key]) => ({ key, value: null }));
    if (ended.length > 0) await stateLog.append(tombstones(ended));
    if (release.length > 0) await stateLog.append(tombstones(release));
  }
}

/** What a release says besides how far its key is settled. */
export const RELEASED = { kind: "released", redriveCount: 0, keyCount: 0, dead: null } as const;
