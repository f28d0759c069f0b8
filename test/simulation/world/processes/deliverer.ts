/** One delivery process: a machine, its view of the state topic, and the production driver of each target on it. */
import {
  TargetDriver,
  asTarget,
  asTopic,
  type EngineConfig,
  type RecordHeaders,
  type ThrottleNotice,
  type Topic,
} from "@millrace/engine";
import type { Group } from "../brokers/group.ts";
import { Machine } from "./machine.ts";
import type { FaultClass } from "../plan/fault-classes.ts";
import { SimulatedParkedLog } from "../brokers/parked-log.ts";
import { SimulatedReplayLog } from "../brokers/replay-log.ts";
import { SimulatedPreparer, type Registry } from "./preparer.ts";
import { SimulatedSink } from "../brokers/sink.ts";
import { SimulatedSource } from "../brokers/source.ts";
import { SimulatedStateLog } from "../brokers/state-log.ts";
import type { CallPlace, TargetApi } from "../targets/target-api.ts";
import { Witness, type DeadlyEffect } from "./witness.ts";
import type { Cluster } from "../brokers/cluster.ts";
import type { Draws } from "../plan/draws.ts";
import type { EventQueue } from "../event-queue.ts";
import type { HistoryBook } from "../history-book.ts";
import type { EventPlan, Plan } from "../plan/plan.ts";

/** The state topic. */
export const STATE_TOPIC = asTopic("millrace.state");

/** The topic of the journal. */
export const JOURNAL_TOPIC = asTopic("millrace.deliveries");

/** A target's own topics and its group. */
export interface TargetWorld {
  readonly api: TargetApi;
  readonly group: Group;
  readonly deadTopic: Topic;
  readonly parkedTopic: Topic;
}

/** How a target is to be served. */
export interface Terms {
  readonly engine: EngineConfig;
  /** Of its mapping. */
  readonly revision: string;
}

/** What every process of a world shares. */
export interface DelivererPorts {
  readonly plan: Plan;
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly book: HistoryBook;
  readonly cluster: Cluster;
  readonly registry: Registry;
  readonly targets: readonly TargetWorld[];
  readonly eventAt: (place: CallPlace) => EventPlan;
  readonly redriveOf: (target: string, place: CallPlace) => string | null;
  /** An event stands in a topic of dead letters or parked events. */
  readonly onGivenUp: (target: string, place: CallPlace) => void;
  /** Of a target, for a process that starts. */
  readonly termsOf: (target: string) => Terms;
  readonly nextCommit: () => number;
  readonly isHealed: () => boolean;
  readonly onFault: (
    fault: FaultClass,
    at: { readonly machine: Machine; readonly target: string },
  ) => void;
  /** A guard paused a target: an alarm. */
  readonly onPaused: (target: string) => void;
  /** A target asked the process for time: it tells the others. */
  readonly onThrottled: (deliverer: Deliverer, target: string, notice: ThrottleNotice) => void;
  /** Kills the process, to be started again. */
  readonly onCrash: (deliverer: Deliverer, why: FaultClass | Error) => void;
  /** The process is to stand still once the present effect is done. */
  readonly onFreeze: (deliverer: Deliverer) => void;
  /** The least share of occasions that a fault strikes now, whatever the plan says. */
  readonly aimAt: (
    fault: FaultClass,
    at: { readonly machine: Machine; readonly target: string | null },
  ) => number;
}

/** From an alarm until someone resumes the target, ms. */
const OPERATOR_MS = 5_000;
/** How long a process has from SIGTERM to its end, ms. */
export const GRACE_MS = 50_000;

/** A driver and its target's name. */
export interface NamedDriver {
  readonly name: string;
  readonly driver: TargetDriver;
}

/** See the head of this file. */
export class Deliverer {
  readonly name: string;
  readonly slot: number;
  readonly machine: Machine;
  readonly drivers: readonly NamedDriver[];
  readonly #ports: DelivererPorts;
  readonly #witnesses: Witness[] = [];
  /** It was told to end. */
  isStopping = false;

  constructor(name: string, slot: number, ports: DelivererPorts) {
    this.name = name;
    this.slot = slot;
    this.#ports = ports;
    this.machine = new Machine(name, ports.queue, ports.plan.timersEarlyMs);
    const stateLog = this.#stateLog();
    this.drivers = ports.targets.map((target) => ({
      name: target.api.plan.name,
      driver: this.#drive(target, stateLog),
    }));
  }

  /** Resolves when each driver has taken its first assignment over, or the process is at its end. */
  async start(): Promise<void> {
    await Promise.all(this.drivers.map(({ driver }) => driver.start()));
  }

