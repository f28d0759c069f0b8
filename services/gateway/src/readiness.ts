import type { Emitter } from "@millrace/emitter";
import type { EventContracts } from "@millrace/schemas";
import type { BrokerMonitor } from "./broker-monitor.ts";
import type { EmitterStarter } from "./emitter-starter.ts";
import { Refusal } from "./problem.ts";

/** Whether the gateway takes events, and why not. */
export class Readiness {
  readonly #starter: Pick<EmitterStarter, "emitter" | "reason">;
  readonly #monitor: Pick<BrokerMonitor, "state" | "reason" | "ask">;
  #isStopping = false;

  constructor(
    starter: Pick<EmitterStarter, "emitter" | "reason">,
    monitor: Pick<BrokerMonitor, "state" | "reason" | "ask">,
  ) {
    this.#starter = starter;
    this.#monitor = monitor;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** From now on nothing is taken any more. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Why events are not taken; empty when they are. */
  reasons(): readonly string[] {
    if (this.#isStopping) return ["stopping"];
    return [this.#starter.reason, this.#monitor.reason].filter((reason) => reason !== null);
  }

  /**
   * What to emit with. While brokers are known not to answer, requests are refused at once: each would wait for its
   * whole timeout and hold memory meanwhile.
   * @throws Refusal `stopping`, `not-ready`, `brokers-unavailable`.
   */
  emitterOrRefusal(): Emitter<EventContracts> {
    if (this.#isStopping) throw new Refusal("stopping", "try another instance");
    const { emitter, reason } = this.#starter;
    if (emitter === null) throw new Refusal("not-ready", reason ?? "starting");
    if (this.#monitor.state !== "down") return emitter;
    throw new Refusal("brokers-unavailable", "the brokers do not answer; nothing was emitted");
  }

  /** A write was not acknowledged: brokers are asked at once whether they are there. */
  suspectBrokers(): void {
    void this.#monitor.ask();
  }
}
