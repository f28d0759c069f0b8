/**
 * Reads Fetch answers (versions 4 to 11, error codes and all) and the record batches inside, in one pass without
 * promises. kafkajs's own reader cannot pass a batch whose records compaction removed, and costs a multiple.
 *
 * Formats: https://kafka.apache.org/protocol.html#The_Messages_Fetch and
 * https://kafka.apache.org/documentation/#recordbatch
 */
import type { SourceRecord, TopicPartition } from "@millrace/engine";
import { asOffset, asPartition, asTopic } from "@millrace/engine";
import { ByteReader } from "./byte-reader.ts";
import { crc32c } from "./crc32c.ts";
import { decompress } from "./decompression.ts";
import { FetchedRecord, skipContent } from "./fetched-record.ts";

/** What a fetch brought for one partition. */
export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number;
  /** The end of what every in-sync replica has: the next offset a reader will see. */
  readonly highWatermark: number;
  readonly logStartOffset: number;
  /** Ascending; control records and those of aborted transactions left out. */
  readonly records: readonly SourceRecord[];
  /** Why the records could not be read any further, e.g. their compression; null as a rule. */
  readonly unreadable: Error | null;
  /** Where to fetch next; beyond the last record where batches hold none that may be seen. */
  readonly nextOffset: number;
}

/** The answer, and the part of it that concerns the whole. */
export interface FetchAnswer {
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** Reads the body of a Fetch answer of `version`. `from` gives the offset that was asked for. */
export function readFetchAnswer(
  data: Buffer,
  version: number,
  from: (partition: TopicPartition) => number,
): FetchAnswer {
  const reader = new ByteReader(data);
  const clientSideThrottleTime = reader.int32();
  const errorCode = version >= 7 ? reader.int16() : 0;
  if (version >= 7) reader.int32();
  const partitions: FetchedPartition[] = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topic = asTopic(reader.string() ?? "");
    for (let count = reader.int32(); count > 0; count -= 1) {
      const partition = asPartition(reader.int32());
      const at = { topic, partition };
      partitions.push(readPartition(reader, version, { ...at, from: from(at) }));
    }
  }
  return { clientSideThrottleTime, errorCode, partitions };
}

function readPartition(
  reader: ByteReader,
  version: number,
  at: TopicPartition & { readonly from: number },
): FetchedPartition {
  const { topic, partition, from } = at;
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  reader.int64();
  const logStartOffset = version >= 5 ? reader.int64() : 0;
  const aborted: AbortedTransaction[] = [];
  for (let count = reader.int32(); count > 0; count -= 1) {
    aborted.push({ producerId: reader.bigInt64(), firstOffset: reader.int64() });
  }
  if (version >= 11) reader.int32();
  const bytes = reader.bytes32() ?? Buffer.alloc(0);
  const batches = new BatchReader({ topic, partition, from }, aborted);
  const read = batches.read(bytes);
  return { topic, partition, errorCode, highWatermark, logStartOffset, ...read };
}

/** From this many bytes unpacked on, the further batches of an answer are left for the next fetch: they may be many. */
const UNPACKED_BYTES_MAX = 4_194_304;
const HEADER_BYTES = 12;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const CODEC_MASK = 0x07;
const APPEND_TIME_BIT = 0x08;
const TRANSACTIONAL_BIT = 0x10;
const CONTROL_BIT = 0x20;

/** Reads the batches of one partition; a batch cut off at the end of the answer is left for the next fetch. */
class BatchReader {
  readonly #at: TopicPartition & { readonly from: number };
  readonly #aborted: AbortedTransaction[];
  readonly #abortedNow = new Set<bigint>();
  readonly #records: SourceRecord[] = [];
  #nextOffset: number;
  #unpackedBytes = 0;

  constructor(
    at: TopicPartition & { readonly from: number },
    aborted: readonly AbortedTransaction[],
  ) {
    this.#at = at;
    this.#aborted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
    this.#nextOffset = at.from;
  }

