import type { Detour } from "../core/detour.ts";
import { type Epoch, type Offset, type TargetId, type TopicPartition } from "../core/identity.ts";
import type { Mark } from "../core/marker.ts";
import type { ProgressEntry } from "../core/progress.ts";
import { assert } from "../errors.ts";
import type { PreparedEvent } from "../ports.ts";
import type { DeadLetterPlaces } from "./dead-letter-places.ts";
import { isFenced } from "./markers.ts";
import type { DriverPorts } from "./options.ts";
import {
  markerKey,
  progressKey,
  readMarker,
  readProgress,
  type MarkerValue,
  type ProgressValue,
} from "./state-keys.ts";

/** A marker or release to be written. */
interface MarkerEntry {
  readonly partition: TopicPartition & { readonly epoch: Epoch };
  readonly lane: string;
  readonly value: Omit<MarkerValue, "v" | "at">;
}

/** Writes a target's markers, their releases, and how far detours have come. */
export class MarkerWriter {
  readonly #target: TargetId;
  readonly #ports: Pick<DriverPorts, "clock" | "stateLog">;
  readonly #places: DeadLetterPlaces;
  #writeCount = 0;

  constructor(
    target: TargetId,
    ports: Pick<DriverPorts, "clock" | "stateLog">,
    places: DeadLetterPlaces,
  ) {
    this.#target = target;
    this.#ports = ports;
    this.#places = places;
  }

  /**
   * Resolves when the marker is acknowledged.
   * @throws MillraceError of the state log; may be repeated.
   */
  async mark({ partition, delivery, marker, earlier }: Mark<PreparedEvent>): Promise<void> {
    const { kind, lane, offset, redriveCount, keyCount } = marker;
    const dead =
      delivery === null
        ? earlier && this.#places.ofMarker(earlier)
        : this.#places.ofDelivery(delivery);
    this.#places.noteMarker(marker, dead);
    await this.#append({
      partition,
      lane,
      value: { kind, offset, redriveCount, keyCount, dead },
    });
  }

  /**
   * Resolves when the release is acknowledged; what it ends may still be deleted after.
   * @throws MillraceError of the state log; may be repeated.
   */
  async release({ aside: { partition, marker, next } }: Detour<PreparedEvent>): Promise<void> {
    const { lane } = marker;
    const value = {
      kind: "released",
      offset: next,
      redriveCount: 0,
      keyCount: 0,
      dead: null,
    } as const;
    const at = await this.#append({ partition, lane, value });
    // The next owner deletes what is left here.
    this.#forget(partition, lane, at).catch(() => undefined);
  }

  /**
   * Resolves when all of it is acknowledged.
   * @throws MillraceError of the state log; may be repeated.
   */
  async progress(entries: readonly ProgressEntry<PreparedEvent>[]): Promise<void> {
    await this.#ports.stateLog.append(
      entries.map(({ partition, marker, next, cursor }) => {
        const { epoch, lane, offset } = { ...marker };
        const value: ProgressValue = { v: 1, marker: { epoch, offset }, next, cursor };
        const name = { epoch: partition.epoch, lane };
        return { key: progressKey(this.#target, partition, name), value };
      }),
    );
  }

  async #append({ partition, lane, value }: MarkerEntry): Promise<Offset> {
    const { clock, stateLog } = this.#ports;
    this.#writeCount += 1;
    const { epoch } = partition;
    const key = markerKey(this.#target, partition, { epoch, lane, write: this.#writeCount });
    const at = new Date(clock.wallNow()).toISOString();
    const [offset] = await stateLog.append([{ key, value: { v: 1, ...value, at } }]);
    assert(offset !== undefined, "I17: a marker was acknowledged without its offset");
    return offset;
  }

  /**
   * Deletes what a release has ended, and then the release. Only one that holds ends anything: had another owner come
   * before it, that one goes by the marker.
   */
  async #forget(
    partition: TopicPartition & { readonly epoch: Epoch },
    lane: string,
    at: Offset,
  ): Promise<void> {
    const { stateLog } = this.#ports;
    const { topic, partition: id, epoch } = partition;
    const place = `${this.#target}/${topic}/${id}/`;
    await stateLog.readTo(at);
    const claims = stateLog.list(`claim/${place}`).map(([, { offset }]) => offset);
    if (isFenced(epoch, at, claims)) return;
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
