import {
  asOffset,
  asPartition,
  MillraceError,
  type ErrorCode,
  type RecordPosition,
  type RecordSink,
  type SinkRecord,
} from "@millrace/engine";

/** Brokers in memory: they acknowledge at once, fail, or hold until released. */
export class MemorySink implements RecordSink {
  readonly records: SinkRecord[] = [];
  #fault: ErrorCode | null = null;
  #held: Promise<unknown> | null = null;
  #heldCount = 0;
  #release: () => void = () => undefined;

  /** From now on every write fails; null heals. */
  failWith(code: ErrorCode | null): void {
    this.#fault = code;
  }

  /** Whether a write waits. */
  get isHolding(): boolean {
    return this.#heldCount > 0;
  }

  /** From now on writes wait for `release`. */
  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#release = () => resolve(null);
    });
  }

  release(): void {
    this.#held = null;
    this.#release();
  }

  async append(records: readonly SinkRecord[]): Promise<readonly RecordPosition[]> {
    this.#heldCount += 1;
    if (this.#held !== null) await this.#held;
    this.#heldCount -= 1;
    if (this.#fault !== null) throw new MillraceError(this.#fault, `in memory: ${this.#fault}`);
    return records.map((record) => {
      this.records.push(record);
      const offset = asOffset(this.records.length - 1);
      return { topic: record.topic, partition: asPartition(3), offset };
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Headers of a record as text. */
export function headersOf({ headers }: SinkRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString() : "",
    ]),
  );
}
