import { gzipSync, zstdCompressSync } from "node:zlib";
import { asTopic, type SinkRecord } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { BATCH_BYTES_MAX, decompress } from "./decompression.ts";
import { encodeBatch } from "./record-batch.ts";

const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

/**
 * What the producer of kafka-clients 4.4.0 wrote behind the head of a batch, for the records of `javaBody`: the values
 * are long enough for two blocks each of lz4 (64 KiB) and of snappy (32 KiB).
 */
const JAVA_GZIP =
  "H4sIAAAAAAAA/+3LMQqCABiG4d+IcOoM0QnUzLTbmNoStEd0txbXztApmiPIuaXx4dlevm8VEYvTcFle1+f1Pr/Fa0wjZp/0HNP2AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD8WzySiHlyT7JN1fZ5WR+ORdX0Wblrh3xbd8cpD8W26bLNlL+jKf/+xhvVSZPf+BEBAA==";
const JAVA_SNAPPY =
  "glNOQVBQWQAAAAABAAAAAQAABiOAgAJYIAAAAAZrZXkOeyJuIjoxfQC2kwQAAAIBExCgkwRhYv4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAH4CAAAAAHjYCgRhYv4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAP4CAK4CAIAAzgEAAAQBwAEwMzZhZDE0OGJmMjY5ZDA0N2FlMTU4Y2YRFxhlMjU5YzAzERcNJREXhjwAAAA=";
const JAVA_LZ4 =
  "BCJNGGBAgioBAADwCCAAAAAGa2V5DnsibiI6MX0A9sUIAAACEwBf4MUIYWICAP/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////IUGJhYmFiVgAAAC9hYgIA//////////////////////+K9BIAzgEAAAQBwAEwMzZhZDE0OGJmMjY5ZDA0N2FlMTU4Y2YXAHRlMjU5YzAzFwADJQAEFwAPPAALUGUyNTkAAAAAAA==";
const JAVA_ZSTD =
  "KLUv/QBYNAMA1AQgAAAABmtleQ57Im4iOjF9APbFCAAAAgZrZXngxQhhYgDOAQAABAHAATAzNmFkMTQ4YmYyNjlkMDQ3YWUxNThjZmUyNTljMDNlMjU5AAkAgADIAAiADIAAUhkAYqKTeFiLKHdPAQAA";

/** 70,000 bytes of "ab" by the reference library: blocks that repeat from each other, all checksums, the size. */
const LINKED_LZ4 =
  "BCJNGFxAcBEBAAAAAADjDAEAAC9hYgIA/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////+ZQYmFiYWIa+IQpGwAAAA8CAP//////////////////////aVBiYWJhYkOM4U4AAAAA8eGfUA==";

/** "ab" a hundred times and the alphabet three times, by the reference library, without framing: as Go's clients do. */
const BARE_SNAPPY = "lgIEYWL+AgD+AgD+AgARAmBjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphyhoA";

const unpacked = (codec: number, base64: string): Buffer =>
  decompress(codec, Buffer.from(base64, "base64"));

function javaBody(valueBytes: number): Buffer {
  const hex = Array.from({ length: 96 }, (_, index) =>
    Number(((BigInt(index) * 2_654_435_761n) >> 20n) % 16n).toString(16),
  );
  const record = (key: string | null, value: string): SinkRecord => ({
    topic: asTopic("java"),
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(value),
    headers: {},
  });
  const records = [
    record("key", '{"n":1}'),
    record("key", "ab".repeat(valueBytes / 2)),
    record(null, hex.join("")),
  ];
  const identity = { producerId: 1n, producerEpoch: 0, firstSequence: 0, timestampMs: 0 };
  return encodeBatch(records, identity).subarray(61);
}

function lz4Frame(...blocks: readonly (readonly number[])[]): Buffer {
  const parts = blocks.flatMap((block) => [
    Buffer.from([block.length & 0xff, block.length >>> 8, 0, 0]),
    Buffer.from(block),
  ]);
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
  return Buffer.concat([head, ...parts, Buffer.alloc(4)]);
}

/** A frame that unpacks to some more bytes than a batch may hold, from 255 times less. */
function lz4Bomb(): Buffer {
  const block = Buffer.alloc(300_000, 0xff);
  block.set([0x1f, 0x61, 0x01, 0x00]);
  block[block.length - 1] = 0;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(block.length);
  const [head, end] = [lz4Frame().subarray(0, 7), Buffer.alloc(4)];
  return Buffer.concat([head, length, block, end]);
}

/** The same for snappy, which says its size first: 80 MiB. */
function snappyBomb(): Buffer {
  const size = [0x80, 0x80, 0x80, 0x28];
  const repeat = Buffer.from([0xfe, 0x01, 0x00]);
  return Buffer.concat([
    Buffer.from([...size, 0x00, 0x61]),
    Buffer.alloc(repeat.length * 1_300_000, repeat),
  ]);
}

