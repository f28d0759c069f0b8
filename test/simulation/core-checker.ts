/**
 * What the engine's effects must never break, kept the naive way: sets of offsets, looked at after each step. Shares
 * no code with the engine but the decoder of its done set.
 */
import { strict as assert } from "node:assert";
import {
  decodeDoneSet,
  type Aside,
  type AsideTakeover,
  type Delivery,
  type Effect,
  type EngineConfig,
  type EngineState,
  type Input,
  type Mark,
  type Marker,
  type Outcome,
} from "@millrace/engine";
import type { CoreReplays } from "./core-replays.ts";
import type { LogRecord } from "./core-world.ts";

type Named = Delivery<LogRecord>;

/** One partition as the checker sees it: its log, what the broker has, and the epoch that is open. */
export class PartitionTruth {
  readonly name: string;
  readonly log: LogRecord[] = [];
  committed = { offset: 0, metadata: "" };
  epoch: EpochTruth | null = null;
  /** What stands in the logs, whoever wrote it and whether anyone knows: dead letters, parked events, valid markers. */
  readonly dead = new Set<number>();
  readonly parked = new Set<number>();
  /** The same in the order of their writes, some more than once. */
  readonly parkedLog: number[] = [];
  readonly markers = new Map<string, Marker>();
  /** How far detours came, as the log tells; by lane. */
  readonly progress = new Map<string, Omit<AsideTakeover, "marker">>();
  /** What people wanted dropped: `<lane>/<dead letter>/<below>`. */
  readonly discards = new Set<string>();
  /** Dropped, by whatever owner. */
  readonly dropped = new Set<number>();
  /** Settled in any epoch. */
  readonly everSettled = new Set<number>();
  /** Of these, as parked; what was parked and never settled so is delivered from the log. */
  readonly settledParked = new Set<number>();
  /** Of these: nothing is owed of them any more, neither a redrive nor a detour. */
  readonly isOver = new Set<number>();
  /** Highest offset by key whose first attempt has begun. */
  readonly #firstSent = new Map<string, number>();
  readonly #sent = new Set<number>();

  constructor(name: string) {
    this.name = name;
  }

  /** A record of a lane that is set aside, at or before its dead letter: its new owner takes it as settled. */
  isSettledByMarker({ offset }: LogRecord, marker: Marker | undefined): boolean {
    if (marker === undefined) return false;
    const isHead = offset === marker.offset;
    if (offset > marker.offset || (isHead && marker.kind !== "quarantine")) return false;
    const isTrue = isHead ? this.dead.has(offset) : this.everSettled.has(offset);
    assert.ok(isTrue, `S5: the marker of ${marker.lane} passes ${this.name}/${offset}`);
    return true;
  }

