import type { Delivery } from "../../core/lanes/delivery.ts";
import type { TargetId, Topic } from "../../core/lanes/identity.ts";
import type { Park } from "../../core/aside/marker.ts";
import { MillraceError } from "../../errors.ts";
import type { PreparedEvent, RecordPosition, RecordSink, SinkRecord } from "../../ports.ts";
import { setAsideRecord, withoutHeaders, withoutValue, type SetAside } from "./dead-letter.ts";

const PARKED = { reason: "PARKED", holdsKey: null } as const;

/** Where a target's own records go. */
export interface OwnTopics {
  readonly target: TargetId;
  readonly dead: Topic;
  readonly parked: Topic;
}

/** Writes a target's dead letters and parked events. */
export class DeadLetterWriter {
  readonly #sink: RecordSink;
  readonly #to: OwnTopics;

  constructor(sink: RecordSink, to: OwnTopics) {
    this.#sink = sink;
    this.#to = to;
  }

  /**
   * Resolves, with where it stands, when the dead letter is acknowledged. One that the broker refuses as too large loses
   * its value, then the event's headers and key: its coordinates still lead to the event.
   * @throws MillraceError of the sink.
   */
  write(delivery: Delivery<PreparedEvent>, why: SetAside): Promise<RecordPosition | undefined> {
    const { target, dead } = this.#to;
    return this.#writeFitting(setAsideRecord(delivery, why, { target, topic: dead }));
  }

  /**
   * Resolves when all are acknowledged, in order. After a rejection any part may stand in the log.
   * @throws MillraceError of the sink.
   */
  async park({ marker, deliveries }: Park<PreparedEvent>): Promise<void> {
    const { target, parked } = this.#to;
    const detail = `the key waits for its event at offset ${marker.offset}`;
    const records = deliveries.map((delivery) =>
      setAsideRecord(delivery, { ...PARKED, detail }, { target, topic: parked }),
    );
    if ((await this.#tryAppend(records)) !== null) return;
    // One of them is too large: only it loses what does not fit, but never its key, by which it is found again.
    for (const record of records) await this.#writeFitting(record, record.key);
  }

  /** @param keyLeft the key that is left to one without headers. */
  async #writeFitting(
    whole: SinkRecord,
    keyLeft: Uint8Array | null = null,
  ): Promise<RecordPosition | undefined> {
    const positions =
      (await this.#tryAppend([whole])) ??
      (await this.#tryAppend([withoutValue(whole)])) ??
      (await this.#sink.append([{ ...withoutHeaders(whole), key: keyLeft }]));
    return positions[0];
  }

  /** Null when these can never be written. */
  async #tryAppend(records: readonly SinkRecord[]): Promise<readonly RecordPosition[] | null> {
    try {
      return await this.#sink.append(records);
    } catch (error) {
      if (error instanceof MillraceError && error.code === "PRODUCE_REFUSED") return null;
      throw error;
    }
  }
}
