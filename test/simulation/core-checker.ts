/**
 * What the engine's effects must never break, kept the naive way: sets of offsets, looked at after each step. Shares
 * no code with the engine but the decoder of its done set.
 */
import { strict as assert } from "node:assert";
import { decodeDoneSet, type Delivery, type Effect, type EngineState } from "@millrace/engine";
import type { LogRecord } from "./core-world.ts";

type Named = Delivery<LogRecord>;

/** One partition as the checker sees it: its log, what the broker has, and the epoch that is open. */
export class PartitionTruth {
  readonly name: string;
  readonly log: LogRecord[] = [];
  committed = { offset: 0, metadata: "" };
  epoch: EpochTruth | null = null;
  /** Highest offset by key whose first attempt has begun. */
  readonly #firstSent = new Map<string, number>();
  readonly #sent = new Set<number>();

  constructor(name: string) {
    this.name = name;
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

  constructor(
    partitions: readonly PartitionTruth[],
    state: Readonly<EngineState<LogRecord>>,
    isOrdered: boolean,
  ) {
    this.partitions = partitions;
    this.#state = state;
    this.#isOrdered = isOrdered;
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
        return this.#begin(effect.delivery);
      case "settled":
        return this.#settle(effect.delivery);
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
    this.#begin(delivery);
    this.truthOf(delivery.partition).noteSent(delivery.payload);
  }

  /** I2, I4, S9, S14: an attempt or a write of the lowest unsettled event of its lane, once at a time. */
  #begin({ partition, offset, payload }: Named): void {
    const truth = this.truthOf(partition);
    const { epoch } = truth;
    assert.ok(epoch !== null && partition.isOwned, `I4: ${truth.name}/${offset} is not owned`);
    assert.ok(epoch.taken.has(offset), "an event that was never taken in");
    assert.ok(!epoch.settled.has(offset), `S14: ${truth.name}/${offset} is settled`);
    assert.ok(!epoch.open.has(offset), `I2: ${truth.name}/${offset} is open`);
    if (this.#isOrdered && payload.key !== null) {
      for (const other of epoch.taken) {
        const isBefore = other < offset && truth.log[other]?.key === payload.key;
        assert.ok(!isBefore || epoch.settled.has(other), `S9: ${other} before ${offset}`);
      }
    }
    epoch.open.set(offset, payload);
  }

  #settle({ partition, offset }: Named): void {
    const { epoch, name } = this.truthOf(partition);
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