  /** S8: first arrivals of a key come in the order of the log. */
  noteSent({ offset, key }: LogRecord): void {
    if (this.#sent.has(offset) || key === null) return;
    this.#sent.add(offset);
    assert.ok(offset > (this.#firstSent.get(key) ?? -1), `S8: ${this.name}/${offset} of ${key}`);
    this.#firstSent.set(key, offset);
  }
}

/** One epoch: what was taken in, what is open, what settled. */
export class EpochTruth {
  readonly taken = new Set<number>();
  readonly open = new Map<number, LogRecord>();
  readonly settled: Set<number>;
  /** Attempts in flight by lane. */
  readonly attempting = new Map<string, number>();
  lastCommit: number;

  constructor({ offset, metadata }: PartitionTruth["committed"], logEnd: number) {
    this.lastCommit = offset;
    this.settled = new Set(expand(decodeDoneSet(metadata, offset, logEnd)));
  }
}

/** Whose effects are checked. */
export interface CheckedEngine {
  readonly state: Readonly<EngineState<LogRecord>>;
  readonly config: EngineConfig;
  readonly replays: CoreReplays;
}

/** Checks the effects of steps. */
export class CoreChecker {
  readonly partitions: readonly PartitionTruth[];
  readonly #state: Readonly<EngineState<LogRecord>>;
  readonly #replays: CoreReplays;
  readonly #isOrdered: boolean;
  /** Keys go on after a dead letter. */
  readonly #goesOn: boolean;
  /** What other processes were asked, at the longest. */
  #toldUntil = 0;

  constructor(partitions: readonly PartitionTruth[], of: CheckedEngine) {
    const { order, onDeadLetter } = of.config;
    this.partitions = partitions;
    this.#state = of.state;
    this.#replays = of.replays;
    this.#isOrdered = order !== "none";
    this.#goesOn = onDeadLetter === "skip";
  }

  truthOf({ partition }: { readonly partition: number }): PartitionTruth {
    const truth = this.partitions[partition];
    assert.ok(truth !== undefined);
    return truth;
  }

  /** An attempt is over, whatever came of it. */
  endAttempt(delivery: Named): void {
    const name = laneOf(delivery);
    if (name === null || !delivery.partition.isOwned) return;
    this.truthOf(delivery.partition).epoch?.attempting.delete(name);
  }

  /** Another process was asked to wait for so long; gives the input that says so. */
  throttle(forMs: number, now: number): Input<LogRecord> {
    this.#toldUntil = Math.max(this.#toldUntil, now + forMs);
    return { kind: "throttle", forMs, by: "other" };
  }

  /** One effect, as it comes. */
  check(effect: Effect<LogRecord>, now: number): void {
    switch (effect.kind) {
      case "attempt":
        assert.ok(
          now >= this.#toldUntil,
          "I39: an attempt while another process was asked to wait",
        );
        return this.#attempt(effect.delivery);
      case "dead-letter":
        return this.#begin([effect.delivery]);
      case "mark":
        return this.#mark(effect);
      case "release":
        return this.#release(effect.detour.aside);
      case "park":
        return this.#begin(effect.deliveries);
      case "settled":
        return this.#settle(effect.delivery, effect.outcome);
      case "commit":
        assert.equal(this.#state.membership === "none", false, "a commit without membership");
        assert.equal(effect.generation, this.#state.generation, "I5: an old generation's commit");
        for (const commit of effect.commits) this.#commit(commit);
        return;
      case "wake":
        assert.ok(effect.at > now, `a wake that is due already: ${effect.at} at ${now}`);
        return;
      default:
    }
  }

  #attempt(delivery: Named): void {
    const { inFlightCount, slotCount, membership } = this.#state;
    assert.equal(membership, "active", "an attempt outside of membership");
    assert.ok(inFlightCount <= slotCount, `more in flight than slots: ${inFlightCount}`);
    assert.equal(delivery.verdict.kind, "deliver");
    const truth = this.truthOf(delivery.partition);
    const name = laneOf(delivery);
    if (delivery.lane.replay !== null) {
      this.#replays.checkAttempt(delivery);
      if (name !== null) this.#enter(truth, name, delivery);
      return;
    }
    assert.ok(!truth.dropped.has(delivery.offset), `I40: ${truth.name} sends what is dropped`);
    this.#begin([delivery]);
    const isAside = name !== null && truth.markers.has(name);
    assert.equal(isAside, delivery.lane.detour !== null, `S10: ${name} is set aside, or not`);
    if (name !== null) this.#checkAlone(truth, name, delivery);
    truth.noteSent(delivery.payload);
  }

  /** I29, S9: one attempt of a key at a time, on a detour or not, and nothing is owed of what came before. */
  #checkAlone(truth: PartitionTruth, name: string, { offset, payload }: Named): void {
    this.#enter(truth, name, { offset });
    for (const other of truth.log.slice(0, offset)) {
      const isSame = name === "" || other.key === payload.key;
      const isPassed = other.isGap || other.kind === "filtered" || truth.isOver.has(other.offset);
      assert.ok(!isSame || isPassed, `S9: ${truth.name}/${offset} before ${other.offset}`);
    }
  }

  /** I32: no key is called twice at once, by a replay either. */
  #enter({ epoch, name: place }: PartitionTruth, name: string, of: Pick<Named, "offset">): void {
    assert.ok(epoch !== null, `I4: ${place}/${of.offset} is not owned`);
    const other = epoch.attempting.get(name);
    assert.equal(other, undefined, `I32: ${place}/${of.offset} beside ${other}`);
    epoch.attempting.set(name, of.offset);
  }

  /** I17: the dead letter stands, and is what the marker is of. */
  #mark({ delivery, marker, partition }: Mark<LogRecord>): void {
    const truth = this.truthOf(partition);
    const isDeferred = marker.kind === "deferred";
    assert.ok(isDeferred || truth.dead.has(marker.offset), "I17: a marker before its dead letter");
    if (delivery !== null) this.#begin([delivery]);
  }

  /** I30: nothing of the key that was parked, or dead-lettered, is owed. */
  #release({ marker, partition }: Aside<LogRecord>): void {
    const truth = this.truthOf(partition);
    for (const offset of new Set([marker.offset, ...truth.settledParked])) {
      const record = truth.log[offset];
      const isSame = marker.lane === "" || record?.key === marker.lane;
      const isOwed = isSame && offset >= marker.offset && !truth.isOver.has(offset);
      // A deferred event that was never parked waits in its lane.
      const isLeft = marker.kind === "deferred" && !truth.settledParked.has(offset);
      assert.ok(!isOwed || isLeft, `I30: ${truth.name}/${offset} is left behind`);
    }
  }

