import { describe, expect, it } from "vitest";
import { AvroBytes } from "./avro-bytes.ts";

/** What is written, as hex. */
function hexOf(write: (bytes: AvroBytes) => void): string {
  const bytes = new AvroBytes(1);
  write(bytes);
  expect(bytes.finish().length).toBe(bytes.length);
  return bytes.finish().toString("hex");
}

/** A long by the specification: zigzag in 64 bits, then seven bits a byte. */
function expectedLong(value: number): string {
  const long = BigInt(value);
  let rest = BigInt.asUintN(64, (long << 1n) ^ (long >> 63n));
  let hex = "";
  for (; rest > 0x7fn; rest >>= 7n) hex += (Number(rest & 0x7fn) | 0x80).toString(16);
  return hex + Number(rest).toString(16).padStart(2, "0");
}

describe("a long", () => {
  it.each([
    [0, "00"],
    [-1, "01"],
    [1, "02"],
    [63, "7e"],
    [-64, "7f"],
    [64, "8001"],
    [-65, "8101"],
    [8_192, "808001"],
  ])("writes %i as the specification shows", (value, hex) => {
    expect(hexOf((bytes) => bytes.long(value))).toBe(hex);
  });

  it("is exact at every power of two and beside it, to the last safe integer", () => {
    const powers = Array.from({ length: 53 }, (_, exponent) => 2 ** exponent);
    const edges = powers.flatMap((power) => [power - 1, power, Math.min(power + 1, 2 ** 53 - 1)]);

    for (const value of edges.flatMap((edge) => [edge, -edge])) {
      expect(hexOf((bytes) => bytes.long(value))).toBe(expectedLong(value));
    }
  });
});

describe("a string", () => {
  it.each([
    ["ASCII", "foo", "06666f6f"],
    ["nothing", "", "00"],
    ["other letters", "é", "04c3a9"],
    ["letters beyond the first plane", "😀", "08f09f9880"],
    ["half of a pair, which has no UTF-8", "a\ud800", "0861efbfbd"],
  ])("of %s is its length in bytes and its UTF-8", (_, text, hex) => {
    expect(hexOf((bytes) => bytes.text(text))).toBe(hex);
  });

  it("that is long makes the buffer grow as often as it must", () => {
    const hex = hexOf((bytes) => {
      bytes.text("a".repeat(100));
      bytes.text("ü".repeat(100));
    });

    expect(hex).toBe(`c801${"61".repeat(100)}9003${"c3bc".repeat(100)}`);
  });
});

describe("an array", () => {
  it("is one block with its count, and a zero behind it", () => {
    const items = new AvroBytes(1);
    items.long(1);
    items.long(2);

    expect(hexOf((bytes) => bytes.array(2, items))).toBe("04020400");
  });

  it("of nothing is a zero", () => {
    expect(hexOf((bytes) => bytes.array(0, new AvroBytes(1)))).toBe("00");
  });
});

describe("a frame", () => {
  it("is a zero byte and the schema's id, big-endian", () => {
    expect(hexOf((bytes) => bytes.frame(0x0102_0304))).toBe("0001020304");
  });
});
