/**
 * What owners write to a target's own topics, as plain sets: two sources that share a partition, their keys, and whoever owns
 * them. It knows at each moment which records someone would still read, which those who delete them must not.
 */
import type { AsideLetter } from "../src/driver/aside/closed-prefix.ts";
import type { SetAsideKey } from "../src/driver/aside/set-aside-keys.ts";
import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  type TopicPartition,
} from "../src/core/lanes/identity.ts";
import type { SourceRecord } from "../src/ports.ts";
import type { SeededDraws } from "./seeded-draws.ts";

/** A record of an own topic. */
export interface HistoryRecord {
  readonly name: string;
  readonly record: SourceRecord;
  readonly lane: Lane;
  /** Of its event. */
  readonly event: number;
  /** Of whoever wrote it. */
  readonly epoch: number;
  isDeleted: boolean;
}

interface Marker {
  kind: SetAsideKey["kind"];
  offset: number;
  /** Nothing that was parked in an earlier one is read behind it. */
  firstEpoch: number;
  redriveCount: number;
  /** How far the way back has come, as it is written. */
  next: number;
  dead: HistoryRecord | null;
}

/** A dead letter whose marker is still to be written. */
interface Pending {
  readonly event: number;
  readonly redriveCount: number;
  readonly letter: HistoryRecord;
  readonly isOnWayBack: boolean;
}

interface Lane {
  readonly source: Source;
  /** Null: its events hold nothing. */
  readonly key: string | null;
  readonly events: number[];
  /** Not settled, ascending. */
  todo: number[];
  marker: Marker | null;
  /** How far the way back has come, as its owner knows. */
  next: number;
  pending: Pending | null;
}

interface Source extends TopicPartition {
  nextOffset: number;
  epoch: number;
  readonly settled: Set<number>;
  committed: ReadonlySet<number>;
  readonly lanes: readonly Lane[];
}

/** Something that an overtaken owner is about to write. */
type Late = () => void;

/** See the head of this file. */
export class AsideHistory {
  readonly dead: HistoryRecord[] = [];
  readonly parked: HistoryRecord[] = [];
  readonly #draws: SeededDraws;
  readonly #sources: readonly Source[];
  readonly #resolvedAt = new Map<string, number>();
  readonly #late: Late[] = [];
  #now = 0;

  constructor(draws: SeededDraws) {
    this.#draws = draws;
    this.#sources = ["users", "orders"].map((name) => newSource(name, ["a", "b", null]));
  }

  /** One thing happens. */
  act(): void {
    this.#now += 1;
    const source = this.#draws.pick(this.#sources);
    const lane = this.#draws.pick(source.lanes);
    const draw = this.#draws.below(100);
    if (draw < 25) this.#emit(lane);
    else if (draw < 55) this.#goOn(lane);
    else if (draw < 75) this.#comeBack(lane);
    else if (draw < 85) source.committed = new Set(source.settled);
    else if (draw < 89) this.#crash(source);
    else if (draw < 90) this.#rewind(source);
    else if (draw < 94) this.#draws.take(this.#late)?.();
    else this.#resolve();
  }

