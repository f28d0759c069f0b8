import type { RecordPosition, SinkRecord } from "@millrace/engine";

/** One call of `append`: settles when its last record has a position, or at the first that gets none. */
export class SinkCall {
  readonly records: readonly SinkRecord[];
  readonly calledAt: number;
  readonly promise: Promise<readonly RecordPosition[]>;
  readonly #positions: RecordPosition[];
  readonly #resolve: (positions: readonly RecordPosition[]) => void;
  readonly #reject: (error: Error) => void;
  #openCount: number;
  #isSettled = false;

  constructor(records: readonly SinkRecord[], calledAt: number) {
    this.records = records;
    this.calledAt = calledAt;
    this.#openCount = records.length;
    this.#positions = new Array<RecordPosition>(records.length);
    const { promise, resolve, reject } = Promise.withResolvers<readonly RecordPosition[]>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    if (records.length === 0) this.#settle(() => resolve([]));
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** The record at `index` of the call stands in the log. */
  acknowledge(index: number, position: RecordPosition): void {
    if (this.#isSettled) return;
    this.#positions[index] = position;
    this.#openCount -= 1;
    if (this.#openCount === 0) this.#settle(() => this.#resolve(this.#positions));
  }

  fail(error: Error): void {
    this.#settle(() => this.#reject(error));
  }

  #settle(how: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    how();
  }
}
