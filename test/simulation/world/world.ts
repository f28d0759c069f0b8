/** A world from a plan: brokers, registry, targets, processes. Chaos first; then everything heals and must come to rest. */
import { asOffset, asPartition, asTopic, type SourceRecord } from "@millrace/engine";
import { Cluster } from "./brokers/cluster.ts";
import {
  Deliverer,
  GRACE_MS,
  JOURNAL_TOPIC,
  STATE_TOPIC,
  type TargetWorld,
} from "./processes/deliverer.ts";
import { digest } from "./digest.ts";
import type { Draws } from "./plan/draws.ts";
import { EventQueue } from "./event-queue.ts";
import type { FaultClass } from "./plan/fault-classes.ts";
import { PromiseWatch } from "./flush.ts";
import { Group } from "./brokers/group.ts";
import { HistoryBook } from "./history-book.ts";
import { readLogs } from "./final-read.ts";
import type { Machine } from "./processes/machine.ts";
import type { EventPlan, OperationPlan, Plan } from "./plan/plan.ts";
import { Registry } from "./processes/preparer.ts";
import { eventLane } from "./people/event-lane.ts";
import { RedriveDesk } from "./people/redrive-desk.ts";
import { ReplayDesk } from "./people/replay-desk.ts";
import { TargetApi, type CallPlace } from "./targets/target-api.ts";
import { strikeOf } from "./people/redrive-strike.ts";
import { isDetouring, isDone } from "./rest.ts";
import { runLineOf } from "./run-line.ts";
import type { HistoryLine, Operation, OperationLine } from "../../checker/history.ts";