  /** Some things happen, or none. */
  goOn(): void {
    for (let left = this.#draws.below(6); left > 0; left -= 1) this.act();
  }

  /** Nothing is refused any more, and people see to the rest. */
  comeToRest(): void {
    for (const late of this.#late.splice(0)) late();
    for (const source of this.#sources) {
      for (const lane of source.lanes) {
        while (lane.pending !== null || lane.todo.length > 0 || lane.marker !== null) {
          if (lane.marker?.kind === "block") this.#comeBack(lane);
          else if (lane.pending !== null || lane.todo.length > 0) this.#goOn(lane, "delivered");
          else this.#comeBack(lane, "delivered");
        }
      }
      source.committed = new Set(source.settled);
    }
    for (const one of this.dead)
      this.#resolvedAt.set(nameOf(one.lane.source, one.event), this.#now);
  }

  /** What the group has committed, as it is read now. */
  readCommits(): (event: Pick<AsideLetter, "topic" | "offset">) => boolean {
    const committed = new Map(this.#sources.map((source) => [source.topic, source.committed]));
    return ({ topic, offset }) => committed.get(topic)?.has(offset) === true;
  }

  /** What the state topic tells, as it is read now. */
  readMarkers(): readonly SetAsideKey[] {
    return this.#sources.flatMap(({ topic, partition, lanes }) =>
      lanes.flatMap(({ key, marker }): SetAsideKey[] => {
        if (key === null || marker === null) return [];
        const { kind, redriveCount } = marker;
        const firstEpoch = asEpoch(marker.firstEpoch);
        const [offset, next] = [asOffset(marker.offset), asOffset(marker.next)];
        const name = asRecordKey(key);
        const place = { topic, partition };
        const keep = { dead: null, since: null };
        return [{ ...place, ...keep, kind, firstEpoch, key: name, offset, next, redriveCount }];
      }),
    );
  }

  isResolved({ topic, offset, writtenAtMs }: AsideLetter): boolean {
    const at = this.#resolvedAt.get(`${topic}/${offset}`);
    return at !== undefined && writtenAtMs <= at;
  }

  /** Deletes the first so many records of a topic. */
  delete(kind: "dead" | "parked", count: number): void {
    for (const one of this[kind].slice(0, count)) one.isDeleted = true;
  }

  /** Records that are gone and that someone may still read. */
  missing(): readonly string[] {
    const gone = (kind: "dead" | "parked"): readonly HistoryRecord[] =>
      this[kind].filter(({ isDeleted }) => isDeleted);
    const letters = gone("dead").filter((one) => this.#isLetterNeeded(one));
    const parked = gone("parked").filter((one) => this.#isParkedNeeded(one));
    return [...letters, ...parked].map(({ name }) => name);
  }

  #isLetterNeeded(one: HistoryRecord): boolean {
    const { lane, event, record } = one;
    if (lane.marker?.dead === one || lane.pending?.letter === one) return true;
    if (lane.key !== null) return false;
    const place = { ...lane.source, offset: asOffset(event) };
    return !this.isResolved({ ...place, writtenAtMs: record.timestampMs, holdsKey: false });
  }

  /** Any of several records of an event will do; one that is still to be settled is parked anew. */
  #isParkedNeeded({ lane, event, epoch }: HistoryRecord): boolean {
    const { marker, todo } = lane;
    if (marker === null || marker.next > event || todo.includes(event)) return false;
    if (epoch < marker.firstEpoch) return false;
    // That one's dead letter is read instead.
    if (marker.kind === "quarantine" && marker.offset === event) return false;
    return !this.parked.some((other) => isRead(other, lane) && other.event === event);
  }

  #emit(lane: Lane): void {
    const { source } = lane;
    lane.events.push(source.nextOffset);
    lane.todo.push(source.nextOffset);
    source.nextOffset += 1;
  }

  /** The key's own lane does the next thing. */
  #goOn(lane: Lane, answer?: "delivered"): void {
    if (lane.pending !== null) return this.#mark(lane, lane.pending);
    const { marker } = lane;
    const [event] = lane.todo;
    if (event === undefined || marker?.kind === "block") return;
    if (marker !== null) {
      const isSettled = marker.kind === "deferred" ? event < marker.offset : event <= marker.offset;
      if (!isSettled) this.#write("parked", lane, { event });
      return settle(lane);
    }
    const draw = answer === undefined ? this.#draws.below(10) : 9;
    if (draw < (lane.key === null ? 1 : 3))
      return this.#giveUp(lane, { event, redriveCount: 0, isOnWayBack: false });
    if (draw > 4 || lane.key === null) return settle(lane);
    const place = { offset: event, next: event, firstEpoch: lane.source.epoch };
    lane.marker = { kind: "deferred", ...place, redriveCount: 0, dead: null };
    lane.next = event;
  }

