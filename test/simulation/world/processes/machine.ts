/**
 * What one process runs on: its clock and its wires. It can stall (SIGSTOP, a blocked event loop), go on, and die. What
 * is due while it stalls happens when it goes on; what is due after its death never happens.
 */
import type { Cancel, Clock } from "@millrace/engine";
import type { EventQueue } from "../event-queue.ts";

type Task = () => void;

/** Wall time at the start of a run. */
const WALL_START = Date.UTC(2026, 0, 1);

/** Up to this delay a timer is exact, ms: what is asked for again comes to an end. */
const EXACT_MS = 1;

/** See the head of this file. */
export class Machine implements Clock {
  readonly name: string;
  readonly #queue: EventQueue;
  readonly #earlyMs: number;
  readonly #startedAt: number;
  readonly #watchers = new Set<Task>();
  #life: "up" | "stalled" | "dead" = "up";
  #isLinked = true;
  #backlog: Task[] = [];
  #wallSkewMs = 0;
  #stallCount = 0;
  #wokeAt = -Infinity;

  /** @param earlyMs how much too early its timers are: those of an event loop count from when its turn began. */
  constructor(name: string, queue: EventQueue, earlyMs: number) {
    this.name = name;
    this.#queue = queue;
    this.#earlyMs = earlyMs;
    // Monotonic clocks of processes have nothing in common: one that is told to another must not work by chance.
    this.#startedAt = queue.now - 1_000 * (1 + name.length);
  }

  get isDead(): boolean {
    return this.#life === "dead";
  }

  get isStalled(): boolean {
    return this.#life === "stalled";
  }

  /** Whether it could talk to the brokers, were they up. */
  get isConnected(): boolean {
    return this.#life === "up" && this.#isLinked;
  }

  /** Times that it stalled. */
  get stallCount(): number {
    return this.#stallCount;
  }

  /** How long it has been going on since it stalled last, ms; infinite for one that never did. */
  get awakeMs(): number {
    return this.#queue.now - this.#wokeAt;
  }

  get isLinked(): boolean {
    return this.#isLinked;
  }

  /** @inheritdoc */
  now(): number {
    return this.#queue.now - this.#startedAt;
  }

  /** @inheritdoc */
  wallNow(): number {
    return WALL_START + this.#queue.now + this.#wallSkewMs;
  }

  /** @inheritdoc */
  schedule(delayMs: number, task: Task): Cancel {
    let isCancelled = false;
    const waitMs = delayMs > EXACT_MS ? Math.max(EXACT_MS, delayMs - this.#earlyMs) : delayMs;
    const cancel = this.#queue.after(waitMs, () => {
      this.#run(() => {
        if (!isCancelled) task();
      });
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** Calls `watcher` when it may have become connected or disconnected. */
  onConnectivity(watcher: Task): void {
    this.#watchers.add(watcher);
  }

  stall(): void {
    if (this.#life !== "up") return;
    this.#life = "stalled";
    this.#stallCount += 1;
    this.#tell();
  }

  /** Goes on: what was due meanwhile happens at once, in its order, before anything new. */
  wake(): void {
    if (this.#life !== "stalled") return;
    this.#life = "up";
    this.#wokeAt = this.#queue.now;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const task of backlog) this.#queue.after(0, () => this.#run(task));
    this.#queue.after(0, () => this.#tell());
  }

  /** Nothing of it happens any more; what is on the wire stays there. */
  kill(): void {
    if (this.#life === "dead") return;
    this.#life = "dead";
    this.#backlog = [];
    this.#tell();
  }

  /** Cuts its way to the brokers; targets stay in reach. */
  cutLink(): void {
    this.#isLinked = false;
    this.#tell();
  }

  mendLink(): void {
    this.#isLinked = true;
    this.#tell();
  }

  /** Moves its wall clock. */
  jumpWallClock(byMs: number): void {
    this.#wallSkewMs += byMs;
  }

  #run(task: Task): void {
    if (this.#life === "up") task();
    else if (this.#life === "stalled") this.#backlog.push(task);
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
