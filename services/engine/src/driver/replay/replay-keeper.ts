/**
 * The replay jobs that this process knows of: what they are to send, what people want of them, and how far they came.
 * Jobs outlast rebalances of this process; whoever owns a partition goes on where its last owner was.
 */
import type { Effect } from "../../core/effect.ts";
import type { ReplayNote } from "../../core/aside/progress.ts";
import type { Input } from "../../core/input.ts";
import type { JobId, TopicPartition } from "../../core/lanes/identity.ts";
import {
  stepOf,
  type ReplayPlan,
  type ReplayReading,
  type ReplayStage,
  type ReplayStep,
  type ReplayWish,
} from "../../core/replay/replay.ts";
import { partitionName, type EngineState } from "../../core/state.ts";
import { assert } from "../../errors.ts";
import type { PreparedEvent } from "../../ports.ts";
import type { EpochFence } from "../aside/epoch-fence.ts";
import { PORT_RETRY_MS, type DriverOptions, type DriverPorts } from "../options.ts";
import type { Reporter } from "../reporter.ts";
import type { KnownStep } from "./replay-entry.ts";
import { ReplayReader, type ReplaySelect } from "./replay-reader.ts";
import type { ReplaySteps } from "./replay-steps.ts";
import { ReplayWriter } from "./replay-writer.ts";

/** What a job is to send of one partition. */
export interface ReplayOrder extends ReplayPlan {
  /** Default: every record. */
  readonly select?: ReplaySelect;
}

/** Where a job stands in one partition, as this process knows it. */
export interface ReplayStatus {
  readonly plan: ReplayPlan;
  readonly wish: ReplayWish;
  /** `elsewhere`: this process does not own the partition. */
  readonly stage: ReplayStage | "elsewhere" | "ended";
  /** How far it came; null where nothing is known. */
  readonly step: ReplayStep | null;
}

/** Effects that concern replays. */
export type ReplayEffect = Extract<Effect<PreparedEvent>, { kind: "read-replay" | "replay-ended" }>;

/** Whom the keeper works for. */
export interface ReplayOwner {
  readonly state: Readonly<EngineState<PreparedEvent>>;
  readonly reporter: Reporter;
  readonly fence: EpochFence;
  readonly step: (input: Input<PreparedEvent>) => void;
}

const JOB_ID = /^[\w.-]{1,64}$/u;

/** See the head of this file. */
export class ReplayKeeper {
  readonly #clock: DriverPorts["clock"];
  readonly #to: ReplayOwner;
  readonly #reader: ReplayReader;
  readonly #writer: ReplayWriter;
  /** By partition and job. */
  readonly #orders = new Map<string, ReplayOrder>();
  readonly #wishes = new Map<JobId, ReplayWish>();
  /** How far jobs came in partitions that were taken over, or ended here. */
  readonly #steps = new Map<string, KnownStep>();

  constructor(options: DriverOptions, ports: DriverPorts, to: ReplayOwner) {
    this.#clock = ports.clock;
    this.#to = to;
    this.#reader = new ReplayReader(ports);
    this.#writer = new ReplayWriter(options.target, { stateLog: ports.stateLog, fence: to.fence });
  }

  /** Takes an order; again changes nothing. */
  order(order: ReplayOrder): void {
    assert(JOB_ID.test(order.job), `a job's name goes into a header: ${JSON.stringify(order.job)}`);
    const name = nameOf(order, order.job);
    if (this.#orders.has(name)) return;
    this.#orders.set(name, order);
    this.#begin(order);
  }

  /** What people want of a job from now on, whether it is known already or not. */
  steer(job: JobId, wish: ReplayWish): void {
    if (this.#wishes.get(job) === "cancel") return;
    this.#wishes.set(job, wish);
    this.#to.step({ kind: "replay-steered", job, wish });
  }

  /** Partitions were taken over; their orders go on from these steps. */
  taken(steps: ReadonlyMap<string, ReplaySteps>): void {
    for (const [partition, jobs] of steps) {
      for (const name of this.#steps.keys()) {
        if (name.startsWith(`${partition}/`)) this.#steps.delete(name);
      }
      for (const [job, step] of jobs) this.#steps.set(`${partition}/${job}`, step);
    }
    for (const order of this.#orders.values()) this.#begin(order);
  }

  /** Does what the engine asks for. */
  perform(effect: ReplayEffect): void {
    if (effect.kind === "read-replay") return this.#read(effect.reading);
    const { replay, step } = effect;
    const { plan } = replay;
    this.#steps.set(nameOf(plan, plan.job), { from: plan.from, to: plan.to, step });
    this.#to.reporter.replayEnded(plan, step);
  }

  /**
   * Writes how far replays have come.
   * @throws MillraceError of the state log, may be repeated; `CLAIM_LOST`.
   */
  write(notes: readonly ReplayNote<PreparedEvent>[]): Promise<void> {
    return this.#writer.write(notes);
  }

  /** Where every order stands. */
  get statuses(): readonly ReplayStatus[] {
    return [...this.#orders.values()].map((order) => this.#status(order));
  }

  #status(order: ReplayOrder): ReplayStatus {
    const { job, mode, topic, partition, from, to } = order;
    const plan = { job, mode, topic, partition, from, to };
    const wish = this.#wishes.get(job) ?? "run";
    const step = this.#steps.get(nameOf(order, job))?.step ?? null;
    const owned = this.#to.state.partitions.get(partitionName(topic, partition));
    const replay = owned?.replays.get(job);
    if (replay !== undefined) return { plan, wish, stage: replay.stage, step: stepOf(replay) };
    const isEnded = step !== null && step.end !== null;
    return { plan, wish, stage: isEnded ? "ended" : "elsewhere", step };
  }

  #begin(order: ReplayOrder): void {
    const { job, mode, topic, partition, from, to } = order;
    const known = this.#steps.get(nameOf(order, job));
    if (known !== undefined && (known.from !== from || known.to !== to)) {
      return this.#to.reporter.replayRefused(order);
    }
    const step = known?.step ?? null;
    if (step !== null && step.end !== null) return;
    const wish = this.#wishes.get(job) ?? "run";
    this.#to.step({ kind: "replay", job, mode, topic, partition, from, to, wish, step });
  }

  #read(reading: ReplayReading<PreparedEvent>): void {
    const { plan } = reading.replay;
    const select = this.#orders.get(nameOf(plan, plan.job))?.select ?? ((): boolean => true);
    this.#reader.read(reading, select).then(
      (found) => {
        if ("kind" in found) this.#to.step({ kind: "replay-failed", reading, failure: found });
        else this.#to.step({ kind: "replay-found", ...found });
      },
      (error: unknown) => {
        this.#to.reporter.portFailed(`read the range of replay ${plan.job}`, error);
        const again = { kind: "replay-failed", reading, failure: { kind: "again" } } as const;
        this.#clock.schedule(PORT_RETRY_MS, () => this.#to.step(again));
      },
    );
  }
}

function nameOf(place: TopicPartition, job: JobId): string {
  return `${partitionName(place.topic, place.partition)}/${job}`;
}
