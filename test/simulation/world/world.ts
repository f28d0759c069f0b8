/** A world from a plan: brokers, registry, targets, processes. Chaos first; then everything heals and must come to rest. */
import { asTopic } from "@millrace/engine";
import { Aim } from "./aim.ts";
import { Nemesis } from "./nemesis.ts";
import { AsideSweeps } from "./brokers/aside-sweeps.ts";
import { Cluster } from "./brokers/cluster.ts";
import {
  Deliverer,
  JOURNAL_TOPIC,
  STATE_TOPIC,
  type TargetWorld,
  type Terms,
} from "./processes/deliverer.ts";
import type { Draws } from "./plan/draws.ts";
import { EventQueue } from "./event-queue.ts";
import type { FaultClass } from "./plan/fault-classes.ts";
import { PromiseWatch } from "./flush.ts";
import { Group } from "./brokers/group.ts";
import { HistoryBook } from "./history-book.ts";
import { readLogs } from "./final-read.ts";
import type { Machine } from "./processes/machine.ts";
import { Fleet } from "./processes/fleet.ts";
import { ThrottleTopic } from "./processes/throttle-topic.ts";
import {
  partitionCountMax,
  type DiscardPlan,
  type OperationPlan,
  type Plan,
  type TopicPlan,
} from "./plan/plan.ts";
import { eventLane } from "./people/event-lane.ts";
import { RedriveDesk } from "./people/redrive-desk.ts";
import { FIRST_REVISION, Registry } from "./processes/preparer.ts";
import { PauseDesk } from "./people/pause-desk.ts";
import { ReplayDesk } from "./people/replay-desk.ts";
import { ResetDesk } from "./people/reset-desk.ts";
import { Servers } from "./servers.ts";
import { TargetApi } from "./targets/target-api.ts";
import { strikeOf } from "./people/redrive-strike.ts";
import { isDetouring, isDone } from "./rest.ts";
import { runLineOf } from "./run-line.ts";
import { Upstream } from "./upstream.ts";
import type { OperationDetails, Words } from "./words.ts";
import type { HistoryLine, Operation, OperationLine } from "../../checker/history.ts";

/** How long after healing everything has to be at rest, ms: the longest Retry-After, and what may follow it. */
const REST_MS_MAX = 3_600_000;
/** Between two looks whether there is nothing left to do, ms. */
const LOOK_MS = 500;
/** Until someone looks again whether there is a key to be redriven, or an open breaker, ms. */
const CHECK_MS = 200;
/** Until a member notices that a topic has more partitions, ms. */
const METADATA_AGE_MS_MAX = 5_000;
/** Events of one run; one that needs more does not come to rest. */
const EVENTS_MAX = 400_000;
/** What a run gives. */
export interface RunResult {
  readonly lines: readonly HistoryLine[];
  /** Drivers that gave up, in their words: none of the unmutated engine ever does. */
  readonly failures: readonly string[];
  readonly eventCount: number;
  readonly arrivalCount: number;
  readonly simulatedMs: number;
}

/** Told of what happens, besides the history. */
export interface WorldEars {
  /** A fault struck a process; `target`: only in what it does for one. */
  readonly onFault?: (fault: FaultClass, deliverer: Deliverer, target: string | null) => void;
}

/** See the head of this file. */
export class World {
  readonly #plan: Plan;
  readonly #draws: Draws;
  readonly #ears: WorldEars;
  readonly #queue = new EventQueue();
  readonly #book = new HistoryBook();
  readonly #cluster: Cluster;
  readonly #registry = new Registry();
  readonly #targets: readonly TargetWorld[];
  readonly #upstream: Upstream;
  readonly #servers: Servers;
  readonly #sweeps: AsideSweeps;
  readonly #fleet: Fleet;
  readonly #replays: ReplayDesk;
  readonly #redrives: RedriveDesk;
  readonly #pauses: PauseDesk;
  readonly #resets: ResetDesk;
  readonly #throttles: ThrottleTopic;
  readonly #aim: Aim;
  readonly #nemesis: Nemesis;
  readonly #terms: Map<string, Terms>;
  /** When each target's group was last made to share anew. */
  readonly #rebalancedAt = new Map<string, number>();
  /** Mappings that targets were given, besides their first. */
  readonly #revisions = new Map<string, Set<string>>();
  #phase: "chaos" | "heal" = "chaos";
  #commitCount = 0;

