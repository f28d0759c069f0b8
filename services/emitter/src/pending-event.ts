import type { MillraceError, RecordPosition, SinkRecord } from "@millrace/engine";

/** What became of an event. */
export interface EventEnd {
  acknowledged(position: RecordPosition, sends: number): void;
  failed(error: MillraceError): void;
}

/** An encoded event on its way. It ends once; whatever is told later is dropped. */
export class PendingEvent {
  readonly record: SinkRecord;
  readonly bytes: number;
  /** When it is given up, on the clock's monotonic scale. */
  readonly deadlineAt: number;
  /** The key as latin1; null: it has none, so that nothing is ordered by it. */
  readonly lane: string | null;
  /** How often it was handed to the sink. */
  sends = 0;
  readonly #end: EventEnd;
  #isSettled = false;

  constructor(
    record: SinkRecord,
    of: { readonly bytes: number; readonly deadlineAt: number; readonly end: EventEnd },
  ) {
    this.record = record;
    this.bytes = of.bytes;
    this.deadlineAt = of.deadlineAt;
    this.lane = record.key === null ? null : Buffer.from(record.key).toString("latin1");
    this.#end = of.end;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  acknowledge(position: RecordPosition): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#end.acknowledged(position, this.sends);
  }

  fail(error: MillraceError): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#end.failed(error);
  }
}
