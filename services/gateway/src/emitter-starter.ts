import type { Cancel, Clock, Telemetry } from "@millrace/engine";
import type { Emitter } from "@millrace/emitter";
import type { EventContracts } from "@millrace/schemas";

/** What a starter works with. */
export interface StarterPorts {
  /** Makes the emitter; rejects while the registry is away or lacks a schema. */
  readonly make: () => Promise<Emitter<EventContracts>>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const RETRY_MS = 1_000;

/** Makes the emitter as soon as it can be made, however long the registry is away. */
export class EmitterStarter {
  readonly #ports: StarterPorts;
  #emitter: Emitter<EventContracts> | null = null;
  #reason: string | null = "the schemas' ids are not known yet";
  #cancelRetry: Cancel = () => undefined;
  #making: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(ports: StarterPorts) {
    this.#ports = ports;
  }

  /** Null until it is made. */
  get emitter(): Emitter<EventContracts> | null {
    return this.#emitter;
  }

  /** Why there is no emitter; null when there is one. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Tries once, and goes on trying by itself. Resolves after the first try; never rejects. */
  start(): Promise<void> {
    this.#making = this.#try();
    return this.#making;
  }

  /** Takes no more events, flushes those taken. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry();
    await this.#making;
    await this.#emitter?.close();
  }

  async #try(): Promise<void> {
    const { make, clock, telemetry } = this.#ports;
    try {
      this.#emitter = await make();
      this.#reason = null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Once, not with every try.
      if (reason !== this.#reason) telemetry.log("warn", "cannot emit yet", { error });
      this.#reason = reason;
      if (this.#isStopped) return;
      this.#cancelRetry = clock.schedule(RETRY_MS, () => void this.start());
    }
  }
}