/** How long after healing everything has to be at rest, ms: the longest Retry-After, and what may follow it. */
const REST_MS_MAX = 3_600_000;
/** Between two looks whether there is nothing left to do, ms. */
const LOOK_MS = 500;
/** Until someone looks again whether there is a key to be redriven, ms. */
const REDRIVE_CHECK_MS = 200;
/** Events of one run; one that needs more does not come to rest. */
const EVENTS_MAX = 400_000;
/** A supervisor starts a process again after that, ms. */
const RESTART_MS = 1_000;

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
  /** What retention took: its reader was there before. */
  readonly #deleted: SourceRecord[] = [];
  readonly #events = new Map<string, EventPlan>();
  readonly #slots: (Deliverer | null)[];
  readonly #ends = new Map<string, number>();
  readonly #replays: ReplayDesk;
  readonly #redrives: RedriveDesk;
  readonly #failures: string[] = [];
  #phase: "chaos" | "heal" = "chaos";
  #startCount = 0;
  #commitCount = 0;
  #openCount = 0;

  constructor(plan: Plan, draws: Draws, ears: WorldEars = {}) {
    this.#plan = plan;
    this.#draws = draws;
    this.#ears = ears;
    this.#slots = Array.from({ length: plan.slotCount }, () => null);
    this.#cluster = new Cluster({
      queue: this.#queue,
      draws,
      faults: plan.broker,
      onFault: (fault, machine) => this.#struck(fault, machine),
    });
    this.#cluster.createTopic(STATE_TOPIC, 1);
    this.#cluster.createTopic(JOURNAL_TOPIC, 2);
    for (const { name, partitionCount } of plan.topics)
      this.#cluster.createTopic(name, partitionCount);
    this.#targets = plan.targets.map((target) => this.#createTarget(target));
    const desk = {
      queue: this.#queue,
      draws,
      deliverers: () => this.#slots.filter((slot) => slot !== null),
      write: (line: OperationLine) => this.#book.write(line),
    };
    const targets = plan.targets.map(({ name }) => name);
    this.#replays = new ReplayDesk({ ...desk, cluster: this.#cluster, targets });
    this.#redrives = new RedriveDesk({
      ...desk,
      laneOf: (target, place) => eventLane(plan, target, this.#eventAt(place)),
    });
  }

  /** Runs it through. */
  async run(): Promise<RunResult> {
    this.#book.write(runLineOf(this.#plan));
    for (const event of this.#plan.events) this.#queue.after(event.at, () => this.#emit(event));
    for (const operation of this.#plan.operations) {
      this.#queue.after(operation.at, () => this.#operate(operation));
    }
    this.#queue.after(this.#plan.chaosMs, () => this.#heal());
    const watch = new PromiseWatch();
    try {
      await this.#runQueue(watch);
    } finally {
      watch.stop();
    }
    for (const line of readLogs(this.#plan, this.#cluster, {
      targets: this.#targets,
      deleted: this.#deleted,
    }))
      this.#book.write(line);
    return {
      lines: this.#book.lines,
      failures: this.#failures,
      eventCount: this.#queue.ranCount,
      arrivalCount: this.#targets.reduce((sum, { api }) => sum + api.arrivalCount, 0),
      simulatedMs: this.#queue.now,
    };
  }

  #runQueue(watch: PromiseWatch): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        try {
          while (!this.#isOver() && this.#queue.ranCount < EVENTS_MAX) {
            if (watch.hasMoved) return watch.flush(go);
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
        const event = this.#eventAt(place);
        return { fate: event.fates[target.name] ?? "deliver", key: event.key };
      },
      onFault: (fault, machine) => this.#struck(fault, machine, target.name),
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
    const partitionCount = Math.max(...this.#plan.topics.map((topic) => topic.partitionCount));
    for (const topic of [deadTopic, parkedTopic]) this.#cluster.createTopic(topic, partitionCount);
    return { api, group, deadTopic, parkedTopic };
  }

  #emit(event: EventPlan): void {
    const { id, topic, partition, key, gapCount } = event;
    const log = this.#cluster.log({ topic, partition: asPartition(partition) });
    const value = Buffer.from(`value of ${id}`);
    const line = {
      h: "emit",
      producer: "upstream",
      id,
      source: SOURCE,
      topic,
      key,
      sha: digest(value),
    } as const;
    const lane = `${topic}/${key ?? ""}`;
    const sequence = this.#ends.get(lane) ?? 0;
    this.#ends.set(lane, sequence + 1);
    this.#book.write({ ...line, at: this.#queue.now, ev: "invoke", sequence });
    if (gapCount > 0) log.hide(gapCount);
    this.#events.set(`${topic}/${partition}/${log.endOffset}`, event);
    const offset = this.#cluster.append(log.place, {
      key: key === null ? null : Buffer.from(key),
      value,
      headers: { ce_id: Buffer.from(id), ce_source: Buffer.from(SOURCE) },
    });
    this.#book.write({ ...line, at: this.#queue.now, ev: "ok", sequence, partition, offset });
  }

  #eventAt({ topic, partition, offset }: CallPlace): EventPlan {
    const event = this.#events.get(`${topic}/${partition}/${offset}`);
    if (event === undefined)
      throw new Error(`nothing was emitted at ${topic}/${partition}/${offset}`);
    return event;
  }

  #operate(operation: OperationPlan): void {
    if (this.#phase !== "chaos") return;
    switch (operation.kind) {
      case "start":
        // It befalls those who have to share with the newcomer.
        if (operation.fault !== null) this.#strike(operation.fault);
        return this.#start(operation.slot);
      case "kill":
      case "terminate":
      case "stall":
      case "cut-link":
      case "jump-wall-clock":
        return this.#operateOnProcess(operation);
      case "broker-outage":
        return this.#stopBrokers(operation.forMs);
      case "registry-outage":
        return this.#stopRegistry(operation.forMs);
      case "rebalance":
        this.#note("rebalance", operation.target);
        this.#strike("rebalance");
        return this.#groupOf(operation.target).rebalance();
      case "foreign-metadata":
        return this.#corrupt(operation);
      case "retention":
        return this.#deleteRecords(operation);
      case "replay":
        return this.#replays.ask(operation);
      case "redrive":
        return this.#redrive(operation);
      case "steer-replay":
        return this.#replays.steer(operation.job, operation.wish);
    }
  }

  /** As soon as there is a key to be redriven. */
  #redrive(operation: Extract<OperationPlan, { kind: "redrive" }>): void {
    if (this.#phase !== "chaos") return;
    const { target, pick, strike, strikeAfterMs } = operation;
    const owner = this.#redrives.ask(target, pick);
    if (owner === null) {
      this.#queue.after(REDRIVE_CHECK_MS, () => this.#redrive(operation));
      return;
    }
    if (strike === null) return;
    this.#queue.after(strikeAfterMs, () => {
      if (!owner.machine.isDead) this.#operate(strikeOf(strike, { target, slot: owner.slot }));
    });
  }

  #operateOnProcess(operation: Extract<OperationPlan, { readonly slot: number }>): void {
    const deliverer = this.#slots[operation.slot] ?? null;
    if (deliverer === null) return;
    const { machine } = deliverer;
    if (operation.fault !== null) this.#struck(operation.fault, machine);
    switch (operation.kind) {
      case "kill":
        return this.#kill(deliverer, operation.downMs);
      case "terminate":
        return this.#terminate(deliverer, operation.downMs);
      case "stall":
        if (machine.isStalled) return;
        this.#note("stop", deliverer.name);
        machine.stall();
        this.#queue.after(operation.forMs, () => this.#wake(deliverer));
        return;
      case "cut-link":
        if (!machine.isLinked) return;
        this.#note("network", deliverer.name, { detail: "cut" });
        machine.cutLink();
        this.#queue.after(operation.forMs, () => this.#mend(deliverer));
        return;
      case "jump-wall-clock":
        return machine.jumpWallClock(operation.byMs);
      case "start":
    }
  }

  #start(slot: number): void {
    if (this.#slots[slot] !== null || this.#isResting) return;
    this.#startCount += 1;
    const name = `p${slot}-${this.#startCount}`;
    const deliverer = new Deliverer(name, slot, {
      plan: this.#plan,
      queue: this.#queue,
      draws: this.#draws,
      book: this.#book,
      cluster: this.#cluster,
      registry: this.#registry,
      targets: this.#targets,
      eventAt: (place) => this.#eventAt(place),
      nextCommit: () => (this.#commitCount += 1),
      isHealed: () => this.#phase !== "chaos",
      redriveOf: (target, place) => this.#redrives.jobOf(target, place),
      onGivenUp: (target, place) => this.#redrives.noteGivenUp(target, place),
      onFault: (fault, { machine, target }) => this.#struck(fault, machine, target),
      onCrash: (crashed, why) => this.#crash(crashed, why),
    });
    this.#slots[slot] = deliverer;
    this.#openCount += 1;
    this.#note("start", name);
    this.#replays.greet(deliverer);
    this.#redrives.greet(deliverer);
    deliverer.start().then(
      () => {
        if (!deliverer.machine.isDead) this.#note("ready", name);
      },
      (error: unknown) =>
        this.#crash(deliverer, error instanceof Error ? error : new Error(String(error))),
    );
  }

  #crash(deliverer: Deliverer, why: FaultClass | Error): void {
    if (deliverer.machine.isDead) return;
    if (typeof why === "string") {
      this.#struck(why, deliverer.machine);
      return this.#kill(deliverer, this.#draws.pick("crash.down", [50, 1_000, 12_000]));
    }
    this.#failures.push(`${deliverer.name}: ${why.message}`);
    this.#note("crash", deliverer.name, { detail: why.message });
    this.#end(deliverer);
    this.#queue.after(RESTART_MS, () => this.#start(deliverer.slot));
  }

  #kill(deliverer: Deliverer, downMs: number): void {
    this.#note("kill", deliverer.name);
    this.#end(deliverer);
    this.#queue.after(downMs, () => this.#start(deliverer.slot));
  }

  #end(deliverer: Deliverer): void {
    if (deliverer.machine.isDead) return;
    deliverer.machine.kill();
    for (const { api } of this.#targets) api.hangUp(deliverer.machine);
    if (this.#slots[deliverer.slot] === deliverer) this.#slots[deliverer.slot] = null;
    this.#openCount -= 1;
  }

  #terminate(deliverer: Deliverer, downMs: number): void {
    if (deliverer.isStopping) return;
    deliverer.isStopping = true;
    const { machine } = deliverer;
    const exit = (code: number): void => {
      if (machine.isDead) return;
      this.#note("exit", deliverer.name, { detail: String(code) });
      this.#end(deliverer);
      if (!this.#isResting) this.#queue.after(downMs, () => this.#start(deliverer.slot));
    };
    // A process that is stopped gets its signal when it goes on.
    machine.schedule(0, () => {
      this.#note("terminate", deliverer.name);
      deliverer.stop().then(
        () => exit(0),
        () => exit(1),
      );
      const { stallCount } = machine;
      this.#queue.after(GRACE_MS, () => {
        if (machine.isDead) return;
        // One that slept in its grace is killed at its end, as whoever sent the signal does it.
        if (machine.stallCount > stallCount || machine.isStalled) this.#kill(deliverer, downMs);
        else exit(1);
      });
    });
  }

  #wake(deliverer: Deliverer): void {
    if (!deliverer.machine.isStalled) return;
    this.#note("continue", deliverer.name);
    deliverer.machine.wake();
  }

  #mend(deliverer: Deliverer): void {
    if (deliverer.machine.isLinked) return;
    this.#note("network", deliverer.name, { detail: "mended" });
    deliverer.machine.mendLink();
  }

  #stopBrokers(forMs: number): void {
    if (!this.#cluster.isUp) return;
    this.#note("broker-kill", "broker");
    this.#strike("broker-outage");
    this.#cluster.stop();
    this.#queue.after(forMs, () => this.#startBrokers());
  }

  #startBrokers(): void {
    if (this.#cluster.isUp) return;
    this.#note("broker-start", "broker");
    this.#cluster.start();
  }

  #stopRegistry(forMs: number): void {
    if (!this.#registry.isUp) return;
    this.#note("registry-down", "registry");
    this.#strike("registry-outage");
    this.#registry.isUp = false;
    this.#queue.after(forMs, () => this.#startRegistry());
  }

  #startRegistry(): void {
    if (this.#registry.isUp) return;
    this.#note("registry-up", "registry");
    this.#registry.isUp = true;
  }

  /** Someone else's tool writes over what a commit says besides its offset. */
  #corrupt({ target, pick, metadata }: Extract<OperationPlan, { kind: "foreign-metadata" }>): void {
    const group = this.#groupOf(target);
    const committed = [...group.offsets];
    const chosen = committed[pick % Math.max(1, committed.length)];
    if (chosen === undefined) return;
    const [name, { offset }] = chosen;
    const [topic = "", partition = ""] = name.split("/");
    const place = { topic: asTopic(topic), partition: asPartition(Number(partition)) };
    group.write([{ ...place, offset: asOffset(offset), metadata }]);
    this.#note("metadata-corrupted", "operator", { target, topic, partition: Number(partition) });
    this.#strike("foreign-metadata");
  }

  /** The log's retention passes whoever lags behind it. */
  #deleteRecords({ topic, pick, share }: Extract<OperationPlan, { kind: "retention" }>): void {
    const logs = this.#cluster.logs(topic);
    const log = logs[pick % logs.length];
    if (log === undefined) return;
    const before = asOffset(log.startOffset + Math.ceil(share * (log.endOffset - log.startOffset)));
    this.#deleted.push(...log.records.filter(({ offset }) => offset < before));
    log.truncate(before);
    this.#note("retention", "broker", {
      topic,
      partition: log.place.partition,
      detail: String(before),
    });
    this.#strike("retention");
  }

  /** All faults end; every place has a process again. */
  #heal(): void {
    this.#phase = "heal";
    this.#note("heal", "all");
    this.#cluster.isHealed = true;
    this.#startBrokers();
    this.#startRegistry();
    for (const { api } of this.#targets) api.isHealed = true;
    this.#replays.heal();
    this.#redrives.heal();
    for (const [slot, deliverer] of this.#slots.entries()) {
      if (deliverer === null) {
        this.#start(slot);
        continue;
      }
      this.#mend(deliverer);
      this.#wake(deliverer);
    }
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
      deliverers: this.#slots.filter((deliverer) => deliverer !== null),
    };
    if (isDone(view) && !isDetouring(view)) this.#rest();
  }

  /** The run is over once its processes have ended as they should. */
  #rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#note("rest", "all");
    for (const deliverer of this.#slots) if (deliverer !== null) this.#terminate(deliverer, 0);
  }

  /** At rest, all processes have ended, and so has every call that is on the wire. */
  #isOver(): boolean {
    if (!this.#isResting || this.#openCount > 0) return false;
    return this.#targets.every(({ api }) => api.openCount === 0);
  }

  #groupOf(target: string): Group {
    const found = this.#targets.find(({ api }) => api.plan.name === target);
    if (found === undefined) throw new Error(`no such target: ${target}`);
    return found.group;
  }

  #struck(fault: FaultClass, machine: Machine, target: string | null = null): void {
    const { onFault } = this.#ears;
    const deliverer = this.#slots.find((one) => one?.machine === machine);
    if (onFault !== undefined && deliverer !== undefined && deliverer !== null)
      onFault(fault, deliverer, target);
  }

  /** A fault that strikes everyone. */
  #strike(fault: FaultClass): void {
    for (const deliverer of this.#slots)
      if (deliverer !== null) this.#ears.onFault?.(fault, deliverer, null);
  }

  #note(
    f: Operation,
    who: string,
    more: Partial<Pick<OperationLine, "detail" | "partition" | "target" | "topic">> = {},
  ): void {
    this.#book.write({ h: "ops", at: this.#queue.now, f, who, ...more });
  }
}

const SOURCE = "urn:simulation";
