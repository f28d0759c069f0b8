/** A world around the engine's core, all of it from a seed: a log, a broker, a target, a group, and their faults. */
import { strict as assert } from "node:assert";
import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  createState,
  step,
  type AssignedInput,
  type AttemptResult,
  type Delivery,
  type Effect,
  type EngineState,
  type Input,
  type Marker,
  type RedriveRequest,
} from "@millrace/engine";
import { SeededRandom } from "../support/seeded-random.ts";
import { fillLog, newRecord, randomConfig, randomResult } from "./core-draws.ts";
import { CoreChecker, EpochTruth, PartitionTruth, restOf } from "./core-checker.ts";
import { CoreReplays } from "./core-replays.ts";
import { deliveriesOf, placeOf, type Write } from "./core-write.ts";

/** A record of the simulated log; a gap is an offset that no consumer ever sees. */
export interface LogRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly isGap: boolean;
  readonly kind: "deliver" | "filtered" | "undeliverable";
}

type Reading = Extract<Effect<LogRecord>, { kind: "read-detour" }>;
type ProgressEffect = Extract<Effect<LogRecord>, { kind: "progress" }>;
type CommitEffect = Extract<Effect<LogRecord>, { kind: "commit" }>;

const TOPIC = asTopic("t");
const FETCH_MAX = 6;
const TOLD_MS = [0, 500, 20_000];
/** Steps after which the world must have come to rest. */
const REST_STEPS_MAX = 20_000;

