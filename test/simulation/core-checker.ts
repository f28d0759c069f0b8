/**
 * What the engine's effects must never break, kept the naive way: sets of offsets, looked at after each step. Shares
 * no code with the engine but the decoder of its done set.
 */
import { strict as assert } from "node:assert";
import {
  decodeDoneSet,
  type Delivery,
  type Effect,
  type EngineConfig,
  type EngineState,
  type Marker,
  type Outcome,
} from "@millrace/engine";
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
  readonly markers = new Map<string, Marker>();
  /** Settled in any epoch. */
  readonly everSettled = new Set<number>();
  /** Highest offset by key whose first attempt has begun. */
  readonly #firstSent = new Map<string, number>();
  readonly #sent = new Set<number>();

  constructor(name: string) {
    this.name = name;
  }

  /** A record of a lane that is set aside, at or before its dead letter: its new owner takes it as settled. */
  isSettledByMarker({ offset }: LogRecord, lane: string | null): boolean {
    const marker = lane === null ? undefined : this.markers.get(lane);
    if (marker === undefined) return false;
    const isHead = offset === marker.offset;
    if (offset > marker.offset || (isHead && marker.kind === "block")) return false;
    const isTrue = isHead ? this.dead.has(offset) : this.everSettled.has(offset);
    assert.ok(isTrue, `S5: the marker of ${lane} passes ${this.name}/${offset}`);
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
  lastCommit: number;

  constructor({ offset, metadata }: PartitionTruth["committed"], logEnd: number) {
    this.lastCommit = offset;
    this.settled = new Set(expand(decodeDoneSet(metadata, offset, logEnd)));
  }
}

/** Checks the effects of steps. */
export class CoreChecker {
  readonly partitions: readonly PartitionTruth[];
  readonly #state: Readonly<EngineState<LogRecord>>;
  readonly #isOrdered: boolean;
  /** Keys go on after a dead letter. */
  readonly #goesOn: boolean;

  constructor(
    partitions: readonly PartitionTruth[],
    state: Readonly<EngineState<LogRecord>>,
    { order, onDeadLetter }: EngineConfig,
  ) {
    this.partitions = partitions;
    this.#state = state;
    this.#isOrdered = order !== "none";
    this.#goesOn = onDeadLetter === "skip";
  }

  truthOf({ partition }: { readonly partition: number }): PartitionTruth {
    const truth = this.partitions[partition];
    assert.ok(truth !== undefined);
    return truth;
  }

  /** One effect, as it comes. */
  check(effect: Effect<LogRecord>, now: number): void {
    switch (effect.kind) {
      case "attempt":
        return this.#attempt(effect.delivery);
      case "dead-letter":
        return this.#begin([effect.delivery]);
      case "mark":
        return this.#mark(effect.delivery);
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
    this.#begin([delivery]);
    const truth = this.truthOf(delivery.partition);
    const { name } = delivery.lane;
    assert.ok(name === null || !truth.markers.has(name), `S10: ${name} is set aside`);
    truth.noteSent(delivery.payload);
  }

  /** I17: the dead letter stands, and is what the marker is of. */
  #mark(delivery: Named): void {
    const truth = this.truthOf(delivery.partition);
    assert.ok(truth.dead.has(delivery.offset), "I17: a marker before its dead letter");
    this.#begin([delivery]);
  }

  /** I2, I4, S9, S14: an attempt or a write of the lowest unsettled events of its lane, once at a time. */
  #begin(run: readonly Named[]): void {
    for (const [index, delivery] of run.entries()) {
      const before = new Set(run.slice(0, index).map(({ offset }) => offset as number));
      this.#beginOne(delivery, before);
    }
  }

  #beginOne({ partition, offset, payload }: Named, before: ReadonlySet<number>): void {
    const truth = this.truthOf(partition);
    const { epoch } = truth;
    assert.ok(epoch !== null && partition.isOwned, `I4: ${truth.name}/${offset} is not owned`);
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

  #settle({ partition, offset, lane }: Named, outcome: Outcome): void {
    const truth = this.truthOf(partition);
    const { epoch, name } = truth;
    if (outcome === "dead-lettered") {
      assert.ok(truth.dead.has(offset), `S15: ${name}/${offset} has no dead letter`);
      const isMarked = lane.name === null || this.#goesOn || truth.markers.has(lane.name);
      assert.ok(isMarked, `I17: ${name}/${offset} settles without a marker`);
    }
    if (outcome === "parked") {
      assert.ok(truth.parked.has(offset), `I18: ${name}/${offset} is not parked`);
      const marker = truth.markers.get(lane.name ?? "");
      assert.ok(marker !== undefined && marker.offset < offset, `S10: ${name}/${offset} is parked`);
    }
    truth.everSettled.add(offset);
    assert.ok(epoch !== null && partition.isOwned, `I4: ${name}/${offset} settles unowned`);
    assert.ok(!epoch.settled.has(offset), `I3: ${name}/${offset} settles twice`);
    epoch.open.delete(offset);
    epoch.settled.add(offset);
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

function expand(runs: readonly { readonly from: number; readonly to: number }[]): number[] {
  return runs.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
}
