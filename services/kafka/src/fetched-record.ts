import type {
  Offset,
  PartitionId,
  RecordHeaders,
  SourceRecord,
  Topic,
  TopicPartition,
} from "@millrace/engine";
import { ByteReader } from "./byte-reader.ts";
import { HeaderNames } from "./header-names.ts";

const NO_HEADERS: RecordHeaders = Object.freeze({});
const names = new HeaderNames();

/** Where a record lies in the body of its batch: from its key on, with the count of its headers at `headersAt`. */
export interface RecordPlace {
  readonly body: Buffer;
  readonly from: number;
  readonly headersAt: number;
  /** One beyond its last byte. */
  readonly end: number;
}

interface Content {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/**
 * A record as it was fetched: a place in the answer. Records wait in numbers before anyone looks at them, so key, value and
 * headers, most of a record's objects, are made when they are first asked for.
 */
export class FetchedRecord implements SourceRecord {
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly offset: Offset;
  readonly timestampMs: number;
  readonly #place: RecordPlace;
  #content: Content | null = null;
  #headers: RecordHeaders | null = null;

  constructor(
    { topic, partition }: TopicPartition,
    { offset, timestampMs }: Pick<SourceRecord, "offset" | "timestampMs">,
    place: RecordPlace,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestampMs = timestampMs;
    this.#place = place;
  }

  get key(): Uint8Array | null {
    this.#content ??= readContent(this.#place);
    return this.#content.key;
  }

  get value(): Uint8Array | null {
    this.#content ??= readContent(this.#place);
    return this.#content.value;
  }

  get headers(): RecordHeaders {
    this.#headers ??= readHeaders(this.#place);
    return this.#headers;
  }

  get byteCount(): number {
    return this.#place.end - this.#place.from;
  }

  eachHeaderText(tell: (name: string, text: string) => void): void {
    const { body, headersAt } = this.#place;
    const reader = new ByteReader(body);
    reader.moveTo(headersAt);
    const count = reader.varint();
    for (let index = 0; index < count; index += 1) {
      tell(names.read(reader, index), reader.varText());
    }
  }

  /** One copy, whatever number of headers there are. Small records of one time share a page of `Buffer.poolSize` bytes. */
  detached(): SourceRecord {
    const { body, from, headersAt, end } = this.#place;
    const bytes = Buffer.allocUnsafe(end - from);
    body.copy(bytes, 0, from, end);
    const place = { body: bytes, from: 0, headersAt: headersAt - from, end: end - from };
    return new FetchedRecord(this, this, place);
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

function readContent({ body, from }: RecordPlace): Content {
  const reader = new ByteReader(body);
  reader.moveTo(from);
  return { key: reader.varBytes(), value: reader.varBytes() };
}

function readHeaders({ body, headersAt }: RecordPlace): RecordHeaders {
  const reader = new ByteReader(body);
  reader.moveTo(headersAt);
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