  #giveUp(lane: Lane, of: Omit<Pending, "letter">): void {
    const letter = this.#write("dead", lane, of);
    if (lane.key === null) settle(lane);
    else lane.pending = { ...of, letter };
  }

  #mark(lane: Lane, { event, redriveCount, letter, isOnWayBack }: Pending): void {
    const isBlock = !isOnWayBack && this.#draws.chance(0.3);
    const kind = isBlock ? "block" : "quarantine";
    const firstEpoch = lane.marker?.firstEpoch ?? lane.source.epoch;
    lane.marker = { kind, offset: event, firstEpoch, redriveCount, next: event, dead: letter };
    lane.next = event;
    lane.pending = null;
    if (!isOnWayBack && !isBlock) settle(lane);
  }

  /** The way back of a key does the next thing. */
  #comeBack(lane: Lane, answer?: "delivered"): void {
    const { marker } = lane;
    if (marker === null || lane.pending !== null) return;
    if (marker.kind === "block") {
      marker.kind = "quarantine";
      if (lane.todo[0] === marker.offset) settle(lane);
      return;
    }
    if (this.#draws.chance(0.3)) marker.next = lane.next;
    const isAgain = marker.kind === "quarantine" && lane.next <= marker.offset;
    const event = isAgain ? marker.offset : this.#nextParked(lane);
    if (event === null) {
      lane.marker = null;
    } else if (event < (lane.todo[0] ?? Infinity)) {
      const redriveCount = isAgain ? marker.redriveCount + 1 : 0;
      const isRefused = answer === undefined && this.#draws.chance(0.3);
      if (isRefused) this.#giveUp(lane, { event, redriveCount, isOnWayBack: true });
      else lane.next = event + 1;
    }
  }

  #nextParked(lane: Lane): number | null {
    const own = this.parked.filter((one) => isRead(one, lane) && one.event >= lane.next);
    return own.length === 0 ? null : Math.min(...own.map(({ event }) => event));
  }

  /** Another owner goes on from what is written; the one before may not know. */
  #crash(source: Source): void {
    for (const lane of source.lanes) {
      const [event] = lane.todo;
      if (event !== undefined && this.#draws.chance(0.3)) {
        const kind = lane.marker === null ? "dead" : "parked";
        const { epoch } = source;
        this.#late.push(() => void this.#write(kind, lane, { event, epoch }));
      }
      lane.pending = null;
      lane.next = lane.marker?.next ?? 0;
    }
    source.epoch += 1;
    source.settled.clear();
    for (const event of source.committed) source.settled.add(event);
    resume(source);
  }

  /** People set the group's offsets, back or on; nobody owns the partition then. */
  #rewind(source: Source): void {
    const to = this.#draws.below(source.nextOffset + 1);
    source.committed = new Set(Array.from({ length: to }, (_, event) => event));
    this.#crash(source);
    for (const lane of source.lanes) {
      if (lane.marker?.kind === "deferred" && to <= lane.marker.next) lane.marker = null;
    }
  }

  #resolve(): void {
    const loose = this.dead.filter(({ lane }) => lane.key === null);
    if (loose.length === 0) return;
    const { lane, event } = this.#draws.pick(loose);
    this.#resolvedAt.set(nameOf(lane.source, event), this.#now);
  }

  #write(
    kind: "dead" | "parked",
    lane: Lane,
    of: { readonly event: number; readonly redriveCount?: number; readonly epoch?: number },
  ): HistoryRecord {
    const { event, redriveCount = 0, epoch = lane.source.epoch } = of;
    const log = this[kind];
    const { topic, partition } = lane.source;
    const texts = {
      ...{ "millrace-topic": topic, "millrace-partition": partition, "millrace-offset": event },
      ...{ "millrace-redrive-count": redriveCount, "millrace-holds-key": lane.key !== null },
      "millrace-epoch": epoch,
    };
    const named = Object.entries(texts).map(
      ([name, text]) => [name, Buffer.from(String(text))] as const,
    );
    const one: HistoryRecord = {
      name: `${kind} ${log.length}: ${topic}/${event} of ${lane.key}`,
      ...{ lane, event, epoch, isDeleted: false },
      record: {
        ...{ topic: asTopic(kind), partition, offset: asOffset(log.length) },
        ...{ timestampMs: this.#now, value: null },
        key: lane.key === null ? null : Buffer.from(lane.key),
        headers: Object.fromEntries(named),
      },
    };
    log.push(one);
    return one;
  }
}

function newSource(name: string, keys: readonly (string | null)[]): Source {
  const lanes: Lane[] = [];
  const source: Source = {
    ...{ topic: asTopic(name), partition: asPartition(0), nextOffset: 0, epoch: 0 },
    ...{ settled: new Set<number>(), committed: new Set<number>(), lanes },
  };
  for (const key of keys) {
    lanes.push({ source, key, events: [], todo: [], marker: null, next: 0, pending: null });
  }
  return source;
}

/** Whether a parked record is there and read on the way back of a lane. */
function isRead({ lane, epoch, isDeleted }: HistoryRecord, of: Lane): boolean {
  return lane === of && !isDeleted && epoch >= (of.marker?.firstEpoch ?? 0);
}

/** The head of a lane settles. */
function settle({ source, todo }: Lane): void {
  const event = todo.shift();
  if (event !== undefined) source.settled.add(event);
}

function resume({ lanes, settled }: Source): void {
  for (const lane of lanes) lane.todo = lane.events.filter((event) => !settled.has(event));
}

function nameOf({ topic }: Source, event: number): string {
  return `${topic}/${event}`;
}
