import type {
  Offset,
  PartitionId,
  RecordHeaders,
  SourceRecord,
  Topic,
  TopicPartition,
} from "@millrace/engine";
import { ByteReader } from "./byte-reader.ts";
import { RecurringTexts } from "./recurring-texts.ts";

const NO_HEADERS: RecordHeaders = Object.freeze({});
const names = new RecurringTexts();
const texts = new RecurringTexts();

/** Where a record comes from; one object for all records of its batch. */
export interface RecordOrigin extends TopicPartition {
  /** What the record's own time is counted from, epoch ms. */
  readonly baseTimestampMs: number;
}

/** Where a record lies in `body`: from its key on, with the count of its headers at `headersAt`. */
export interface RecordPlace {
  readonly offset: Offset;
  readonly timestampDeltaMs: number;
  readonly body: Buffer;
  readonly from: number;
  readonly headersAt: number;
  /** One beyond its last byte. */
  readonly end: number;
}

/**
 * A record as it was fetched: a place in the answer. Records wait in numbers before anyone looks at them, and the collector
 * carries along what waits. So each is one object: key, value and headers are made when they are asked for. It keeps neither key nor
 * value: it may be old by then, and what an old object holds lives as long as its remains.
 */
export class FetchedRecord implements SourceRecord {
  readonly offset: Offset;
  readonly #origin: RecordOrigin;
  readonly #timestampDeltaMs: number;
  readonly #body: Buffer;
  readonly #from: number;
  readonly #headersAt: number;
  readonly #end: number;
  #headers: RecordHeaders | null = null;

  constructor(origin: RecordOrigin, place: RecordPlace) {
    this.offset = place.offset;
    this.#origin = origin;
    this.#timestampDeltaMs = place.timestampDeltaMs;
    this.#body = place.body;
    this.#from = place.from;
    this.#headersAt = place.headersAt;
    this.#end = place.end;
  }

  get topic(): Topic {
    return this.#origin.topic;
  }

  get partition(): PartitionId {
    return this.#origin.partition;
  }

  get timestampMs(): number {
    return this.#origin.baseTimestampMs + this.#timestampDeltaMs;
  }

  get key(): Uint8Array | null {
    return this.#readerAt(this.#from).varBytes();
  }

  get value(): Uint8Array | null {
    const reader = this.#readerAt(this.#from);
    reader.skipVarBytes();
    return reader.varBytes();
  }

  get headers(): RecordHeaders {
    this.#headers ??= readHeaders(this.#readerAt(this.#headersAt));
    return this.#headers;
  }

  get byteCount(): number {
    return this.#end - this.#from;
  }

  eachHeaderText(tell: (name: string, text: string) => void): void {
    const reader = this.#readerAt(this.#headersAt);
    const count = reader.varint();
    for (let index = 0; index < count; index += 1) {
      const name = names.read(reader, index);
      tell(name, texts.read(reader, index));
    }
  }

  /** One copy, whatever number of headers there are. Small records of one time share a page of `Buffer.poolSize` bytes. */
  detached(): SourceRecord {
    const from = this.#from;
    const body = Buffer.allocUnsafe(this.#end - from);
    this.#body.copy(body, 0, from, this.#end);
    return new FetchedRecord(this.#origin, {
      offset: this.offset,
      timestampDeltaMs: this.#timestampDeltaMs,
      body,
      from: 0,
      headersAt: this.#headersAt - from,
      end: this.#end - from,
    });
  }

  #readerAt(position: number): ByteReader {
    const reader = new ByteReader(this.#body);
    reader.moveTo(position);
    return reader;
  }
}

/** Passes over key, value and headers; gives where the headers begin. @throws RangeError where they are broken: reading them will not. */
export function skipContent(reader: ByteReader): number {
  reader.skipVarBytes();
  reader.skipVarBytes();
  const headersAt = reader.position;
  for (let count = reader.varint(); count > 0; count -= 1) {
    reader.skipVarBytes();
    reader.skipVarBytes();
  }
  return headersAt;
}

function readHeaders(reader: ByteReader): RecordHeaders {
  let count = reader.varint();
  if (count <= 0) return NO_HEADERS;
  // Without a prototype, so that no name a producer chooses can mean more than a header.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- Object.create gives any
  const headers = Object.create(null) as Record<string, Uint8Array | readonly Uint8Array[]>;
  for (; count > 0; count -= 1) {
    const name = reader.varText();
    const value = reader.varBytes() ?? Buffer.alloc(0);
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else headers[name] = known instanceof Uint8Array ? [known, value] : [...known, value];
  }
  return headers;
}