describe("decompression", () => {
  it.each([
    ["gzip", { codec: GZIP, packed: JAVA_GZIP, valueBytes: 70_000 }],
    ["snappy", { codec: SNAPPY, packed: JAVA_SNAPPY, valueBytes: 34_000 }],
    ["lz4", { codec: LZ4, packed: JAVA_LZ4, valueBytes: 70_000 }],
    ["zstd", { codec: ZSTD, packed: JAVA_ZSTD, valueBytes: 70_000 }],
  ])("unpacks what the Java client wrote with %s", (_, { codec, packed, valueBytes }) => {
    expect(unpacked(codec, packed).equals(javaBody(valueBytes))).toBe(true);
  });

  it("gives bytes that are not packed as they are", () => {
    const bytes = Buffer.from("plain");

    expect(decompress(0, bytes)).toBe(bytes);
  });

  it("unpacks snappy without framing", () => {
    const alphabet = "abcdefghijklmnopqrstuvwxyz";

    expect(unpacked(SNAPPY, BARE_SNAPPY).toString()).toBe("ab".repeat(100) + alphabet.repeat(3));
  });

  it("unpacks lz4 whose blocks repeat from each other", () => {
    expect(unpacked(LZ4, LINKED_LZ4).toString()).toBe("ab".repeat(35_000));
  });

  it.each([
    ["of no known number", { codec: 5, bytes: Buffer.alloc(8) }, "unknown compression: 5"],
    [
      "gzip of other bytes",
      { codec: GZIP, bytes: Buffer.from("not gzip") },
      "cannot unpack gzip: ",
    ],
    [
      "zstd that is cut off",
      { codec: ZSTD, bytes: zstdCompressSync("x").subarray(0, 8) },
      "cannot unpack zstd: ",
    ],
    [
      "lz4 of other bytes",
      { codec: LZ4, bytes: Buffer.from("not lz4") },
      "cannot unpack lz4: not a frame",
    ],
    [
      "lz4 without an end",
      { codec: LZ4, bytes: lz4Frame([0x10, 0x61]).subarray(0, -4) },
      "cannot unpack lz4: ",
    ],
    [
      "lz4 with a dictionary",
      { codec: LZ4, bytes: Buffer.from("04224d186140820000", "hex") },
      "with a dictionary",
    ],
    [
      "lz4 of a later version",
      { codec: LZ4, bytes: Buffer.from("04224d18a04082", "hex") },
      "version of lz4: 2",
    ],
    ["lz4 that repeats nothing", { codec: LZ4, bytes: lz4Frame([0x10, 0x61, 0, 0]) }, "not there"],
    [
      "lz4 that repeats from before",
      { codec: LZ4, bytes: lz4Frame([0x10, 0x61, 2, 0]) },
      "not there",
    ],
    [
      "lz4 that repeats from a block that stands apart",
      { codec: LZ4, bytes: lz4Frame([0x20, 0x61, 0x61], [0x10, 0x61, 2, 0]) },
      "not there",
    ],
    ["snappy of nothing", { codec: SNAPPY, bytes: Buffer.alloc(0) }, "cannot unpack snappy: "],
    [
      "snappy with an endless size",
      { codec: SNAPPY, bytes: Buffer.alloc(9, 0xff) },
      "size is too long",
    ],
    [
      "snappy of less than it says",
      { codec: SNAPPY, bytes: Buffer.from([2, 0, 0x61]) },
      "less than it says",
    ],
    [
      "snappy of more than it says",
      { codec: SNAPPY, bytes: Buffer.from([1, 4, 0x61, 0x61]) },
      "more than it says",
    ],
    [
      "snappy that repeats nothing",
      { codec: SNAPPY, bytes: Buffer.from([5, 0, 0x61, 1, 0]) },
      "not there",
    ],
    [
      "snappy that repeats from before",
      { codec: SNAPPY, bytes: Buffer.from([5, 0, 0x61, 1, 2]) },
      "not there",
    ],
    [
      "snappy whose block is cut off",
      { codec: SNAPPY, bytes: Buffer.from(JAVA_SNAPPY, "base64").subarray(0, -1) },
      "read beyond",
    ],
  ])("refuses %s", (_, { codec, bytes }, message) => {
    expect(() => decompress(codec, bytes)).toThrow(message);
  });

  it.each([
    ["gzip", GZIP, gzipSync(Buffer.alloc(BATCH_BYTES_MAX + 1))],
    ["snappy", SNAPPY, snappyBomb()],
    ["lz4", LZ4, lz4Bomb()],
    ["zstd", ZSTD, zstdCompressSync(Buffer.alloc(BATCH_BYTES_MAX + 1))],
  ])("unpacks no more of %s than a batch may hold, and says so", (name, codec, bomb) => {
    expect(() => decompress(codec, bomb)).toThrow(
      `cannot unpack ${name}: unpacks to more than 67108864 bytes`,
    );
  });

  it("unpacks as much as a batch may hold", () => {
    expect(decompress(GZIP, gzipSync(Buffer.alloc(BATCH_BYTES_MAX)))).toHaveLength(BATCH_BYTES_MAX);
  });
});
