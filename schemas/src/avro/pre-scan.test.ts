import { describe, expect, it } from "vitest";
import { EVERY_TYPE, EVERY_VALUE } from "../../fixtures/every-type.ts";
import { compileSchema } from "./avro-type.ts";
import { compileCoerce } from "./coerce.ts";
import { compilePreScan, RECORD_LIMITS } from "./pre-scan.ts";
import { parseSchema } from "./schema-node.ts";

/** Avro's zigzag varint. */
function long(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

const scan = (avro: unknown, bytes: readonly number[]): string | null =>
  compilePreScan(parseSchema(avro))(Buffer.from(bytes), 0);

const list = (items: unknown): object => ({ type: "array", items });
const BILLIONS = 2_000_000_000;
const nullRecord = {
  type: "record",
  name: "N",
  fields: [
    { name: "a", type: "null" },
    { name: "b", type: "null" },
  ],
};

describe("bombs: few bytes that ask for much", () => {
  it.each([
    ["a count of billions", list("int"), long(BILLIONS), "a count exceeds the bytes that are left"],
    [
      "a negative count with a block size",
      list("int"),
      [...long(-BILLIONS), ...long(0)],
      "a count exceeds the bytes that are left",
    ],
    [
      "the most negative count",
      list("int"),
      [...long(-(2n ** 63n)), ...long(0)],
      "a count exceeds the bytes that are left",
    ],
    [
      "nulls, which take no bytes",
      list("null"),
      [...long(BILLIONS), 0],
      "it holds too many items that take no bytes",
    ],
    [
      "nulls in a negative block",
      list("null"),
      [...long(-BILLIONS), ...long(0), 0],
      "it holds too many items that take no bytes",
    ],
    [
      "nulls in many blocks",
      list("null"),
      [...Array.from({ length: 200 }, () => long(100)).flat(), 0],
      "it holds too many items that take no bytes",
    ],
    [
      "records of nulls",
      list(nullRecord),
      [...long(BILLIONS), 0],
      "it holds too many items that take no bytes",
    ],
    [
      "fixed bytes of size 0",
      list({ type: "fixed", name: "F", size: 0 }),
      [...long(BILLIONS), 0],
      "it holds too many items that take no bytes",
    ],
    [
      "maps in maps",
      { type: "map", values: { type: "map", values: "int" } },
      [...long(1), ...long(1), 0x61, ...long(BILLIONS)],
      "a count exceeds the bytes that are left",
    ],
    ["a string of billions", "string", long(BILLIONS), "a length exceeds the bytes that are left"],
    ["bytes of billions", "bytes", long(BILLIONS), "a length exceeds the bytes that are left"],
    ["a negative length", "string", long(-1), "a length exceeds the bytes that are left"],
  ])("%s", (...[, avro, bytes, problem]) => {
    expect(scan(avro, bytes)).toBe(problem);
  });

  it("counts what sub-records multiply into", () => {
    // Each record holds the one before twice: 2^30 records in no bytes at all.
    let type: unknown = { type: "record", name: "R0", fields: [] };
    for (let level = 1; level <= 30; level++) {
      const fields = [
        { name: "a", type },
        { name: "b", type: `R${level - 1}` },
      ];
      type = { type: "record", name: `R${level}`, fields };
    }

    expect(scan(type, [])).toBe("it holds too many values");
  });

  it("knows how deep a record nests", () => {
    const avro = {
      type: "record",
      name: "L",
      fields: [{ name: "next", type: ["null", "L"] }],
    };
    const nested = (depth: number): number[] => [...Array.from({ length: depth - 1 }, () => 2), 0];

    expect(scan(avro, nested(RECORD_LIMITS.depthMax))).toBeNull();
    expect(scan(avro, nested(RECORD_LIMITS.depthMax + 1))).toBe("it is nested too deeply");
    expect(scan(avro, nested(1_000_000))).toBe("it is nested too deeply");
  });
});

describe("the bounds", () => {
  it("let through as many items without bytes as they say", () => {
    expect(scan(list("null"), [...long(RECORD_LIMITS.emptyItemsMax), 0])).toBeNull();
    expect(scan(list("null"), [...long(RECORD_LIMITS.emptyItemsMax + 1), 0])).not.toBeNull();
  });

  it("let through as many values as they say", () => {
    const bytes = (count: number): Buffer =>
      Buffer.from([...long(count), ...new Uint8Array(count), 0]);
    const walk = compilePreScan(parseSchema(list("boolean")));

    expect(walk(bytes(RECORD_LIMITS.valuesMax), 0)).toBeNull();
    expect(walk(bytes(RECORD_LIMITS.valuesMax + 1), 0)).toBe("it holds too many values");
  });
});

describe("bytes that are no record", () => {
  const color = { type: "enum", name: "C", symbols: ["A", "B"] };
  it.each([
    ["a boolean of 2", "boolean", [2], "a boolean is neither 0 nor 1"],
    ["an int of 33 bits", "int", long(2 ** 31), "an int has more than 32 bits"],
    [
      "a long of 65 bits",
      "long",
      [...Array.from({ length: 9 }, () => 0xff), 2],
      "an integer has more than 64 bits",
    ],
    [
      "a varint without end",
      "long",
      Array.from({ length: 20 }, () => 0x80),
      "an integer has more than 64 bits",
    ],
    ["a symbol that is none", color, long(2), "an index names no branch or symbol"],
    ["a branch that is none", ["null", "int"], long(-1), "an index names no branch or symbol"],
    ["text that is no UTF-8", "string", [...long(1), 0xff], "a string is not UTF-8"],
    [
      "a decimal of a kilobyte",
      { type: "bytes", logicalType: "decimal", precision: 4 },
      [...long(1_000), ...new Uint8Array(1_000)],
      "a decimal is too long",
    ],
    [
      "a block size that is not its size",
      list("int"),
      [...long(-1), ...long(2), 2, 0],
      "a block's size is not its size",
    ],
    ["bytes after the record", "int", [2, 2], "bytes are left over after the record"],
    ["nothing", "int", [], "it is truncated"],
    ["half a float", "float", [0, 0], "it is truncated"],
  ])("%s", (...[, avro, bytes, problem]) => {
    expect(scan(avro, bytes)).toBe(problem);
  });

  it("are found wherever a record is cut off", () => {
    const { type, node } = compileSchema(EVERY_TYPE);
    const whole = type.toBuffer(compileCoerce(node)(EVERY_VALUE).value);
    const walk = compilePreScan(node);

    expect(walk(whole, 0)).toBeNull();
    for (let end = 0; end < whole.length; end++) {
      expect(walk(whole.subarray(0, end), 0)).not.toBeNull();
    }
  });
});

describe("a block that states its size", () => {
  it("is walked like any other", () => {
    expect(scan(list("int"), [...long(-2), ...long(2), 2, 4, 0])).toBeNull();
  });
});