  /** I2, I4, S9, S14: an attempt or a write of the lowest unsettled events of its lane, once at a time. */
  #begin(run: readonly Named[]): void {
    for (const [index, delivery] of run.entries()) {
      const before = new Set(run.slice(0, index).map(({ offset }) => offset as number));
      this.#beginOne(delivery, before);
    }
  }

  #beginOne({ partition, offset, payload, lane }: Named, before: ReadonlySet<number>): void {
    const truth = this.truthOf(partition);
    const { epoch } = truth;
    assert.ok(epoch !== null && partition.isOwned, `I4: ${truth.name}/${offset} is not owned`);
    if (lane.detour !== null) return;
    assert.ok(epoch.taken.has(offset), "an event that was never taken in");
    assert.ok(!epoch.settled.has(offset), `S14: ${truth.name}/${offset} is settled`);
    assert.ok(!epoch.open.has(offset), `I2: ${truth.name}/${offset} is open`);
    if (this.#isOrdered && payload.key !== null) {
      for (const other of epoch.taken) {
        const isBefore = other < offset && truth.log[other]?.key === payload.key;
        const isOver = epoch.settled.has(other) || before.has(other);
        assert.ok(!isBefore || isOver, `S9: ${other} before ${offset}`);
      }
    }
    epoch.open.set(offset, payload);
  }

  #settle(delivery: Named, outcome: Outcome): void {
    const { partition, offset, lane } = delivery;
    const truth = this.truthOf(partition);
    const { epoch, name } = truth;
    const isOver =
      outcome === "delivered" || (outcome === "dead-lettered" && this.#isUnmarked(lane));
    if (isOver) truth.isOver.add(offset);
    if (outcome === "skipped") this.#drop(delivery);
    if (lane.detour !== null) return;
    if (outcome === "dead-lettered") {
      assert.ok(truth.dead.has(offset), `S15: ${name}/${offset} has no dead letter`);
      const isMarked = this.#isUnmarked(lane) || truth.markers.has(lane.name ?? "");
      assert.ok(isMarked, `I17: ${name}/${offset} settles without a marker`);
    }
    if (outcome === "parked") {
      assert.ok(truth.parked.has(offset), `I18: ${name}/${offset} is not parked`);
      const marker = truth.markers.get(lane.name ?? "");
      const first = (marker?.offset ?? Infinity) + (marker?.kind === "deferred" ? 0 : 1);
      assert.ok(offset >= first, `S10: ${name}/${offset} is parked`);
      truth.settledParked.add(offset);
    }
    truth.everSettled.add(offset);
    assert.ok(epoch !== null && partition.isOwned, `I4: ${name}/${offset} settles unowned`);
    assert.ok(!epoch.settled.has(offset), `I3: ${name}/${offset} settles twice`);
    epoch.open.delete(offset);
    epoch.settled.add(offset);
  }

  /** I40: someone wanted it dropped, the log says so, and a commit covers it: no later owner sends it. */
  #drop({ partition, offset, lane }: Named): void {
    const truth = this.truthOf(partition);
    const { name, committed, log, progress, discards } = truth;
    const marker = lane.detour?.aside.marker;
    const below = progress.get(marker?.lane ?? "")?.dropBelow ?? 0;
    assert.ok(marker !== undefined && offset < below, `I40: ${name}/${offset} is dropped`);
    const wish = `${marker.lane}/${marker.offset}/${below}`;
    assert.ok(discards.has(wish), `I40: nobody wanted ${name}/${offset} dropped`);
    const done = expand(decodeDoneSet(committed.metadata, committed.offset, log.length));
    const isCovered = offset < committed.offset || done.includes(offset);
    assert.ok(isCovered, `I40: ${name}/${offset} is dropped before a commit covers it`);
    truth.dropped.add(offset);
    truth.isOver.add(offset);
  }

  /** Nothing is set aside for a dead letter of this lane. */
  #isUnmarked({ name, detour }: Named["lane"]): boolean {
    return this.#goesOn || (name === null && detour === null);
  }

  /** S5 to S7: all below is settled, nothing goes back, and the done set tells no more and no less than the truth. */
  #commit({
    partition,
    offset,
    metadata,
  }: {
    readonly partition: number;
    readonly offset: number;
    readonly metadata: string;
  }): void {
    const { epoch, name, log } = this.truthOf({ partition });
    assert.ok(epoch !== null, "a commit of a partition that is not owned");
    assert.ok(offset >= epoch.lastCommit, `S7: ${name} goes back to ${offset}`);
    for (let below = epoch.lastCommit; below < offset; below += 1) {
      const isPassed = log[below]?.isGap === true || epoch.settled.has(below);
      assert.ok(isPassed, `S5: ${name} commits ${offset} above ${below}`);
    }
    epoch.lastCommit = offset;
    const told = new Set(expand(decodeDoneSet(metadata, offset, log.length)));
    for (const above of told) {
      const isPassed = log[above]?.isGap === true || epoch.settled.has(above);
      assert.ok(isPassed, `the done set of ${name} tells ${above}`);
    }
    for (const above of epoch.settled) {
      assert.ok(above < offset || told.has(above), `the done set of ${name} lacks ${above}`);
    }
  }
}

/** The name of a delivery's lane, on a detour too; null without. */
function laneOf({ lane }: Named): string | null {
  return lane.detour?.aside.marker.lane ?? lane.name;
}

function expand(runs: readonly { readonly from: number; readonly to: number }[]): number[] {
  return runs.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
}

/** The offset that is committed once everything before it is settled. */
export function restOf(log: readonly LogRecord[]): number {
  return log.findLastIndex(({ isGap }) => !isGap) + 1;
}
