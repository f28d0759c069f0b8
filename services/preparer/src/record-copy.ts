import { Buffer } from "node:buffer";
import type { RecordHeaders, SourceRecord } from "@millrace/engine";

/**
 * A record with bytes of its own. What a fetch gives are views into its whole response: one record that waits would
 * keep megabytes of others in memory.
 */
export function copyRecord(record: SourceRecord): SourceRecord {
  const block = new Block(sizeOf(record));
  const headers: Record<string, Uint8Array | readonly Uint8Array[]> = {};
  for (const name of Object.keys(record.headers)) {
    const value = record.headers[name];
    if (value === undefined) continue;
    headers[name] =
      value instanceof Uint8Array ? block.take(value) : value.map((item) => block.take(item));
  }
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
    key: record.key === null ? null : block.take(record.key),
    value: record.value === null ? null : block.take(record.value),
    headers,
  };
}

/** Bytes of a record's key, value and header values. */
export function sizeOf({ key, value, headers }: SourceRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + sizeOfHeaders(headers);
}

function sizeOfHeaders(headers: RecordHeaders): number {
  let size = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined) continue;
    if (value instanceof Uint8Array) size += value.length;
    else for (const item of value) size += item.length;
  }
  return size;
}

/** One allocation that is handed out piece by piece. */
class Block {
  readonly #bytes: Buffer;
  #end = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  take(source: Uint8Array): Uint8Array {
    const start = this.#end;
    this.#end += source.length;
    this.#bytes.set(source, start);
    return this.#bytes.subarray(start, this.#end);
  }
}
