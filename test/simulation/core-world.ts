/** A world around the engine's core, all of it from a seed: a log, a broker, a target, a group, and their faults. */
import { strict as assert } from "node:assert";
import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  createState,
  DEFAULTS,
  step,
  type AssignedInput,
  type AttemptResult,
  type Delivery,
  type Effect,
  type EngineConfig,
  type EngineState,
  type Input,
  type NewRecord,
} from "@millrace/engine";
import { SeededRandom } from "../support/seeded-random.ts";
import { CoreChecker, EpochTruth, PartitionTruth } from "./core-checker.ts";

/** A record of the simulated log; a gap is an offset that no consumer ever sees. */
export interface LogRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly isGap: boolean;
  readonly kind: "deliver" | "filtered" | "undeliverable";
}

/** A write that is open: it may stand in the log before anyone hears of it. */
type Write = Extract<Effect<LogRecord>, { kind: "dead-letter" | "mark" | "park" }>;
type CommitEffect = Extract<Effect<LogRecord>, { kind: "commit" }>;

const TOPIC = asTopic("t");
const FETCH_MAX = 6;
/** Steps after which the world must have come to rest. */
const REST_STEPS_MAX = 20_000;

/** Runs one seed. */
export class CoreWorld {
  readonly #random: SeededRandom;
  readonly #state: EngineState<LogRecord>;
  readonly #checker: CoreChecker;
  readonly #paused = new Set<number>();
  readonly #position = new Map<number, number>();
  #inFlight: Delivery<LogRecord>[] = [];
  #writes: Write[] = [];
  #commit: CommitEffect | null = null;
  /** Commits of before a fence, whose answers are still to come. */
  readonly #lateCommits: CommitEffect[] = [];
  #isDrained = false;
  #now = 0;
  #wakeAt = Infinity;
  #generation = 0;
  #epoch = 0;
  #stepCount = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    const config = randomConfig(this.#random);
    this.#state = createState<LogRecord>(config, 0);
    const partitions = Array.from(
      { length: 1 + this.#random.below(3) },
      (_, index) => new PartitionTruth(`p${index}`),
    );
    for (const { log } of partitions) fillLog(log, this.#random);
    this.#checker = new CoreChecker(partitions, this.#state, config);
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  /** Faults first, then none: everything must settle and be committed. */
  run(chaosSteps: number): void {
    this.#assign();
    for (let round = 0; round < chaosSteps; round += 1) this.#act();
    this.#rest();
  }

  #act(): void {
    const random = this.#random;
    const dice = random.next();
    if (dice < 0.3) return this.#fetch();
    if (dice < 0.62) return this.#endAttempt(randomResult(random));
    if (dice < 0.72) return this.#answerWrite(random.chance(0.8));
    if (dice < 0.725) return this.#landWrite();
    if (dice < 0.73) return this.#answerLateCommit();
    if (dice < 0.84) return this.#answerCommit();
    if (dice < 0.95) return this.#passTime(random.pick([1, 10, 30, 500, 40_000]));
    if (dice < 0.97) return this.#step({ kind: "drain" });
    if (dice < 0.985) return this.#assign();
    if (dice < 0.99) return this.#drainAndAssign();
    return this.#fence();
  }

  /** Without faults: all that is left settles, and what is committed says so. */
  #rest(): void {
    this.#assign(1);
    const { partitions } = this.#checker;
    const isDone = (truth: PartitionTruth): boolean =>
      truth.committed.offset >= restOf(truth.log) || this.#isStanding(truth);
    const isOpen = (): boolean => this.#inFlight.length + this.#writes.length > 0;
    for (let round = 0; isOpen() || !partitions.every(isDone); round += 1) {
      assert.ok(round < REST_STEPS_MAX, `L1: no rest at ${JSON.stringify(this.#positions())}`);
      this.#fetch();
      this.#endAttempt({ kind: "delivered", status: 204 });
      this.#answerWrite(true);
      if (this.#commit !== null) this.#answerCommit("acknowledged");
      this.#passTime(Math.max(1, Math.min(this.#wakeAt, this.#now + 60_000) - this.#now));
    }
    const { ready, retries, waiting, owing, inFlightCount, writingCount } = this.#state;
    const left = [ready, retries, waiting, owing].map(({ length }) => length);
    assert.deepEqual(
      [...left, inFlightCount, writingCount],
      [0, 0, 0, 0, 0, 0],
      "L5: queues at rest",
    );
    for (const { lanes, looseLanes, unsettledBytes } of this.#state.partitions.values()) {
      if (lanes.size > 0) continue;
      assert.deepEqual(
        [lanes.size, looseLanes.size, unsettledBytes],
        [0, 0, 0],
        "L5: lanes at rest",
      );
    }
  }

  /** All that is left of the partition waits behind blocked keys. */
  #isStanding({ name, log }: PartitionTruth): boolean {
    const id = Number(name.slice(1));
    const owned = this.#state.partitions.get(`${TOPIC}/${id}`);
    if (owned === undefined || owned.lanes.size === 0 || owned.looseLanes.size > 0) return false;
    const isRead = this.#paused.has(id) || (this.#position.get(id) ?? 0) >= log.length;
    return isRead && [...owned.lanes.values()].every(({ state }) => state === "blocked");
  }

