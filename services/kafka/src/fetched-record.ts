import type {
  Offset,
  PartitionId,
  RecordHeaders,
  SourceRecord,
  Topic,
  TopicPartition,
} from "@millrace/engine";
import { ByteReader } from "./byte-reader.ts";

const NO_HEADERS: RecordHeaders = Object.freeze({});

/** Where a record lies in the body of its batch: from its key on, with the count of its headers at `headersAt`. */
export interface RecordPlace {
  readonly body: Buffer;
  readonly from: number;
  readonly headersAt: number;
  /** One beyond its last byte. */
  readonly end: number;
}

/**
 * A record as it was fetched: views into the answer. Headers are most of a record's objects, and records wait in
 * numbers before anyone looks at them, so they are read when they are first asked for.
 */
export class FetchedRecord implements SourceRecord {
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly offset: Offset;
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly #place: RecordPlace;
  #headers: RecordHeaders | null = null;

  constructor(
    { topic, partition }: TopicPartition,
    record: Pick<SourceRecord, "offset" | "timestampMs" | "key" | "value">,
    place: RecordPlace,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = record.offset;
    this.timestampMs = record.timestampMs;
    this.key = record.key;
    this.value = record.value;
    this.#place = place;
  }

  get headers(): RecordHeaders {
    this.#headers ??= readHeaders(this.#place);
    return this.#headers;
  }

  get headerBytes(): number {
    return this.#place.end - this.#place.headersAt;
  }

  /** One allocation and one copy, whatever number of headers there are. */
  detached(): SourceRecord {
    const { body, from, headersAt, end } = this.#place;
    const bytes = Buffer.allocUnsafeSlow(end - from);
    body.copy(bytes, 0, from, end);
    const shift = body.byteOffset + from;
    const moved = (view: Uint8Array | null): Uint8Array | null =>
      view === null
        ? null
        : bytes.subarray(view.byteOffset - shift, view.byteOffset - shift + view.length);
    const { offset, timestampMs } = this;
    const record = { offset, timestampMs, key: moved(this.key), value: moved(this.value) };
    const place = { body: bytes, from: 0, headersAt: headersAt - from, end: end - from };
    return new FetchedRecord(this, record, place);
  }
}

/** Passes over headers without reading them. @throws RangeError where they are broken: reading them will not. */
export function skipHeaders(reader: ByteReader): void {
  for (let count = reader.varint(); count > 0; count -= 1) {
    reader.skipVarBytes();
    reader.skipVarBytes();
  }
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
    const name = (reader.varBytes() ?? Buffer.alloc(0)).toString("utf8");
    const value = reader.varBytes() ?? Buffer.alloc(0);
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else headers[name] = known instanceof Uint8Array ? [known, value] : [...known, value];
  }
  return headers;
}
