import {
  asOffset,
  asPartition,
  MillraceError,
  type ErrorCode,
  type RecordPosition,
  type RecordSink,
  type SinkRecord,
} from "@millrace/engine";

/** One `append` that waits for the test's word. */
export interface OpenAppend {
  readonly records: readonly SinkRecord[];
  /** Its ids, in order. */
  readonly ids: readonly string[];
  acknowledge(): void;
  fail(code: ErrorCode): void;
}

/** A sink whose every `append` is held until the test decides it. */
export class ScriptedSink implements RecordSink {
  /** Ids of what was acknowledged, in order. */
  readonly log: string[] = [];
  appendCount = 0;
  closeCount = 0;
  readonly #open: OpenAppend[] = [];
  readonly #awaited: ((append: OpenAppend) => void)[] = [];

  /** The next `append`, now or when it comes. */
  next(): Promise<OpenAppend> {
    const open = this.#open.shift();
    return open === undefined
      ? new Promise((resolve) => this.#awaited.push(resolve))
      : Promise.resolve(open);
  }

  /** Whether an `append` waits that no `next` has taken. */
  get hasOpen(): boolean {
    return this.#open.length > 0;
  }

  append(records: readonly SinkRecord[]): Promise<readonly RecordPosition[]> {
    this.appendCount += 1;
    return new Promise((resolve, reject) => {
      const append: OpenAppend = {
        records,
        ids: records.map((record) => idOf(record)),
        acknowledge: () => resolve(records.map((record) => this.#write(record))),
        fail: (code) => reject(new MillraceError(code, `scripted: ${code}`)),
      };
      const taker = this.#awaited.shift();
      if (taker === undefined) this.#open.push(append);
      else taker(append);
    });
  }

  close(): Promise<void> {
    this.closeCount += 1;
    return Promise.resolve();
  }

  #write(record: SinkRecord): RecordPosition {
    this.log.push(idOf(record));
    const offset = asOffset(this.log.length - 1);
    return { topic: record.topic, partition: asPartition(0), offset };
  }
}

/** A header of a record as text. */
export function headerOf(record: SinkRecord | undefined, name: string): string | undefined {
  const value = record?.headers[name];
  return value instanceof Uint8Array ? Buffer.from(value).toString() : undefined;
}

function idOf(record: SinkRecord): string {
  return headerOf(record, "ce_id") ?? "";
}
