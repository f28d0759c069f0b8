/** The delivery processes of a world: a place for each, someone who starts it again, and what befalls it. */
import type { Draws } from "../plan/draws.ts";
import type { EventQueue } from "../event-queue.ts";
import type { FaultClass } from "../plan/fault-classes.ts";
import type { OperationPlan } from "../plan/plan.ts";
import type { Words } from "../words.ts";
import { GRACE_MS, type Deliverer } from "./deliverer.ts";
import type { Machine } from "./machine.ts";

/** A supervisor starts a process again after that, ms. */
const RESTART_MS = 1_000;

/** What a fleet needs of its world. */
export interface FleetPorts {
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly words: Words;
  readonly create: (name: string, slot: number) => Deliverer;
  /** A process begins: it is told what it ought to know. */
  readonly greet: (deliverer: Deliverer) => void;
  /** The connections of a process that has died end. */
  readonly hangUp: (machine: Machine) => void;
  /** How long a frozen process stands still, ms; null: none freezes any more. */
  readonly freezeMs: () => number | null;
}

/** See the head of this file. */
export class Fleet {
  readonly #ports: FleetPorts;
  readonly #slots: (Deliverer | null)[];
  readonly #failures: string[] = [];
  #startCount = 0;
  #openCount = 0;
  #isResting = false;

  /** @param slotCount places for processes, all of them empty. */
  constructor(slotCount: number, ports: FleetPorts) {
    this.#ports = ports;
    this.#slots = Array.from({ length: slotCount }, () => null);
  }

  /** Who is in each place. */
  get slots(): readonly (Deliverer | null)[] {
    return this.#slots;
  }

  /** Processes that have not ended. */
  get running(): readonly Deliverer[] {
    return this.#slots.filter((slot) => slot !== null);
  }

  /** Whether all have ended, and none comes again. */
  get isOver(): boolean {
    return this.#isResting && this.#openCount === 0;
  }

  /** Drivers that gave up, in their words. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  on(machine: Machine): Deliverer | null {
    return this.#slots.find((one) => one?.machine === machine) ?? null;
  }

  /** Does nothing where the place is taken. */
  start(slot: number): void {
    const { words, create, greet } = this.#ports;
    if (this.#slots[slot] !== null || this.#isResting) return;
    this.#startCount += 1;
    const name = `p${slot}-${this.#startCount}`;
    const deliverer = create(name, slot);
    this.#slots[slot] = deliverer;
    this.#openCount += 1;
    words.note("start", name);
    greet(deliverer);
    deliverer.start().then(
      () => {
        if (!deliverer.machine.isDead) words.note("ready", name);
      },
      (error: unknown) =>
        this.crash(deliverer, error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** A process dies of a fault, or of what its driver says. */
  crash(deliverer: Deliverer, why: FaultClass | Error): void {
    const { queue, draws, words } = this.#ports;
    if (deliverer.machine.isDead) return;
    if (typeof why === "string") {
      words.struck(why, deliverer.machine);
      return this.#kill(deliverer, draws.pick("crash.down", [50, 1_000, 12_000]));
    }
    this.#failures.push(`${deliverer.name}: ${why.message}`);
    words.note("crash", deliverer.name, { detail: why.message });
    this.#end(deliverer);
    queue.after(RESTART_MS, () => this.start(deliverer.slot));
  }

  /** Does it to the process in a place; nothing where there is none. */
  operate(operation: Extract<OperationPlan, { readonly slot: number }>): void {
    const { queue, words } = this.#ports;
    const deliverer = this.#slots[operation.slot] ?? null;
    if (deliverer === null) return;
    const { machine } = deliverer;
    if (operation.fault !== null) words.struck(operation.fault, machine);
    switch (operation.kind) {
      case "kill":
        return this.#kill(deliverer, operation.downMs);
      case "terminate":
        return this.terminate(deliverer, operation.downMs);
      case "stall":
        return this.#stall(deliverer, operation.forMs);
      case "cut-link":
        if (!machine.isLinked) return;
        words.note("network", deliverer.name, { detail: "cut" });
        machine.cutLink();
        queue.after(operation.forMs, () => this.#mend(deliverer));
        return;
      case "jump-wall-clock":
        return machine.jumpWallClock(operation.byMs);
      case "reconfigure":
      case "start":
    }
  }

  /** Stands still behind all that it does at this moment. */
  freeze(deliverer: Deliverer): void {
    const { queue, words, freezeMs } = this.#ports;
    words.struck("freeze", deliverer.machine);
    queue.after(0, () => {
      const forMs = freezeMs();
      if (forMs !== null) this.#stall(deliverer, forMs);
    });
  }

  /** Tells it to end, and starts another one after a while. */
  terminate(deliverer: Deliverer, downMs: number): void {
    const { queue, words } = this.#ports;
    if (deliverer.isStopping) return;
    deliverer.isStopping = true;
    const { machine } = deliverer;
    const exit = (code: number): void => {
      if (machine.isDead) return;
      words.note("exit", deliverer.name, { detail: String(code) });
      this.#end(deliverer);
      if (!this.#isResting) queue.after(downMs, () => this.start(deliverer.slot));
    };
    // A process that is stopped gets its signal when it goes on.
    machine.schedule(0, () => {
      words.note("terminate", deliverer.name);
      deliverer.stop().then(
        () => exit(0),
        () => exit(1),
      );
      const { stallCount } = machine;
      queue.after(GRACE_MS, () => {
        if (machine.isDead) return;
        // One that slept in its grace is killed at its end, as whoever sent the signal does it.
        if (machine.stallCount > stallCount || machine.isStalled) this.#kill(deliverer, downMs);
        else exit(1);
      });
    });
  }

  /** Every place has a process that runs. */
  heal(): void {
    for (const [slot, deliverer] of this.#slots.entries()) {
      if (deliverer === null) {
        this.start(slot);
        continue;
      }
      this.#mend(deliverer);
      this.#wake(deliverer);
    }
  }

  /** All are told to end, and none is started again. */
  rest(): void {
    this.#isResting = true;
    for (const deliverer of this.running) this.terminate(deliverer, 0);
  }

  #kill(deliverer: Deliverer, downMs: number): void {
    const { queue, words } = this.#ports;
    words.note("kill", deliverer.name);
    this.#end(deliverer);
    queue.after(downMs, () => this.start(deliverer.slot));
  }

  #end(deliverer: Deliverer): void {
    if (deliverer.machine.isDead) return;
    deliverer.machine.kill();
    this.#ports.hangUp(deliverer.machine);
    if (this.#slots[deliverer.slot] === deliverer) this.#slots[deliverer.slot] = null;
    this.#openCount -= 1;
  }

  #stall(deliverer: Deliverer, forMs: number): void {
    const { queue, words } = this.#ports;
    const { machine } = deliverer;
    if (machine.isStalled || machine.isDead) return;
    words.note("stop", deliverer.name);
    machine.stall();
    queue.after(forMs, () => this.#wake(deliverer));
  }

  #wake(deliverer: Deliverer): void {
    if (!deliverer.machine.isStalled) return;
    this.#ports.words.note("continue", deliverer.name);
    deliverer.machine.wake();
  }

  #mend(deliverer: Deliverer): void {
    if (deliverer.machine.isLinked) return;
    this.#ports.words.note("network", deliverer.name, { detail: "mended" });
    deliverer.machine.mendLink();
  }
}
