/**
 * What processes tell each other of the time that targets ask for, as the control topic would hold it: the last word of each
 * target stands, and whoever reads hears of every word, in order, sooner or later. A process that starts knows what stands
 * before it does anything, be it over or not.
 */
import type { ThrottleNotice } from "@millrace/engine";
import type { ThrottleLine } from "../../../checker/history.ts";
import type { Draws } from "../plan/draws.ts";
import type { EventQueue } from "../event-queue.ts";
import type { Deliverer } from "./deliverer.ts";

/** The longest that the brokers take to have a word, and a process to hear of it, ms. */
const WRITING_MS_MAX = 500;
const HEARING_MS_MAX = 2_000;

/** What it works with. */
export interface ThrottleTopicPorts {
  readonly queue: EventQueue;
  readonly draws: Draws;
  readonly deliverers: () => readonly Deliverer[];
  readonly write: (line: ThrottleLine) => void;
}

/** See the head of this file. */
export class ThrottleTopic {
  readonly #ports: ThrottleTopicPorts;
  readonly #standing = new Map<string, ThrottleNotice>();
  /** When each process hears of the last word that it has not heard of. */
  readonly #hearsAt = new WeakMap<Deliverer, number>();

  constructor(ports: ThrottleTopicPorts) {
    this.#ports = ports;
  }

  /** A process tells the others. One that is told to end tells nobody any more. */
  tell(
    { machine, isStopping, name: process }: Deliverer,
    target: string,
    notice: ThrottleNotice,
  ): void {
    if (machine.isDead || isStopping) return;
    const { queue, draws, write } = this.#ports;
    const forMs = notice.until - machine.wallNow();
    write({ h: "throttle", at: queue.now, ev: "tell", target, process, forMs });
    queue.after(draws.between("throttle.writing", 0, WRITING_MS_MAX), () => {
      this.#standing.set(target, notice);
      for (const deliverer of this.#ports.deliverers()) this.#pass(deliverer, target, notice);
    });
  }

  /** A process starts. */
  greet(deliverer: Deliverer): void {
    for (const [target, notice] of this.#standing) this.#hear(deliverer, target, notice);
  }

  #pass(deliverer: Deliverer, target: string, notice: ThrottleNotice): void {
    const { queue, draws } = this.#ports;
    const drawnAt = queue.now + draws.between("throttle.hearing", 0, HEARING_MS_MAX);
    const hearsAt = Math.max(drawnAt, this.#hearsAt.get(deliverer) ?? 0);
    this.#hearsAt.set(deliverer, hearsAt);
    deliverer.machine.schedule(hearsAt - queue.now, () => this.#hear(deliverer, target, notice));
  }

  #hear(
    { name: process, machine, drivers }: Deliverer,
    target: string,
    notice: ThrottleNotice,
  ): void {
    const { queue, write } = this.#ports;
    const found = drivers.find(({ name }) => name === target);
    if (found === undefined) return;
    if (notice.by !== process) {
      const forMs = Math.min(notice.until - machine.wallNow(), notice.until - notice.at);
      write({ h: "throttle", at: queue.now, ev: "told", target, process, forMs });
    }
    found.driver.throttle(notice);
  }
}
