import type { Delivery, GivenUp } from "../core/delivery.ts";
import type { TargetId, Topic } from "../core/identity.ts";
import { MillraceError } from "../errors.ts";
import type { PreparedEvent, RecordSink, SinkRecord } from "../ports.ts";
import { deadLetterRecord, withoutHeaders, withoutValue } from "./dead-letter.ts";

/** Writes a target's dead letters. */
export class DeadLetterWriter {
  readonly #sink: RecordSink;
  readonly #to: { readonly target: TargetId; readonly topic: Topic };

  constructor(sink: RecordSink, to: { readonly target: TargetId; readonly topic: Topic }) {
    this.#sink = sink;
    this.#to = to;
  }

  /**
   * Resolves when the dead letter is acknowledged. One that the broker refuses as too large loses its value, then the
   * event's headers and key: its coordinates still lead to the event.
   * @throws MillraceError of the sink.
   */
  async write(delivery: Delivery<PreparedEvent>, why: GivenUp): Promise<void> {
    const whole = deadLetterRecord(delivery, why, this.#to);
    if (await this.#isTaken(whole)) return;
    if (await this.#isTaken(withoutValue(whole))) return;
    await this.#sink.append([withoutHeaders(whole)]);
  }

  /** False when this record can never be written. */
  async #isTaken(record: SinkRecord): Promise<boolean> {
    try {
      await this.#sink.append([record]);
      return true;
    } catch (error) {
      if (error instanceof MillraceError && error.code === "PRODUCE_REFUSED") return false;
      throw error;
    }
  }
}