  #fetch(): void {
    const owned = this.#checker.partitions.filter(({ epoch }) => epoch !== null);
    if (owned.length === 0) return;
    const truth = this.#random.pick(owned);
    const id = this.#checker.partitions.indexOf(truth);
    if (this.#paused.has(id)) return;
    // Now and then what was fetched already comes once more.
    const back = this.#random.chance(0.1) ? this.#random.below(5) : 0;
    const from = Math.max(0, (this.#position.get(id) ?? 0) - back);
    const fetched = truth.log.slice(from, from + 1 + this.#random.below(FETCH_MAX));
    this.#position.set(id, Math.max(from + fetched.length, this.#position.get(id) ?? 0));
    const records = fetched.filter(({ isGap }) => !isGap);
    const next = this.#state.partitions.get(`${TOPIC}/${id}`)?.tracker.nextOffset ?? 0;
    for (const record of records) {
      const { offset, kind } = record;
      if (offset < next) continue;
      truth.epoch?.taken.add(offset);
      const isPassed = kind === "filtered" || truth.isSettledByMarker(record, this.#laneOf(record));
      if (isPassed) truth.epoch?.settled.add(offset);
    }
    this.#step({
      kind: "records",
      topic: TOPIC,
      partition: asPartition(id),
      records: records.map(newRecord),
    });
  }

  #laneOf({ key }: LogRecord): string | null {
    const { order } = this.#state.config;
    if (order === "none") return null;
    return order === "partition" ? "" : key;
  }

  #endAttempt(result: AttemptResult): void {
    if (this.#inFlight.length === 0) return;
    const delivery = this.#random.pick(this.#inFlight);
    this.#inFlight = this.#inFlight.filter((open) => open !== delivery);
    this.#close(delivery);
    this.#step({ kind: "attempts-ended", ends: [{ delivery, result }] });
  }

  #answerWrite(isWritten: boolean): void {
    if (this.#writes.length === 0) return;
    const write = this.#random.pick(this.#writes);
    this.#writes = this.#writes.filter((open) => open !== write);
    if (isWritten) this.#land(write);
    const deliveries = write.kind === "park" ? write.deliveries : [write.delivery];
    for (const delivery of deliveries) this.#close(delivery);
    const how = isWritten ? "written" : "failed";
    switch (write.kind) {
      case "dead-letter":
        return this.#step({ kind: `dead-letters-${how}`, deliveries });
      case "mark":
        return this.#step({ kind: `marks-${how}`, marks: [write] });
      case "park":
        return this.#step({ kind: `parks-${how}`, parks: [write] });
    }
  }

  /** A write reaches the log; whether its writer ever hears of it is another matter. */
  #landWrite(): void {
    if (this.#writes.length > 0) this.#land(this.#random.pick(this.#writes));
  }

  #land(write: Write): void {
    const [delivery] = write.kind === "park" ? write.deliveries : [write.delivery];
    assert.ok(delivery !== undefined, "a run has at least one");
    const truth = this.#checker.truthOf(delivery.partition);
    if (write.kind === "dead-letter") truth.dead.add(delivery.offset);
    // A marker behind a later claim is void.
    if (write.kind === "mark" && delivery.partition.isOwned) {
      truth.markers.set(write.marker.lane, write.marker);
    }
    if (write.kind === "park") for (const { offset } of write.deliveries) truth.parked.add(offset);
  }

