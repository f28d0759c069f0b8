import type { Telemetry } from "@millrace/engine";
import { errorText } from "./kafka-error.ts";

/** What is over sooner than this is the daily life of a cluster (a coordinator loads, a leader moves), ms. */
const WORTH_SAYING_MS = 1_000;

/** Says once that the brokers are away, and once that they are back, however many calls notice. */
export class Outage {
  readonly #telemetry: Telemetry;
  readonly #who: string;
  #since: number | null = null;
  #isSaid = false;

  /** @param who what suffers, e.g. `group millrace.crm`. */
  constructor(telemetry: Telemetry, who: string) {
    this.#telemetry = telemetry;
    this.#who = who;
  }

  /** A call failed for want of a broker. */
  noticed(error: unknown): void {
    const now = performance.now();
    this.#since ??= now;
    if (this.#isSaid || now - this.#since < WORTH_SAYING_MS) return;
    this.#isSaid = true;
    const message = `${this.#who}: Kafka does not answer, trying on: ${errorText(error)}`;
    this.#telemetry.log("warn", message);
  }

  /** A call was answered. */
  over(): void {
    if (this.#since === null) return;
    const awayMs = Math.round(performance.now() - this.#since);
    this.#since = null;
    if (!this.#isSaid) return;
    this.#isSaid = false;
    this.#telemetry.log("info", `${this.#who}: Kafka answers again`, { awayMs });
  }
}