  constructor(plan: Plan, draws: Draws, ears: WorldEars = {}) {
    this.#plan = plan;
    this.#draws = draws;
    this.#ears = ears;
    const words: Words = {
      note: (f, who, more) => this.#note(f, who, more),
      strike: (fault, target) => this.#strike(fault, target),
      struck: (fault, machine, target) => this.#struck(fault, machine, target),
    };
    this.#aim = new Aim(plan.foci, { queue: this.#queue, draws, restMsMax: plan.chaosMs / 12 });
    this.#terms = new Map(
      plan.targets.map(({ name, engine }) => [name, { engine, revision: FIRST_REVISION }]),
    );
    this.#cluster = new Cluster({
      queue: this.#queue,
      draws,
      faults: plan.broker,
      onFault: (fault, machine) => this.#struck(fault, machine),
      aimAt: (fault, machine, target) =>
        this.#aim.shareOfRequests(fault, this.#fleet.on(machine), target),
    });
    this.#cluster.createTopic(STATE_TOPIC, 1);
    this.#cluster.createTopic(JOURNAL_TOPIC, 2);
    for (const { name, partitionCount } of plan.topics)
      this.#cluster.createTopic(name, partitionCount);
    this.#targets = plan.targets.map((target) => this.#createTarget(target));
    const queue = this.#queue;
    const cluster = this.#cluster;
    this.#upstream = new Upstream({ queue, cluster, book: this.#book });
    this.#sweeps = new AsideSweeps({ queue, draws, cluster, targets: this.#targets });
    this.#servers = new Servers({ queue, cluster, registry: this.#registry, words });
    this.#fleet = new Fleet(plan.slotCount, {
      ...{ queue, draws, words },
      create: (name, slot) => this.#createDeliverer(name, slot),
      greet: (deliverer) => this.#greet(deliverer),
      hangUp: (machine) => {
        for (const { api } of this.#targets) api.hangUp(machine);
      },
      freezeMs: () => (this.#phase === "chaos" ? plan.freezes.forMs : null),
    });
    this.#nemesis = new Nemesis({
      ...{ queue, draws, words, aim: this.#aim, fleet: this.#fleet, targets: this.#targets },
      operate: (operation) => this.#operate(operation),
      redrive: (target, pick) => void this.#askForRedrive(target, pick),
    });
    const desk = {
      queue,
      draws,
      deliverers: () => this.#fleet.running,
      write: (line: OperationLine) => this.#book.write(line),
    };
    const targets = plan.targets.map(({ name }) => name);
    this.#pauses = new PauseDesk(desk);
    this.#resets = new ResetDesk(desk);
    this.#throttles = new ThrottleTopic({ ...desk, write: (line) => this.#book.write(line) });
    this.#replays = new ReplayDesk({ ...desk, cluster, targets });
    this.#redrives = new RedriveDesk({
      ...desk,
      laneOf: (target, place) => eventLane(plan, target, this.#upstream.eventAt(place)),
    });
  }

  /** Runs it through. */
  async run(): Promise<RunResult> {
    this.#book.write(runLineOf(this.#plan));
    for (const event of this.#plan.events)
      this.#queue.after(event.at, () => this.#upstream.emit(event));
    for (const operation of this.#plan.operations) {
      this.#queue.after(operation.at, () => this.#operate(operation));
    }
    for (const topic of this.#plan.topics) {
      if (topic.added !== undefined)
        this.#queue.after(topic.added.at, () => this.#addPartitions(topic));
    }
    this.#queue.after(this.#plan.chaosMs, () => this.#heal());
    this.#sweeps.start();
    const watch = new PromiseWatch();
    try {
      await this.#runQueue(watch);
    } finally {
      watch.stop();
    }
    for (const line of readLogs(this.#plan, this.#cluster, {
      targets: this.#targets,
      deleted: this.#servers.deleted,
      sweptAway: this.#sweeps.deleted,
      revisionsOf: (target) => [...(this.#revisions.get(target) ?? [])],
    }))
      this.#book.write(line);
    return {
      lines: this.#book.lines,
      failures: this.#fleet.failures,
      eventCount: this.#queue.ranCount,
      arrivalCount: this.#targets.reduce((sum, { api }) => sum + api.arrivalCount, 0),
      simulatedMs: this.#queue.now,
    };
  }

  #runQueue(watch: PromiseWatch): Promise<void> {
    const isAimed = this.#plan.foci.length > 0;
    return new Promise((resolve, reject) => {
      const go = (): void => {
        try {
          while (!this.#isOver() && this.#queue.ranCount < EVENTS_MAX) {
            if (watch.hasMoved) return watch.flush(go);
            if (isAimed && this.#phase === "chaos") this.#nemesis.act();
            if (!this.#queue.runNext()) break;
          }
          resolve();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      go();
    });
  }

  #createTarget(target: Plan["targets"][number]): TargetWorld {
    const api = new TargetApi(target, {
      queue: this.#queue,
      draws: this.#draws,
      book: this.#book,
      fateOf: (place) => {
        const event = this.#upstream.eventAt(place);
        const { fates, at, key } = event;
        return { fate: fates[target.name] ?? "deliver", emittedAt: at, key };
      },
      onFault: (fault, machine) => this.#struck(fault, machine, target.name),
      aimAt: (fault, machine) =>
        this.#aim.shareOfCalls(fault, this.#fleet.on(machine), target.name),
      isKept: (fault, machine) => this.#aim.isKept(fault, this.#fleet.on(machine), target.name),
    });
    const group = new Group(this.#cluster, this.#plan.sessionMs);
    group.onCommitted = ({ generation }, commits) => {
      for (const { topic, partition, offset, metadata } of commits) {
        this.#book.write({
          h: "commit",
          at: this.#queue.now,
          ev: "seen",
          target: target.name,
          commit: null,
          process: null,
          topic,
          partition,
          offset,
          metadata,
          generation,
          epoch: null,
        });
      }
    };
    const deadTopic = asTopic(`millrace.${target.name}.dead`);
    const parkedTopic = asTopic(`millrace.${target.name}.parked`);
    const partitionCount = Math.max(...this.#plan.topics.map(partitionCountMax));
    for (const topic of [deadTopic, parkedTopic]) this.#cluster.createTopic(topic, partitionCount);
    return { api, group, deadTopic, parkedTopic };
  }

  #operate(operation: OperationPlan): void {
    if (this.#phase !== "chaos") return;
    if (operation.fault !== null) this.#aim.noteDone(operation.fault);
    switch (operation.kind) {
      case "start":
        // It befalls those who have to share with the newcomer.
        if (operation.fault !== null) this.#strike(operation.fault);
        return this.#fleet.start(operation.slot);
      case "kill":
      case "terminate":
      case "stall":
      case "cut-link":
      case "jump-wall-clock":
        return this.#fleet.operate(operation);
      case "broker-outage":
        return this.#servers.stopBrokers(operation.forMs);
      case "registry-outage":
        return this.#servers.stopRegistry(operation.forMs);
      case "refuse-writes":
        return this.#servers.refuseWrites(operation.forMs);
      case "pause":
        this.#strike("pause", operation.target);
        return this.#pauses.pause(operation.target, operation.forMs);
      case "breaker-reset":
        return this.#resetBreaker(operation.target);
      case "reconfigure":
        return this.#reconfigure(operation);
      case "rebalance":
        return this.#rebalance(operation.target);
      case "foreign-metadata":
        return this.#servers.corrupt(this.#groupOf(operation.target), operation);
      case "offset-gone":
        return this.#servers.forgetOffset(this.#groupOf(operation.target), operation);
      case "retention":
        return this.#servers.deleteRecords(
          this.#targets.map(({ group }) => group),
          operation,
        );
      case "replay":
        return this.#replays.ask(operation);
      case "redrive":
        return this.#redrive(operation);
      case "steer-replay":
        return this.#replays.steer(operation.job, operation.wish);
    }
  }

  #askForRedrive(target: string, pick: number, discard?: DiscardPlan): Deliverer | null {
    const owner = this.#redrives.ask(target, pick, discard);
    if (owner !== null && discard === undefined) this.#struck("redrive", owner.machine, target);
    return owner;
  }

  #resetBreaker(target: string): void {
    if (this.#phase !== "chaos" || this.#resets.ask(target)) return;
    this.#queue.after(CHECK_MS, () => this.#resetBreaker(target));
  }

  /** As soon as there is a key to be redriven. */
  #redrive(operation: Extract<OperationPlan, { kind: "redrive" }>): void {
    if (this.#phase !== "chaos") return;
    const { target, pick, strike, strikeAfterMs, discard } = operation;
    const owner = this.#askForRedrive(target, pick, discard);
    if (owner === null) {
      this.#queue.after(CHECK_MS, () => this.#redrive(operation));
      return;
    }
    if (strike === null) return;
    this.#queue.after(strikeAfterMs, () => {
      if (!owner.machine.isDead) this.#operate(strikeOf(strike, { target, slot: owner.slot }));
    });
  }

  /** The groups hear of it when a member has looked at the topic again. */
  #addPartitions({ name: topic, partitionCount, added }: TopicPlan): void {
    if (added === undefined) return;
    this.#cluster.addPartitions(topic, added.count);
    this.#note("partitions-added", "operator", { topic, partition: partitionCount });
    for (const { name, topics } of this.#plan.targets) {
      if (!topics.includes(topic)) continue;
      const noticedMs = this.#draws.between("metadata.age", 0, METADATA_AGE_MS_MAX);
      this.#queue.after(noticedMs, () => this.#groupOf(name).rebalance());
    }
  }

  /** Two at once are one. */
  #rebalance(target: string): void {
    const { now } = this.#queue;
    if (this.#rebalancedAt.get(target) === now) return;
    this.#rebalancedAt.set(target, now);
    this.#note("rebalance", target);
    this.#strike("rebalance", target);
    this.#groupOf(target).rebalance();
  }

  /** New terms hold for whoever starts from now on. */
  #reconfigure({
    target,
    slot,
    engine,
    revision,
  }: Extract<OperationPlan, { kind: "reconfigure" }>): void {
    const deliverer = this.#fleet.slots[slot] ?? null;
    this.#terms.set(target, { engine, revision });
    const revisions = this.#revisions.get(target) ?? new Set();
    this.#revisions.set(target, revisions.add(revision));
    this.#note("config", "operator", { target, detail: revision });
    if (deliverer === null) return;
    this.#struck("reconfigured", deliverer.machine);
    this.#fleet.terminate(deliverer, 50);
  }

  #termsOf(target: string): Terms {
    const terms = this.#terms.get(target);
    if (terms === undefined) throw new Error(`no such target: ${target}`);
    return terms;
  }

  #createDeliverer(name: string, slot: number): Deliverer {
    return new Deliverer(name, slot, {
      plan: this.#plan,
      queue: this.#queue,
      draws: this.#draws,
      book: this.#book,
      cluster: this.#cluster,
      registry: this.#registry,
      targets: this.#targets,
      termsOf: (target) => this.#termsOf(target),
      eventAt: (place) => this.#upstream.eventAt(place),
      nextCommit: () => (this.#commitCount += 1),
      isHealed: () => this.#phase !== "chaos",
      redriveOf: (target, place) => this.#redrives.jobOf(target, place),
      onGivenUp: (target, place) => this.#redrives.noteGivenUp(target, place),
      onFault: (fault, { machine, target }) => this.#struck(fault, machine, target),
      onPaused: (target) => this.#pauses.alarm(target),
      onThrottled: (teller, target, notice) => this.#throttles.tell(teller, target, notice),
      onCrash: (crashed, why) => this.#fleet.crash(crashed, why),
      onFreeze: (frozen) => this.#fleet.freeze(frozen),
      aimAt: (fault, { machine, target }) =>
        this.#aim.shareOf(fault, this.#fleet.on(machine), target),
    });
  }

  /** What whoever starts ought to know. */
  #greet(deliverer: Deliverer): void {
    for (const [target, { revision }] of this.#terms) {
      if (revision === FIRST_REVISION) continue;
      this.#note("config", deliverer.name, { target, detail: revision });
    }
    this.#pauses.greet(deliverer);
    this.#throttles.greet(deliverer);
    this.#replays.greet(deliverer);
    this.#redrives.greet(deliverer);
  }

  /** All faults end; every place has a process again. */
  #heal(): void {
    this.#phase = "heal";
    this.#note("heal", "all");
    this.#servers.heal();
    this.#pauses.heal();
    for (const { api } of this.#targets) api.isHealed = true;
    this.#replays.heal();
    this.#redrives.heal();
    this.#fleet.heal();
    // Whatever is not done by then is judged as it is.
    this.#queue.after(REST_MS_MAX, () => this.#rest());
    this.#restIfDone();
  }

  #isResting = false;

  /** Looks now and then: a partition that stands, and a key on its way back, commit nothing that would tell. */
  #restIfDone(): void {
    if (this.#isResting) return;
    this.#queue.after(LOOK_MS, () => this.#restIfDone());
    if (!this.#replays.isOver || !this.#redrives.isOver) return;
    const view = {
      cluster: this.#cluster,
      targets: this.#targets,
      deliverers: this.#fleet.running,
    };
    if (isDone(view) && !isDetouring(view)) this.#rest();
  }

  /** The run is over once its processes have ended as they should. */
  #rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#note("rest", "all");
    this.#fleet.rest();
  }

  /** At rest, all processes have ended, and so has every call that is on the wire. */
  #isOver(): boolean {
    return this.#fleet.isOver && this.#targets.every(({ api }) => api.openCount === 0);
  }

  #groupOf(target: string): Group {
    const found = this.#targets.find(({ api }) => api.plan.name === target);
    if (found === undefined) throw new Error(`no such target: ${target}`);
    return found.group;
  }

  #struck(fault: FaultClass, machine: Machine, target: string | null = null): void {
    const { onFault } = this.#ears;
    const deliverer = this.#fleet.on(machine);
    if (onFault !== undefined && deliverer !== null) onFault(fault, deliverer, target);
  }

  /** A fault that strikes everyone, or all who serve a target. */
  #strike(fault: FaultClass, target: string | null = null): void {
    for (const deliverer of this.#fleet.running) this.#ears.onFault?.(fault, deliverer, target);
  }

  #note(f: Operation, who: string, more: OperationDetails = {}): void {
    this.#book.write({ h: "ops", at: this.#queue.now, f, who, ...more });
  }
}