  /** An attempt or a write is over: it may begin again. */
  #close({ partition, offset }: Delivery<LogRecord>): void {
    if (partition.isOwned) this.#checker.truthOf(partition).epoch?.open.delete(offset);
  }

  #answerCommit(
    how = this.#random.pick(["acknowledged", "acknowledged", "failed", "lost", "fenced"]),
  ): void {
    const commit = this.#commit;
    if (commit === null) return;
    this.#commit = null;
    const isCurrent = commit.generation === this.#generation;
    // The broker takes a commit of the current generation only; that its answer got lost, nobody knows.
    if (isCurrent && how !== "failed" && how !== "fenced") this.#keep(commit);
    if (how === "acknowledged" && isCurrent) {
      return this.#step({ kind: "commit-acknowledged", id: commit.id });
    }
    const isFenced = how === "fenced" || !isCurrent;
    this.#step({ kind: "commit-failed", id: commit.id, isFenced });
    if (isFenced && isCurrent) this.#assign();
  }

  /** The broker may have taken it before the fence; the engine must not care. */
  #answerLateCommit(): void {
    const commit = this.#lateCommits.shift();
    if (commit === undefined) return;
    if (this.#random.chance(0.5)) this.#step({ kind: "commit-acknowledged", id: commit.id });
    else this.#step({ kind: "commit-failed", id: commit.id, isFenced: this.#random.chance(0.5) });
  }

  #keep({ commits }: CommitEffect): void {
    for (const { partition, offset, metadata } of commits) {
      this.#checker.truthOf({ partition }).committed = { offset, metadata };
    }
  }

  #passTime(ms: number): void {
    this.#now += ms;
    if (this.#now < this.#wakeAt) return;
    this.#wakeAt = Infinity;
    this.#step({ kind: "tick" });
  }

  #fence(): void {
    for (const truth of this.#checker.partitions) truth.epoch = null;
    this.#step({ kind: "fenced" });
    if (this.#commit !== null) this.#lateCommits.push(this.#commit);
    this.#commit = null;
    if (this.#random.chance(0.8)) this.#assign();
  }

  /** L3: once what is open has ended and is committed, a drain is over. */
  #drainAndAssign(): void {
    if (this.#state.membership !== "active") return this.#assign();
    this.#isDrained = false;
    this.#step({ kind: "drain" });
    for (let round = 0; !this.#hasDrained(); round += 1) {
      assert.ok(round < 1_000, "L3: the drain does not end");
      this.#endAttempt(randomResult(this.#random));
      this.#answerWrite(this.#random.chance(0.8));
      if (this.#commit !== null) this.#answerCommit(this.#random.pick(["acknowledged", "failed"]));
      this.#passTime(this.#random.pick([1, 1_000]));
    }
    assert.deepEqual(
      [this.#inFlight.length, this.#writes.length],
      [0, 0],
      "a drain that left work",
    );
    this.#assign();
  }

  #hasDrained(): boolean {
    return this.#isDrained;
  }

  /** The next generation: each partition is continued, taken anew, or, unless `share` is 1, gone. */
  #assign(share = 0.9): void {
    this.#generation += 1;
    const partitions: AssignedInput[] = [];
    for (const [id, truth] of this.#checker.partitions.entries()) {
      const at = { topic: TOPIC, partition: asPartition(id) };
      if (truth.epoch !== null && this.#random.chance(0.5)) {
        partitions.push({ kind: "continued", ...at });
      } else if (this.#random.chance(share) || this.#isLast(id, partitions)) {
        partitions.push(this.#take(id, truth));
      } else {
        truth.epoch = null;
      }
    }
    const partitionCount = this.#checker.partitions.length + this.#random.below(2);
    const generation = this.#generation;
    this.#step({ kind: "assigned", generation, partitions, partitionCount });
  }

  #isLast(id: number, owned: readonly AssignedInput[]): boolean {
    return owned.length === 0 && id === this.#checker.partitions.length - 1;
  }

  #take(id: number, truth: PartitionTruth): AssignedInput {
    const { committed, log } = truth;
    this.#epoch += 1;
    truth.epoch = new EpochTruth(committed, log.length);
    this.#paused.delete(id);
    this.#position.set(id, committed.offset);
    return {
      kind: "taken",
      topic: TOPIC,
      partition: asPartition(id),
      epoch: asEpoch(this.#epoch),
      committed: { offset: asOffset(committed.offset), metadata: committed.metadata },
      logEndOffset: asOffset(log.length),
      markers: [...truth.markers.values()],
    };
  }

  #step(input: Input<LogRecord>): void {
    this.#stepCount += 1;
    const moment = { now: this.#now, wallNow: this.#now, entropy: this.#random.bits() };
    for (const effect of step(this.#state, input, moment)) {
      this.#checker.check(effect, this.#now);
      this.#perform(effect);
    }
    const open = this.#inFlight.length;
    assert.equal(this.#state.inFlightCount, open, "attempts in flight are counted");
    assert.equal(this.#state.writingCount, this.#writes.length, "writes in flight are counted");
  }

  #perform(effect: Effect<LogRecord>): void {
    switch (effect.kind) {
      case "attempt":
        this.#inFlight.push(effect.delivery);
        return;
      case "dead-letter":
      case "mark":
      case "park":
        this.#writes.push(effect);
        return;
      case "commit":
        assert.equal(this.#commit, null, "I5: a second commit in flight");
        this.#commit = effect;
        return;
      case "pause-fetch":
        this.#paused.add(effect.partition);
        return;
      case "resume-fetch":
        this.#paused.delete(effect.partition);
        return;
      case "wake":
        this.#wakeAt = effect.at;
        return;
      case "drained":
        this.#isDrained = true;
        return;
      default:
    }
  }

  #positions(): unknown {
    return this.#checker.partitions.map(({ name, log, committed }) => ({
      name,
      end: restOf(log),
      committed: committed.offset,
    }));
  }
}

