import { gzipSync, zstdCompressSync } from "node:zlib";
import { asPartition, asTopic, type SinkRecord } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { crc32c } from "./crc32c.ts";
import { BATCH_BYTES_MAX } from "./decompression.ts";
import { readFetchAnswer, type FetchedPartition } from "./fetch-response.ts";
import { encodeBatch, recordBytesMax } from "./record-batch.ts";

const topic = asTopic("users");

const record = (value: string | null, more: Partial<SinkRecord> = {}): SinkRecord => ({
  topic,
  key: null,
  value: value === null ? null : Buffer.from(value),
  headers: {},
  ...more,
});

interface BatchPlan {
  readonly records: readonly SinkRecord[];
  readonly baseOffset?: number;
  readonly lastDelta?: number;
  readonly attributes?: number;
  readonly producerId?: bigint;
  readonly compress?: (bytes: Buffer) => Buffer;
}

/** A batch as a broker keeps it: our writer's bytes with what a broker, compaction or another client changes. */
function batch({
  records,
  baseOffset = 0,
  lastDelta,
  attributes = 0,
  producerId = 7n,
  compress,
}: BatchPlan): Buffer {
  const identity = {
    producerId,
    producerEpoch: 0,
    firstSequence: 0,
    timestampMs: 1_700_000_000_000,
  };
  const plain = encodeBatch(records, identity);
  const body = plain.subarray(61);
  const bytes = Buffer.concat([
    plain.subarray(0, 61),
    compress === undefined ? body : compress(body),
  ]);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeInt32BE(lastDelta ?? records.length - 1, 23);
  return sealed(bytes);
}

/** The batch with the checksum of what it holds now. */
function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes, 21), 17);
  return bytes;
}

/** A Fetch answer, version 11, with one partition. */
function answer(
  bytes: Buffer,
  {
    from = 0,
    aborted = [],
  }: { from?: number; aborted?: readonly (readonly [bigint, number])[] } = {},
): FetchedPartition {
  const parts: Buffer[] = [];
  const int = (bits: 16 | 32, value: number): void => {
    const part = Buffer.alloc(bits / 8);
    if (bits === 16) part.writeInt16BE(value);
    else part.writeInt32BE(value);
    parts.push(part);
  };
  const long = (value: bigint): void => {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(value);
    parts.push(part);
  };
  int(32, 0);
  int(16, 0);
  int(32, 0);
  int(32, 1);
  int(16, topic.length);
  parts.push(Buffer.from(topic));
  int(32, 1);
  int(32, 3);
  int(16, 0);
  long(100n);
  long(100n);
  long(0n);
  int(32, aborted.length);
  for (const [producerId, firstOffset] of aborted) {
    long(producerId);
    long(BigInt(firstOffset));
  }
  int(32, -1);
  int(32, bytes.length);
  parts.push(bytes);
  const [partition] = readFetchAnswer(Buffer.concat(parts), 11, () => from).partitions;
  if (partition === undefined) throw new Error("no partition was read");
  return partition;
}

const valuesOf = ({ records }: FetchedPartition): readonly string[] =>
  records.map(({ value }) => Buffer.from(value ?? []).toString());

/** Snappy's bare format, all of it literals of at most 256 bytes. */
function packSnappy(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let size = bytes.length; ; size >>>= 7) {
    parts.push(Buffer.from([size > 0x7f ? (size & 0x7f) | 0x80 : size]));
    if (size <= 0x7f) break;
  }
  for (let at = 0; at < bytes.length; at += 256) {
    const literal = bytes.subarray(at, at + 256);
    parts.push(Buffer.from([60 << 2, literal.length - 1]), literal);
  }
  return Buffer.concat(parts);
}

