/** Replays in the core's world: jobs over parts of its logs, asked for again by each owner, and checked the naive way. */
import { strict as assert } from "node:assert";
import {
  asJob,
  asOffset,
  asPartition,
  asTopic,
  decodeDoneSet,
  type Delivery,
  type Effect,
  type Input,
  type JobId,
  type ReplayNote,
  type ReplayPlan,
  type ReplayStep,
  type ReplayWish,
} from "@millrace/engine";
import type { SeededRandom } from "../support/seeded-random.ts";
import { newRecord } from "./core-draws.ts";
import type { PartitionTruth } from "./core-checker.ts";
import type { LogRecord } from "./core-world.ts";

type Reading = Extract<Effect<LogRecord>, { kind: "read-replay" }>["reading"];
type Replayed = Delivery<LogRecord>;

/** A job, as the logs tell of it. */
interface Job {
  readonly plan: ReplayPlan;
  wish: ReplayWish;
  /** As it was written last by an owner. */
  step: ReplayStep | null;
  /** The highest offset that was sent by lane, in the open epoch. */
  readonly sent: Map<string, number>;
}

/** Jobs of a seed at most. */
const JOBS_MAX = 4;

/** See the head of this file. */
export class CoreReplays {
  readonly #random: SeededRandom;
  readonly #partitions: readonly PartitionTruth[];
  readonly #jobs = new Map<JobId, Job>();
  readonly #readings: Reading[] = [];

  constructor(random: SeededRandom, partitions: readonly PartitionTruth[]) {
    this.#random = random;
    this.#partitions = partitions;
  }

  /** Whether every job is over, and nothing is being read. */
  get isOver(): boolean {
    const jobs = [...this.#jobs.values()];
    return this.#readings.length === 0 && jobs.every(({ step }) => step !== null && isEnd(step));
  }

  /** Something that people do. */
  act(): readonly Input<LogRecord>[] {
    if (this.#jobs.size < JOBS_MAX && this.#random.chance(0.5)) return [this.#ask()];
    const jobs = [...this.#jobs.values()];
    if (jobs.length === 0) return [];
    const job = this.#random.pick(jobs);
    if (this.#random.chance(0.5)) return again(job);
    if (job.wish !== "cancel") job.wish = this.#random.pick(["run", "run", "pause", "cancel"]);
    return [{ kind: "replay-steered", job: job.plan.job, wish: job.wish }];
  }

  /** Owners have changed: each goes on with what it has taken. */
  resume(): readonly Input<LogRecord>[] {
    return [...this.#jobs.values()].flatMap(again);
  }

  /** Nobody keeps a job from its end any more. */
  rest(): readonly Input<LogRecord>[] {
    return [...this.#jobs.values()].map((job) => {
      if (job.wish === "pause") job.wish = "run";
      return { kind: "replay-steered", job: job.plan.job, wish: job.wish };
    });
  }

  /** An epoch of a partition begins or ends. */
  forget(partition: number): void {
    for (const { plan, sent } of this.#jobs.values())
      if (plan.partition === partition) sent.clear();
  }

  ask(reading: Reading): void {
    const { replay, from, to, countMax } = reading;
    const { plan } = replay;
    assert.ok(plan.from <= from && from < to && to <= plan.to, "S20: a reading beside its range");
    assert.ok(countMax > 0, "L5: a reading of nothing");
    this.#readings.push(reading);
  }

  /** Answers a reading; null where none is open. */
  answer(isRead: boolean): Input<LogRecord> | null {
    const reading = this.#readings.shift();
    if (reading === undefined) return null;
    if (!isRead) return { kind: "replay-failed", reading, failure: { kind: "again" } };
    const { replay, from, to, countMax } = reading;
    const next = Math.min(to, from + Math.min(countMax, 1 + this.#random.below(6)));
    const records = this.#truth(replay.plan)
      .log.slice(from, next)
      .filter(({ isGap }) => !isGap)
      .map((record) => newRecord(record));
    return { kind: "replay-found", reading, records, next: asOffset(next) };
  }

  /** I34, I36: in order by key, and nothing that live has not settled. */
  checkAttempt({ lane, offset, partition }: Replayed): void {
    const job = this.#jobs.get(lane.replay?.plan.job ?? asJob(""));
    assert.ok(job !== undefined, "S20: a call of no job");
    const { plan, sent } = job;
    const truth = this.#truth(partition);
    const isInside = plan.partition === partition.partition && plan.from <= offset;
    assert.ok(isInside && offset < plan.to, `S20: ${truth.name}/${offset} is beside the range`);
    const isSettled = truth.everSettled.has(offset) || truth.epoch?.settled.has(offset) === true;
    assert.ok(isSettled, `I36: ${truth.name}/${offset} is replayed before it has settled`);
    if (lane.name === null) return;
    const before = sent.get(lane.name) ?? -1;
    assert.ok(offset >= before, `I34: ${truth.name}/${offset} is replayed after ${before}`);
    sent.set(lane.name, offset);
  }

  /** I35: the counts of a step are those of its offsets. */
  note(notes: readonly ReplayNote<LogRecord>[], isWritten: boolean): void {
    for (const { replay, step } of notes) {
      const { plan, partition } = replay;
      const { next, done, counts } = step;
      const { log, name } = this.#truth(plan);
      const ended = new Set<number>();
      for (let offset = plan.from as number; offset < next; offset += 1) ended.add(offset);
      for (const { from, to } of decodeDoneSet(done, next, plan.to)) {
        for (let offset = from; offset < to; offset += 1) ended.add(offset);
      }
      const count = [...ended].filter((offset) => log[offset]?.isGap === false).length;
      const told = [...Object.values(counts.skipped), ...Object.values(counts.failed)];
      const sum = told.reduce((total, one) => total + one, counts.sent);
      assert.equal(sum, count, `I35: ${plan.job} of ${name} tells of ${sum}, ${count} have ended`);
      const job = this.#jobs.get(plan.job);
      if (job !== undefined && isWritten && partition.isOwned) job.step = step;
    }
  }

  #ask(): Input<LogRecord> {
    const random = this.#random;
    const partition = random.below(this.#partitions.length);
    const { length } = this.#partitions[partition]?.log ?? [];
    const [one, other] = [random.below(length + 1), random.below(length + 1)];
    const plan: ReplayPlan = {
      job: asJob(`job-${this.#jobs.size + 1}`),
      mode: "repair",
      topic: asTopic("t"),
      partition: asPartition(partition),
      from: asOffset(Math.min(one, other)),
      to: asOffset(Math.max(one, other)),
    };
    this.#jobs.set(plan.job, { plan, wish: "run", step: null, sent: new Map() });
    return { kind: "replay", ...plan, wish: "run", step: null };
  }

  #truth({ partition }: { readonly partition: number }): PartitionTruth {
    const truth = this.#partitions[partition];
    assert.ok(truth !== undefined);
    return truth;
  }
}

function again({ plan, wish, step }: Job): readonly Input<LogRecord>[] {
  if (step !== null && isEnd(step)) return [];
  return [{ kind: "replay", ...plan, wish, step }];
}

function isEnd({ end }: ReplayStep): boolean {
  return end !== null;
}