/** The offset that is committed once everything before it is settled. */
function restOf(log: readonly LogRecord[]): number {
  return log.findLastIndex(({ isGap }) => !isGap) + 1;
}

function fillLog(log: LogRecord[], random: SeededRandom): void {
  const count = 20 + random.below(60);
  const keyCount = 1 + random.below(6);
  for (let offset = 0; offset < count; offset += 1) {
    const key = random.chance(0.15) ? null : `k${random.below(keyCount)}`;
    const dice = random.next();
    const kind = dice < 0.8 ? "deliver" : dice < 0.93 ? "filtered" : "undeliverable";
    log.push({ offset, key, isGap: random.chance(0.1), kind });
  }
}

function newRecord(record: LogRecord): NewRecord<LogRecord> {
  const offset = asOffset(record.offset);
  if (record.kind === "filtered") return { kind: "filtered", offset };
  return {
    kind: "matched",
    offset,
    key: record.key === null ? null : asRecordKey(record.key),
    bytes: 10,
    verdict:
      record.kind === "deliver"
        ? { kind: "deliver" }
        : { kind: "undeliverable", reason: "DECODE_FAILED", detail: "" },
    payload: record,
  };
}

function randomResult(random: SeededRandom): AttemptResult {
  const dice = random.next();
  if (dice < 0.6) return { kind: "delivered", status: 204 };
  if (dice < 0.75) {
    const retryAfterMs = random.chance(0.2) ? random.below(5_000) : null;
    return { kind: "retry", reason: "HTTP_STATUS", status: 503, ambiguous: true, retryAfterMs };
  }
  if (dice < 0.82) return { kind: "rejected", reason: "HTTP_REJECTED", status: 422 };
  if (dice < 0.88) {
    const retryAfterMs = random.chance(0.5) ? random.below(3_000) : null;
    return { kind: "throttled", status: 429, retryAfterMs };
  }
  if (dice < 0.92) {
    return { kind: "misconfigured", reason: "HTTP_UNAUTHORIZED", status: 401, detail: "" };
  }
  return { kind: "abandoned", ambiguous: random.chance(0.5) };
}

function randomConfig(random: SeededRandom): EngineConfig {
  const attempts = random.chance(0.3)
    ? ({ kind: "limited", count: 1 + random.below(4) } as const)
    : ({ kind: "unlimited" } as const);
  const rate = random.chance(0.3)
    ? ({ kind: "limited", perSecond: 1 + random.below(50), burst: 1 + random.below(4) } as const)
    : ({ kind: "unlimited" } as const);
  return {
    ...DEFAULTS,
    order: random.pick(["key", "key", "partition", "none"]),
    onDeadLetter: random.pick(["quarantine", "quarantine", "block", "skip"]),
    concurrencyMax: 1 + random.below(8),
    rate,
    retry: {
      maxAgeMs: random.pick([1_000, 86_400_000]),
      baseMs: 50,
      capMs: 2_000,
      maxAttempts: attempts,
    },
    bounds: {
      ...DEFAULTS.bounds,
      unsettledMax: 2 + random.below(30),
      spanMax: 5 + random.below(50),
      quarantinedKeysMax: random.pick([1, 3, 10_000]),
      parkedPerKeyMax: random.pick([1, 4, 100_000]),
    },
    probeIntervalMs: 3_000,
  };
}