/** A frame of lz4 with one block, which is one literal. */
function packLz4(bytes: Buffer): Buffer {
  const more = bytes.length - 15;
  const count =
    more < 0
      ? [bytes.length << 4]
      : [0xf0, ...Array<number>(Math.floor(more / 255)).fill(255), more % 255];
  const block = Buffer.concat([Buffer.from(count), bytes]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(block.length);
  return Buffer.concat([Buffer.from("04224d18604082", "hex"), length, block, Buffer.alloc(4)]);
}

const PACKINGS: readonly (readonly [string, Pick<BatchPlan, "attributes" | "compress">])[] = [
  ["none", {}],
  ["gzip", { attributes: 1, compress: (bytes) => gzipSync(bytes) }],
  ["snappy", { attributes: 2, compress: packSnappy }],
  ["lz4", { attributes: 3, compress: packLz4 }],
  ["zstd", { attributes: 4, compress: (bytes) => zstdCompressSync(bytes) }],
];

describe("record batches", () => {
  it("come back as they were written", () => {
    const key = Buffer.from([0, 255, 1]);
    const headers = { ce_id: Buffer.from("ä"), twice: [Buffer.from("a"), Buffer.alloc(0)] };
    const long = "x".repeat(70_000);

    const read = answer(
      batch({ records: [record("one", { key, headers }), record(null), record(long)] }),
    );

    expect(read).toMatchObject({
      topic,
      partition: asPartition(3),
      highWatermark: 100,
      nextOffset: 3,
    });
    expect(read.records.map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(read.records[0]).toMatchObject({ timestampMs: 1_700_000_000_000 });
    expect(Buffer.from(read.records[0]?.key ?? []).equals(key)).toBe(true);
    expect(read.records[0]?.headers["ce_id"]).toEqual(Buffer.from("ä"));
    expect(read.records[0]?.headers["twice"]).toEqual([Buffer.from("a"), Buffer.alloc(0)]);
    expect([read.records[1]?.key, read.records[1]?.value]).toEqual([null, null]);
    expect(valuesOf(read)[2]).toBe(long);
  });

  it("can be had apart from their answer, of which they keep no more than a page", () => {
    const key = Buffer.from([0, 255, 1]);
    const headers = { ce_id: Buffer.from("ä"), twice: [Buffer.from("a"), Buffer.alloc(0)] };
    const first = record("x".repeat(70_000));
    const records = [first, record("one", { key, headers }), record(null), record("", { key })];
    const bytes = batch({ records });
    const read = answer(bytes);

    const detached = read.records.slice(1).map((one) => one.detached?.());
    bytes.fill(0);

    const [one, none, empty] = detached;
    expect(one).toMatchObject({ topic, partition: 3, offset: 1, timestampMs: 1_700_000_000_000 });
    expect(one?.key).toEqual(key);
    expect(String(one?.value)).toBe("one");
    expect({ ...one?.headers }).toEqual(headers);
    expect(one?.byteCount).toBe(1 + 3 + 1 + 3 + 1 + 6 + 3 + 2 * 7 + 1);
    expect(one?.value?.buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize);
    expect([none?.key, none?.value, { ...none?.headers }]).toEqual([null, null, {}]);
    expect([empty?.key, empty?.value?.length]).toEqual([key, 0]);
  });

  it("tell their headers as text, in order, whoever wrote the record before", () => {
    const texts = (headers: Readonly<Record<string, Buffer | Buffer[]>>): readonly string[] => {
      const told: string[] = [];
      const [read] = answer(batch({ records: [record("x", { headers })] })).records;
      read?.eachHeaderText?.((name, text) => told.push(`${name}=${text}`));
      return told;
    };
    const [one, other] = [Buffer.from("ä"), Buffer.alloc(0)];

    expect(texts({ ce_id: one, twice: [one, other] })).toEqual(["ce_id=ä", "twice=ä", "twice="]);
    expect(texts({ ce_it: one, twice: [one, other] })).toEqual(["ce_it=ä", "twice=ä", "twice="]);
    expect(texts({ ce_id2: other })).toEqual(["ce_id2="]);
    expect(texts({ ce_id: other, ü: one })).toEqual(["ce_id=", "ü=ä"]);
    const [known, broken] = [Buffer.from("1ä2"), Buffer.from([0x31, 0xe4, 0x32, 0x33])];
    expect(texts({ ce_id: known })).toEqual(["ce_id=1ä2"]);
    expect(texts({ ce_id: broken.subarray(0, 3) })).toEqual(["ce_id=1\ufffd2"]);
    expect(texts({ ce_id: Buffer.from("1") })).toEqual(["ce_id=1"]);
    expect(texts({ ce_id: Buffer.from("2") })).toEqual(["ce_id=2"]);
    expect(texts({})).toEqual([]);
  });

  it("never take more than their bound", () => {
    const records = [
      record("one"),
      record(null, { key: Buffer.from("k"), headers: { a: Buffer.from("b") } }),
    ];

    const bytes = batch({ records });

    expect(bytes.length - 61).toBeLessThanOrEqual(
      records.reduce((sum, one) => sum + recordBytesMax(one), 0),
    );
  });

  it("keep a header named __proto__ a header", () => {
    const headers = Object.fromEntries([["__proto__", Buffer.from("x")]]);

    const [first] = answer(batch({ records: [record("one", { headers })] })).records;

    expect(Object.keys(first?.headers ?? {})).toEqual(["__proto__"]);
  });

  it("are passed over where compaction has left them empty", () => {
    const empty = batch({ records: [], baseOffset: 0, lastDelta: 9 });

    expect(answer(empty)).toMatchObject({ records: [], nextOffset: 10 });
    const both = answer(
      Buffer.concat([empty, batch({ records: [record("ten")], baseOffset: 10 })]),
    );
    expect(both.records.map(({ offset }) => offset)).toEqual([10]);
    expect(both.nextOffset).toBe(11);
  });

  it("give only what lies at or after the offset asked for", () => {
    const bytes = batch({ records: [record("5"), record("6"), record("7")], baseOffset: 5 });

    expect(valuesOf(answer(bytes, { from: 6 }))).toEqual(["6", "7"]);
  });

  it("are left for the next fetch where the answer cuts them off", () => {
    const whole = batch({ records: [record("0")] });
    const cut = batch({ records: [record("1")], baseOffset: 1 });

    const read = answer(Buffer.concat([whole, cut.subarray(0, cut.length - 1)]));

    expect(valuesOf(read)).toEqual(["0"]);
    expect(read.nextOffset).toBe(1);
  });

  it("hide control records and what an aborted transaction wrote", () => {
    const bytes = Buffer.concat([
      batch({ records: [record("aborted")], baseOffset: 0, attributes: 0x10, producerId: 1n }),
      batch({ records: [record("plain")], baseOffset: 1 }),
      batch({ records: [record("committed")], baseOffset: 2, attributes: 0x10, producerId: 2n }),
      batch({ records: [record("marker")], baseOffset: 3, attributes: 0x30, producerId: 1n }),
      batch({ records: [record("next")], baseOffset: 4, attributes: 0x10, producerId: 1n }),
    ]);

    const read = answer(bytes, { aborted: [[1n, 0]] });

    expect(valuesOf(read)).toEqual(["plain", "committed", "next"]);
    expect(read.nextOffset).toBe(5);
  });

  it.each(PACKINGS)("are unpacked from %s", (_, plan) => {
    const read = answer(batch({ records: [record("packed")], ...plan }));

    expect(valuesOf(read)).toEqual(["packed"]);
  });

  it.each(PACKINGS.slice(1))("are refused in %s where their checksum is not theirs", (_, plan) => {
    const bytes = batch({ records: [record("packed")], ...plan });
    bytes.writeUInt8(bytes.readUInt8(70) ^ 1, 70);

    const read = answer(bytes);

    expect(read.records).toEqual([]);
    expect(read.unreadable?.message).toContain("does not match its checksum");
  });

  it("are left for the next fetch where an answer unpacks to many bytes", () => {
    const bytes = Array.from({ length: 9 }, (_, index) =>
      batch({
        records: [record("x".repeat(1_000_000))],
        baseOffset: index,
        attributes: 1,
        compress: (body) => gzipSync(body),
      }),
    );

    const first = answer(Buffer.concat(bytes));
    const second = answer(Buffer.concat(bytes.slice(5)), { from: 5 });

    expect(first.records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4]);
    expect(first).toMatchObject({ nextOffset: 5, unreadable: null });
    expect(second.records.map(({ offset }) => offset)).toEqual([5, 6, 7, 8]);
  });

  it("stop their partition when one unpacks to more than a batch may hold", () => {
    const compress = (): Buffer => zstdCompressSync(Buffer.alloc(BATCH_BYTES_MAX + 1));

    const read = answer(batch({ records: [record("bomb")], attributes: 4, compress }));

    expect(read).toMatchObject({ records: [], nextOffset: 0 });
    expect(read.unreadable?.message).toBe(
      "cannot unpack zstd: unpacks to more than 67108864 bytes",
    );
  });

  it.each(PACKINGS)("never do worse than stop when a byte of %s is another", (_, plan) => {
    const records = Array.from({ length: 3 }, (__, n) =>
      record(`value ${n} `.repeat(3), { key: Buffer.from("k"), headers: { h: Buffer.from("1") } }),
    );
    const whole = batch({ records, ...plan });

    for (let at = 16; at < whole.length; at += 1) {
      for (const flip of [0x01, 0x10, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes.writeUInt8(whole.readUInt8(at) ^ flip, at);

        const read = answer(sealed(bytes));

        expect(read.records.length).toBeLessThanOrEqual(whole.length * 4);
        expect(read.unreadable === null || read.records.length === 0).toBe(true);
        for (const { headers } of read.records) expect(headers).toBeTypeOf("object");
      }
    }
  });

  it("stop their partition where a record says that it ends before it begins", () => {
    const bytes = batch({ records: [record("one"), record("two")] });
    // The size of the first record, as a zigzag varint: -1, so that it would be read for ever.
    bytes.writeUInt8(0x01, 61);
    bytes.writeInt32BE(0x7fff_ffff, 57);

    const read = answer(sealed(bytes));

    expect(read.records).toEqual([]);
    expect(read.unreadable?.message).toContain("beyond its end");
  });

  it("stop their partition where records are left over", () => {
    const bytes = batch({ records: [record("one"), record("two")] });
    bytes.writeInt32BE(1, 57);

    expect(answer(sealed(bytes)).unreadable?.message).toContain("more than its records");
  });

  it("have the broker's time where the topic says so", () => {
    const bytes = batch({ records: [record("one")], attributes: 0x08 });
    bytes.writeBigInt64BE(1_800_000_000_000n, 35);

    expect(answer(bytes).records[0]?.timestampMs).toBe(1_800_000_000_000);
  });

  it.each([
    [
      "in a compression we do not know",
      batch({ records: [record("1")], baseOffset: 1, attributes: 7 }),
      "unknown compression: 7",
    ],
    [
      "broken",
      Buffer.from(batch({ records: [record("1")], baseOffset: 1 }).fill(0xff, 61)),
      "long",
    ],
  ])("stop their partition when they are %s, after what came before", (_, bad, why) => {
    const read = answer(Buffer.concat([batch({ records: [record("0")] }), bad]));

    expect(valuesOf(read)).toEqual(["0"]);
    expect(read.nextOffset).toBe(1);
    expect(read.unreadable?.message).toContain(why);
  });
});
