/**
 * The replay jobs of a world, as its control topic would hold them: every process hears of them, sooner or later, those
 * that start later too. Writes down when a job is asked for, and when one of its owners says that it is over.
 */
import {
  asJob,
  asOffset,
  type JobId,
  type ReplayOrder,
  type ReplayStatus,
  type ReplayWish,
  type TargetDriver,
} from "@millrace/engine";
import type { OperationLine } from "../../../checker/history.ts";
import type { Cluster } from "../brokers/cluster.ts";
import type { Deliverer } from "../processes/deliverer.ts";
import type { Draws } from "../plan/draws.ts";
import type { EventQueue } from "../event-queue.ts";
import type { OperationPlan } from "../plan/plan.ts";

/** The longest a process takes to hear of a wish, ms. */
const HEARING_MS_MAX = 2_000;
/** Between two looks at jobs that are not over, ms. */
const LOOK_MS = 500;

type Asked = Extract<OperationPlan, { kind: "replay" }>;

/** A job of one partition. */
interface Job {
  readonly target: string;
  readonly order: ReplayOrder;
  wish: ReplayWish;
  isOver: boolean;
}

/** What a desk works with. */
export interface ReplayDeskPorts {
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly cluster: Cluster;
  readonly targets: readonly string[];
  readonly deliverers: () => readonly Deliverer[];
  readonly write: (line: OperationLine) => void;
}

/** See the head of this file. */
export class ReplayDesk {
  readonly #ports: ReplayDeskPorts;
  readonly #jobs = new Map<JobId, Job>();

  constructor(ports: ReplayDeskPorts) {
    this.#ports = ports;
  }

  /** Whether nothing is left to be replayed. */
  get isOver(): boolean {
    return [...this.#jobs.values()].every(({ isOver }) => isOver);
  }

  /** A job is asked for, of a part of a partition as its log stands now. */
  ask({ job: name, target, topic, pick, mode, from, to }: Asked): void {
    const { cluster, queue, targets, write } = this.#ports;
    const logs = cluster.logs(topic);
    const log = logs[pick % logs.length];
    if (log === undefined || !targets.includes(target)) return;
    const { partition } = log.place;
    const at = (share: number): number => Math.floor(share * log.endOffset);
    const range = { from: at(Math.min(from, to)), to: at(Math.max(from, to)) };
    const order = { job: asJob(name), mode, topic, partition };
    const bounds = { from: asOffset(range.from), to: asOffset(range.to) };
    const job: Job = { target, order: { ...order, ...bounds }, wish: "run", isOver: false };
    this.#jobs.set(order.job, job);
    const line = { h: "ops", at: queue.now, f: "replay", who: name, target, job: name } as const;
    write({ ...line, topic, partition, ...range, mode });
    for (const deliverer of this.#ports.deliverers()) this.#tell(deliverer, job);
    this.#look(job);
  }

  /** People change their mind. */
  steer(name: string, wish: ReplayWish): void {
    const job = this.#jobs.get(asJob(name));
    if (job === undefined || job.wish === "cancel") return;
    job.wish = wish;
    this.#noteWish(job);
    for (const deliverer of this.#ports.deliverers()) this.#tell(deliverer, job);
  }

  /** A process starts. */
  greet(deliverer: Deliverer): void {
    for (const job of this.#jobs.values()) this.#tell(deliverer, job);
  }

  /** Nobody keeps a job from its end any more. */
  heal(): void {
    for (const [name, { wish }] of this.#jobs) if (wish === "pause") this.steer(name, "run");
  }

  #tell({ machine, drivers }: Deliverer, job: Job): void {
    const delayMs = this.#ports.draws.between("replay.hearing", 0, HEARING_MS_MAX);
    machine.schedule(delayMs, () => {
      const found = drivers.find(({ name }) => name === job.target);
      found?.driver.steerReplay(job.order.job, job.wish);
      found?.driver.replay(job.order);
    });
  }

  #look(job: Job): void {
    if (job.isOver) return;
    const status = this.#drivers(job)
      .flatMap(({ replays }) => replays)
      .find(({ plan, stage }) => plan.job === job.order.job && stage === "ended");
    if (status === undefined) {
      this.#ports.queue.after(LOOK_MS, () => this.#look(job));
      return;
    }
    job.isOver = true;
    this.#noteEnd(job, status);
  }

  #noteWish({ target, order: { job }, wish }: Job): void {
    if (wish === "cancel") return;
    const { queue, write } = this.#ports;
    const f = wish === "pause" ? "pause" : "resume";
    write({ h: "ops", at: queue.now, f, who: job, target, job });
  }

  #noteEnd({ target, order }: Job, { step }: ReplayStatus): void {
    const { queue, write } = this.#ports;
    const { job, topic, partition } = order;
    const detail = JSON.stringify({ end: step?.end, ...step?.counts });
    const line = { h: "ops", at: queue.now, f: "job-done", who: job, target, job } as const;
    write({ ...line, topic, partition, detail });
  }

  #drivers({ target }: Job): readonly TargetDriver[] {
    return this.#ports
      .deliverers()
      .flatMap(({ drivers }) => drivers)
      .filter(({ name }) => name === target)
      .map(({ driver }) => driver);
  }
}