/** Runs one seed. */
export class CoreWorld {
  readonly #random: SeededRandom;
  readonly #state: EngineState<LogRecord>;
  readonly #checker: CoreChecker;
  readonly #replays: CoreReplays;
  readonly #paused = new Set<number>();
  readonly #position = new Map<number, number>();
  #inFlight: Delivery<LogRecord>[] = [];
  #writes: Write[] = [];
  readonly #readings: Reading[] = [];
  readonly #progress: ProgressEffect[] = [];
  /** The mapping is mended: what was given up can be delivered when it is redriven. */
  #isMended = false;
  #commit: CommitEffect | null = null;
  /** Commits of before a fence, whose answers are still to come. */
  readonly #lateCommits: CommitEffect[] = [];
  #isDrained = false;
  #isPaused = false;
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
    this.#replays = new CoreReplays(this.#random, partitions);
    this.#checker = new CoreChecker(partitions, {
      state: this.#state,
      config,
      replays: this.#replays,
    });
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
    if (dice < 0.2) return this.#fetch();
    if (dice < 0.25) return this.#answerReading(random.chance(0.8));
    if (dice < 0.28) return this.#answerProgress(random.chance(0.8));
    if (dice < 0.285) return this.#redrive(random.pick(this.#checker.partitions));
    if (dice < 0.29) return this.#discard(random.pick(this.#checker.partitions));
    if (dice < 0.3) return this.#actOnReplays(this.#replays.act());
    if (dice < 0.33) return this.#answerReplayReading(random.chance(0.8));
    if (dice < 0.62) return this.#endAttempts(random.chance(0.8) ? 1 : 3);
    if (dice < 0.72) return this.#answerWrite(random.chance(0.8));
    if (dice < 0.725) return this.#landWrite();
    if (dice < 0.73) return this.#answerLateCommit();
    if (dice < 0.84) return this.#answerCommit();
    if (dice < 0.95) return this.#passTime(random.pick([1, 10, 30, 500, 40_000]));
    if (dice < 0.97) return this.#step({ kind: "drain" });
    if (dice < 0.985) return this.#assign();
    if (dice < 0.99) return this.#drainAndAssign();
    if (dice < 0.992) return this.#step(this.#checker.throttle(random.pick(TOLD_MS), this.#now));
    return this.#fence();
  }

  /** Without faults: all that is left settles, and what is committed says so. */
  #rest(): void {
    // Where keys go on after a dead letter, a late delivery of it would come out of order.
    this.#isMended = this.#state.config.onDeadLetter !== "skip";
    this.#assign(1);
    this.#actOnReplays(this.#replays.rest());
    const { partitions } = this.#checker;
    const isDone = ({ committed, log, markers }: PartitionTruth): boolean =>
      committed.offset >= restOf(log) && markers.size === 0;
    const isOpen = (): boolean =>
      [this.#inFlight, this.#writes, this.#readings, this.#progress].some(
        (open) => open.length > 0,
      );
    const isAtWork = (): boolean => isOpen() || !partitions.every(isDone) || !this.#replays.isOver;
    for (let round = 0; isAtWork(); round += 1) {
      assert.ok(round < REST_STEPS_MAX, `L1: no rest at ${JSON.stringify(this.#positions())}`);
      this.#fetch();
      this.#endAttempts(1, { kind: "delivered", status: 204 });
      this.#answerWrite(true);
      this.#answerReading(true);
      this.#answerReplayReading(true);
      this.#answerProgress(true);
      for (const truth of partitions) this.#redrive(truth);
      // A guard that paused the target waits for someone to look at it.
      if (this.#isPaused) this.#step({ kind: "resume", by: "guard" });
      if (this.#commit !== null) this.#answerCommit("acknowledged");
      this.#passTime(Math.max(1, Math.min(this.#wakeAt, this.#now + 60_000) - this.#now));
    }
    this.#checkEmpty();
  }

  /** L5, S10: nothing is left in memory, and nothing is owed. */
  #checkEmpty(): void {
    const { ready, retries, waiting, owing, detours, progress } = this.#state;
    const { inFlightCount, writingCount, seatCount } = this.#state;
    const left = [ready, retries, waiting, owing, detours].map(({ length }) => length);
    const { ready: first, retries: later, urgent, all } = this.#state.replays;
    left.push(first.length, later.length, urgent.length, all.size, this.#state.replays.seatCount);
    const counts = [...left, inFlightCount, writingCount, seatCount, progress.dirty.size];
    assert.ok(
      counts.every((count) => count === 0),
      `L5: queues at rest ${counts.join(" ")}`,
    );
    for (const { log, isOver, name } of this.#checker.partitions) {
      for (const { offset, isGap, kind } of log) {
        const isPassed = isGap || kind === "filtered" || isOver.has(offset);
        assert.ok(isPassed, `S10: ${name}/${offset} is forgotten`);
      }
    }
    for (const partition of this.#state.partitions.values()) {
      const { lanes, looseLanes, aside, detours: open, unsettledBytes } = partition;
      const { replays, replayedKeys, contended } = partition;
      const some = [lanes, looseLanes, aside, open, replays, replayedKeys, contended];
      const held = [...some.map(({ size }) => size), unsettledBytes];
      assert.ok(
        held.every((count) => count === 0),
        `L5: lanes at rest ${held.join(" ")}`,
      );
    }
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
      const isPassed =
        kind === "filtered" || truth.isSettledByMarker(record, this.#markerOf(truth, record));
      if (isPassed) truth.epoch?.settled.add(offset);
      // Its owner ended before it heard of the marker: this one settles it.
      if (isPassed) truth.everSettled.add(offset);
    }
    this.#step({
      kind: "records",
      topic: TOPIC,
      partition: asPartition(id),
      records: records.map((record) => newRecord(record)),
    });
  }

  /** As the engine goes by it: the one that was last acknowledged. */
  #markerOf({ name }: PartitionTruth, record: LogRecord): Marker | undefined {
    const partition = this.#state.partitions.get(`${TOPIC}/${name.slice(1)}`);
    return partition?.aside.get(this.#laneOf(record) ?? "none")?.marker;
  }

  #laneOf({ key }: LogRecord): string | null {
    const { order } = this.#state.config;
    if (order === "none") return null;
    return order === "partition" ? "" : key;
  }

  /** Ends so many at once, or all that are open; at random as a rule. */
  #endAttempts(count: number, result?: AttemptResult): void {
    const ends: { readonly delivery: Delivery<LogRecord>; readonly result: AttemptResult }[] = [];
    while (ends.length < count && this.#inFlight.length > 0) {
      const delivery = this.#random.pick(this.#inFlight);
      this.#inFlight = this.#inFlight.filter((open) => open !== delivery);
      this.#close(delivery);
      this.#checker.endAttempt(delivery);
      ends.push({ delivery, result: result ?? randomResult(this.#random) });
    }
    if (ends.length > 0) this.#step({ kind: "attempts-ended", ends });
  }

  #answerWrite(isWritten: boolean): void {
    if (this.#writes.length === 0) return;
    const write = this.#random.pick(this.#writes);
    this.#writes = this.#writes.filter((open) => open !== write);
    if (isWritten) this.#land(write);
    for (const delivery of deliveriesOf(write)) this.#close(delivery);
    const how = isWritten ? "written" : "failed";
    switch (write.kind) {
      case "dead-letter":
        return this.#step({ kind: `dead-letters-${how}`, deliveries: [write.delivery] });
      case "mark":
        return this.#step({ kind: `marks-${how}`, marks: [write] });
      case "park":
        return this.#step({ kind: `parks-${how}`, parks: [write] });
      case "release":
        return this.#step({ kind: `releases-${how}`, detours: [write.detour] });
    }
  }

  /** A write reaches the log; whether its writer ever hears of it is another matter. */
  #landWrite(): void {
    if (this.#writes.length > 0) this.#land(this.#random.pick(this.#writes));
  }

  #land(write: Write): void {
    const truth = this.#checker.truthOf(placeOf(write));
    switch (write.kind) {
      case "dead-letter":
        truth.dead.add(write.delivery.offset);
        return;
      case "park":
        for (const { offset } of write.deliveries) {
          truth.parked.add(offset);
          truth.parkedLog.push(offset);
        }
        return;
      case "mark":
        // Behind a later claim it is void.
        if (!write.partition.isOwned) return;
        truth.markers.set(write.marker.lane, write.marker);
        truth.progress.delete(write.marker.lane);
        return;
      case "release":
        if (!write.detour.aside.partition.isOwned) return;
        truth.markers.delete(write.detour.aside.marker.lane);
        truth.progress.delete(write.detour.aside.marker.lane);
    }
  }

  /** What is parked of a key, or its dead letter first, as the driver reads it. */
  #answerReading(isRead: boolean): void {
    const reading = this.#readings.shift();
    if (reading === undefined) return;
    const { detour } = reading;
    if (!isRead) return this.#step({ kind: "detour-failed", detour });
    const found = this.#find(reading);
    this.#step({ kind: "detour-found", detour, ...found });
  }

  #find({ detour, from, below, countMax }: Reading) {
    const { marker, partition, cursor } = detour.aside;
    const { parkedLog, log } = this.#checker.truthOf(partition);
    const recordsAt = (offsets: readonly number[]) =>
      offsets
        .flatMap((offset) => log.slice(offset, offset + 1))
        .map((one) => newRecord(one, this.#isMended));
    if (from <= marker.offset && marker.kind === "quarantine") {
      if (below <= marker.offset) return { records: [], isEnd: true, ahead: marker.offset, cursor };
      return { records: recordsAt([marker.offset]), isEnd: false, ahead: null, cursor };
    }
    const ofLane = parkedLog.flatMap((offset, at) => {
      const record = log[offset];
      const isOfLane = record !== undefined && this.#laneOf(record) === marker.lane;
      return isOfLane && offset >= from && at >= (cursor ?? 0) ? [{ offset, at }] : [];
    });
    const offsets = [...new Set(ofLane.map(({ offset }) => offset))].sort((a, b) => a - b);
    const ready = offsets.filter((offset) => offset < below);
    const taken = ready.slice(0, Math.min(countMax, 1 + this.#random.below(5)));
    const ahead = offsets.find((offset) => offset >= below);
    const left = ofLane.find(({ offset }) => !taken.includes(offset));
    return {
      records: recordsAt(taken),
      isEnd: taken.length === ready.length,
      ahead: ahead === undefined ? null : asOffset(ahead),
      cursor: asOffset(left?.at ?? parkedLog.length),
    };
  }

  #answerProgress(isWritten: boolean): void {
    const progress = this.#progress.shift();
    if (progress === undefined) return;
    const { id, entries, replays } = progress;
    this.#replays.note(replays, isWritten);
    for (const { partition, marker, next, cursor, dropBelow } of isWritten ? entries : []) {
      const { markers, progress: steps } = this.#checker.truthOf(partition);
      const isCurrent = partition.isOwned && markers.get(marker.lane) === marker;
      if (isCurrent) steps.set(marker.lane, { next, cursor, dropBelow });
    }
    this.#step({ kind: isWritten ? "progress-written" : "progress-failed", id });
  }

  #actOnReplays(inputs: readonly Input<LogRecord>[]): void {
    for (const input of inputs) this.#step(input);
  }

  #answerReplayReading(isRead: boolean): void {
    const input = this.#replays.answer(isRead);
    if (input !== null) this.#step(input);
  }

  #redrive(truth: PartitionTruth): void {
    const wanted = this.#wanted(truth);
    if (wanted !== null) this.#step({ kind: "redrive", ...wanted });
  }

  #discard(truth: PartitionTruth): void {
    const wanted = this.#wanted(truth);
    if (wanted === null) return;
    const below = asOffset(wanted.offset + 1 + this.#random.pick([0, 0, 3, 20]));
    truth.discards.add(`${wanted.key}/${wanted.offset}/${below}`);
    this.#step({ kind: "discard", ...wanted, below });
  }

  /** A key that is set aside, as its marker says; null where none is. */
  #wanted(truth: PartitionTruth): RedriveRequest | null {
    const partition = asPartition(this.#checker.partitions.indexOf(truth));
    const markers = [...truth.markers.values()];
    if (markers.length === 0) return null;
    const { lane, offset, redriveCount } = this.#random.pick(markers);
    return { topic: TOPIC, partition, key: asRecordKey(lane), offset, redriveCount };
  }

  /** An attempt or a write is over: it may begin again. */
  #close({ partition, offset, lane }: Delivery<LogRecord>): void {
    if (!partition.isOwned || lane.detour !== null || lane.replay !== null) return;
    this.#checker.truthOf(partition).epoch?.open.delete(offset);
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
      this.#endAttempts(1);
      this.#answerWrite(this.#random.chance(0.8));
      this.#answerProgress(this.#random.chance(0.8));
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
    this.#actOnReplays(this.#replays.resume());
  }

  #isLast(id: number, owned: readonly AssignedInput[]): boolean {
    return owned.length === 0 && id === this.#checker.partitions.length - 1;
  }

  #take(id: number, truth: PartitionTruth): AssignedInput {
    const { committed, log } = truth;
    this.#epoch += 1;
    truth.epoch = new EpochTruth(committed, log.length);
    this.#paused.delete(id);
    this.#replays.forget(id);
    this.#position.set(id, committed.offset);
    return {
      kind: "taken",
      topic: TOPIC,
      partition: asPartition(id),
      epoch: asEpoch(this.#epoch),
      committed: { offset: asOffset(committed.offset), metadata: committed.metadata },
      logEndOffset: asOffset(log.length),
      markers: [...truth.markers.values()].map((marker) => ({
        marker,
        ...(truth.progress.get(marker.lane) ?? {
          ...{ next: marker.offset, cursor: null, dropBelow: null },
        }),
      })),
    };
  }

  #step(input: Input<LogRecord>): void {
    this.#stepCount += 1;
    const moment = { now: this.#now, wallNow: this.#now, entropy: this.#random.bits() };
    for (const effect of step(this.#state, [input], moment)) {
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
      case "release":
        this.#writes.push(effect);
        return;
      case "read-detour":
        this.#readings.push(effect);
        return;
      case "progress":
        this.#progress.push(effect);
        return;
      case "read-replay":
        return this.#replays.ask(effect.reading);
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
      case "paused":
      case "resumed":
        this.#isPaused = effect.kind === "paused";
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