  /** Never throws: what was read before an unreadable batch stands. */
  read(bytes: Buffer): Pick<FetchedPartition, "records" | "nextOffset" | "unreadable"> {
    let at = 0;
    let unreadable: Error | null = null;
    while (bytes.length - at >= HEADER_BYTES && this.#unpackedBytes < UNPACKED_BYTES_MAX) {
      const end = at + HEADER_BYTES + bytes.readInt32BE(at + 8);
      if (end > bytes.length) break;
      const countBefore = this.#records.length;
      try {
        this.#readBatch(bytes.subarray(at, end));
      } catch (error) {
        this.#records.length = countBefore;
        unreadable = error instanceof Error ? error : new Error(String(error));
        break;
      }
      at = end;
    }
    return { records: this.#records, nextOffset: this.#nextOffset, unreadable };
  }

  #readBatch(batch: Buffer): void {
    const reader = new ByteReader(batch);
    const baseOffset = reader.int64();
    reader.skip(8);
    const magic = reader.int8();
    if (magic !== 2) throw new Error(`unsupported record format (magic ${magic})`);
    reader.skip(4);
    const attributes = reader.int16();
    const lastOffset = baseOffset + reader.int32();
    const baseTimestamp = reader.int64();
    const maxTimestamp = reader.int64();
    const producerId = reader.bigInt64();
    reader.skip(6);
    const count = reader.int32();
    const isVisible = this.#isVisible(attributes, { producerId, baseOffset, lastOffset });
    if (isVisible) {
      const isAppendTime = (attributes & APPEND_TIME_BIT) !== 0;
      const codec = attributes & CODEC_MASK;
      const body = codec === 0 ? reader.rest() : this.#unpack(batch, codec, reader.rest());
      this.#readRecords(body, count, {
        baseOffset,
        baseTimestampMs: isAppendTime ? maxTimestamp : baseTimestamp,
        isAppendTime,
      });
    } else if ((attributes & CONTROL_BIT) !== 0) {
      this.#abortedNow.delete(producerId);
    }
    this.#nextOffset = Math.max(this.#nextOffset, lastOffset + 1);
  }

  #unpack(batch: Buffer, codec: number, packed: Buffer): Buffer {
    // A wrong bit in packed bytes may unpack to other records, without any other sign.
    const isWhole = batch.readUInt32BE(CRC_AT) === crc32c(batch, ATTRIBUTES_AT);
    if (!isWhole) throw new Error("a packed batch does not match its checksum");
    const body = decompress(codec, packed);
    this.#unpackedBytes += body.length;
    return body;
  }

  #isVisible(
    attributes: number,
    batch: {
      readonly producerId: bigint;
      readonly baseOffset: number;
      readonly lastOffset: number;
    },
  ): boolean {
    if ((attributes & CONTROL_BIT) !== 0) return false;
    if ((attributes & TRANSACTIONAL_BIT) === 0) return true;
    for (;;) {
      const next = this.#aborted[0];
      if (next === undefined || next.firstOffset > batch.lastOffset) break;
      this.#abortedNow.add(next.producerId);
      this.#aborted.shift();
    }
    return !this.#abortedNow.has(batch.producerId);
  }

  #readRecords(
    body: Buffer,
    count: number,
    batch: {
      readonly baseOffset: number;
      readonly baseTimestampMs: number;
      /** Whether that is the time of all. */
      readonly isAppendTime: boolean;
    },
  ): void {
    const { topic, partition } = this.#at;
    const origin = { topic, partition, baseTimestampMs: batch.baseTimestampMs };
    const reader = new ByteReader(body);
    for (let index = 0; index < count; index += 1) {
      const end = reader.varint() + reader.position;
      if (end > body.length) throw new RangeError("a record reaches beyond its batch");
      reader.skip(1);
      const deltaMs = reader.varlong();
      const offset = batch.baseOffset + reader.varint();
      if (offset >= this.#at.from) {
        const from = reader.position;
        const place = {
          offset: asOffset(offset),
          timestampDeltaMs: batch.isAppendTime ? 0 : deltaMs,
          body,
          from,
          headersAt: skipContent(reader),
          end,
        };
        this.#records.push(new FetchedRecord(origin, place));
      }
      // Each turn must go on in the body: what ends before it was read would be read again.
      if (reader.position > end) throw new RangeError("a record reaches beyond its end");
      reader.moveTo(end);
    }
    if (reader.position !== body.length)
      throw new RangeError("a batch holds more than its records");
  }
}
