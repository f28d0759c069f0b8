import type { Cancel, Clock, Telemetry } from "@millrace/engine";

/** What a monitor works with. */
export interface MonitorPorts {
  /** Names of the topics that exist; rejects when no broker answers. */
  readonly listTopics: () => Promise<readonly string[]>;
  /** Topics that must exist. */
  readonly needed: Iterable<string>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const INTERVAL_MS = 5_000;
const INTERVAL_WHILE_DOWN_MS = 500;

/** Whether brokers answer. */
export type BrokerState = "unknown" | "up" | "down";

/** Asks the brokers from time to time, more often while they do not answer. */
export class BrokerMonitor {
  readonly #ports: MonitorPorts;
  #state: BrokerState = "unknown";
  #missing: readonly string[] = [];
  #cancel: Cancel = () => undefined;
  #isAsking = false;
  #isStopped = false;

  constructor(ports: MonitorPorts) {
    this.#ports = ports;
  }

  get state(): BrokerState {
    return this.#state;
  }

  /** Why events cannot be written; null when they can. */
  get reason(): string | null {
    if (this.#state === "unknown") return "the brokers have not answered yet";
    if (this.#state === "down") return "the brokers do not answer";
    if (this.#missing.length === 0) return null;
    return `topics do not exist: ${this.#missing.join(", ")} (run millrace init)`;
  }

  /** Asks now, and from then on by itself. Resolves with the answer; never rejects. */
  async ask(): Promise<void> {
    if (this.#isAsking || this.#isStopped) return;
    this.#isAsking = true;
    this.#cancel();
    await this.#look();
    this.#isAsking = false;
    this.#cancel = this.#askIn(this.reason === null ? INTERVAL_MS : INTERVAL_WHILE_DOWN_MS);
  }

  /** Stops asking. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #askIn(delayMs: number): Cancel {
    if (this.#isStopped) return () => undefined;
    return this.#ports.clock.schedule(delayMs, () => void this.ask());
  }

  async #look(): Promise<void> {
    const { listTopics, needed } = this.#ports;
    try {
      const present = new Set(await listTopics());
      this.#missing = [...needed].filter((topic) => !present.has(topic));
      this.#become("up", null);
    } catch (error) {
      this.#become("down", error);
    }
  }

  #become(state: BrokerState, error: unknown): void {
    if (state === this.#state) return;
    this.#state = state;
    const { telemetry } = this.#ports;
    if (state === "up") telemetry.log("info", "brokers answer");
    else telemetry.log("warn", "brokers do not answer", { error });
  }
}