  /** SIGTERM: resolves when the process could exit. */
  async stop(): Promise<void> {
    await Promise.all(this.drivers.map(({ driver }) => driver.stop(this.#ports.plan.stopBudgetMs)));
    for (const witness of this.#witnesses) witness.noteRelease();
  }

  #stateLog(): SimulatedStateLog {
    const { cluster } = this.#ports;
    const { machine } = this;
    const sink = new SimulatedSink({
      cluster,
      machine,
      target: null,
      kind: "state",
      recordBytesMax: Infinity,
      onWritten: (record, position) => {
        for (const witness of this.#witnesses) witness.noteState(record, position);
      },
    });
    return new SimulatedStateLog({ cluster, machine, sink, topic: STATE_TOPIC });
  }

  #drive(
    { api, group, deadTopic, parkedTopic }: TargetWorld,
    stateLog: SimulatedStateLog,
  ): TargetDriver {
    const { plan, queue, draws, book, cluster, registry, eventAt } = this.#ports;
    const { machine } = this;
    const onFault = (fault: FaultClass): void => {
      this.#ports.onFault(fault, { machine, target: api.plan.name });
    };
    const target = api.plan;
    const { engine, revision } = this.#ports.termsOf(target.name);
    const witness = new Witness({
      queue,
      book,
      machine,
      target: target.name,
      keyOf: (place) => eventAt(place).key,
      redriveOf: (place) => this.#ports.redriveOf(target.name, place),
      fateAt: (effect) => this.#fateAt(effect),
      kill: () => this.#ports.onCrash(this, `crash-in-${this.#dyingOf}`),
      onPaused: () => {
        machine.schedule(OPERATOR_MS, () => driver.resume("guard"));
        this.#ports.onPaused(target.name);
      },
      nextCommit: this.#ports.nextCommit,
      isStopping: () => this.isStopping,
      stopBudgetMs: plan.stopBudgetMs,
    });
    this.#witnesses.push(witness);
    const { sessionMs, drainMs, recordBytesMax } = plan;
    const source = new SimulatedSource(
      {
        ...{ cluster, group, machine, draws, sessionMs, drainMs },
        ...{ target: target.name, topics: target.topics },
      },
      {
        refetchShare: () => this.#shareOf("refetch", plan.refetchShare, target.name),
        onFault,
        onCommit: (offsets, generation) => witness.noteCommit(offsets, generation),
      },
    );
    const sinkPorts = { cluster, machine, target: target.name, recordBytesMax };
    const sink = new SimulatedSink({
      ...sinkPorts,
      kind: "produce",
      onWritten: ({ headers }) => this.#ports.onGivenUp(target.name, sourceOf(headers)),
    });
    const driver = new TargetDriver(
      {
        target: asTarget(target.name),
        groupId: `millrace.${target.name}`,
        engine,
        startAt: { kind: target.startAt ?? "earliest" },
        deadTopic,
        parkedTopic,
        journalTopic: JOURNAL_TOPIC,
        mappingRevision: revision,
        processId: this.name,
      },
      {
        source: witness.source(source),
        sink: witness.sink(sink),
        journalSink: new SimulatedSink({
          ...sinkPorts,
          kind: "journal",
          onWritten: () => undefined,
        }),
        journalSchemaId: Promise.resolve(1),
        stateLog: witness.stateLog(stateLog),
        parkedLog: new SimulatedParkedLog({ cluster, machine, target: target.name }),
        replayLog: new SimulatedReplayLog({ cluster, machine, target: target.name }),
        sender: witness.sender(api),
        preparer: new SimulatedPreparer({
          ...{ target, machine, registry, revision, eventOf: eventAt, onFault },
        }),
        clock: machine,
        entropy: () => draws.bits(`entropy.${this.name}`),
        telemetry: witness.telemetry(),
      },
      {
        failed: (error) => this.#ports.onCrash(this, error),
        paused: () => undefined,
        throttled: (notice) => this.#ports.onThrottled(this, target.name, notice),
        redriven: () => undefined,
        discarded: () => undefined,
      },
    );
    return driver;
  }

  #dyingOf: DeadlyEffect = "send";

  #fateAt(effect: DeadlyEffect): "before" | "behind" | null {
    const { draws, plan, onFreeze } = this.#ports;
    if (draws.isFaulty(`freeze.${effect}`, this.#shareOf("freeze", plan.freezes.share, null)))
      onFreeze(this);
    const crash = `crash-in-${effect}` as const;
    if (!draws.isFaulty(crash, this.#shareOf(crash, plan.crashes[effect], null))) return null;
    this.#dyingOf = effect;
    return draws.chance("crash.behind", 0.5) ? "behind" : "before";
  }

  /** @param target whose state counts; null: of all that the process serves. */
  #shareOf(fault: FaultClass, share: number, target: string | null): number {
    const { isHealed, aimAt } = this.#ports;
    if (isHealed()) return 0;
    return Math.max(share, aimAt(fault, { machine: this.machine, target }));
  }
}

/** Where an event stands in its source, by its dead letter or parked record. */
function sourceOf(headers: RecordHeaders): CallPlace {
  const text = (name: string): string => {
    const value = headers[`millrace-${name}`];
    return value instanceof Uint8Array ? Buffer.from(value).toString() : "";
  };
  return {
    topic: text("topic"),
    partition: Number(text("partition")),
    offset: Number(text("offset")),
  };
}
