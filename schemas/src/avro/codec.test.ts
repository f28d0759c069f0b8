import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVERY_TYPE, EVERY_VALUE, nameless } from "../../fixtures/every-type.ts";
import { randomData, randomFrom } from "../../fixtures/random-data.ts";
import { randomSchema } from "../../fixtures/random-schema.ts";
import { compileSchema } from "./avro-type.ts";
import { compileCoerce } from "./coerce.ts";
import { normalLong } from "./long-type.ts";
import { compilePreScan } from "./pre-scan.ts";
import { parseSchema } from "./schema-node.ts";

/** Data through coercion, bytes, pre-scan and back. */
function roundTrip(avro: unknown, data: unknown): unknown {
  const { type, node } = compileSchema(avro);
  const { value, problems } = compileCoerce(node)(data);
  expect(problems).toEqual([]);
  const bytes = type.toBuffer(value);
  expect(compilePreScan(node)(bytes, 0)).toBeNull();
  return type.fromBuffer(bytes);
}

const fieldOf = (type: unknown, more: object = {}): object => ({
  type: "record",
  name: "R",
  fields: [{ name: "f", type, ...more }],
});

/** Source: https://avro.apache.org/docs/1.12.0/specification/#binary-encoding */
function zigzagVarint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

describe("a value's way through the codec", () => {
  it("brings every Avro type back as it was", () => {
    expect(roundTrip(EVERY_TYPE, EVERY_VALUE)).toEqual(EVERY_VALUE);
  });

  it("takes JSON's forms of the same values", () => {
    const json = {
      ...EVERY_VALUE,
      long: "9223372036854775807",
      bytes: "AP8B",
      fixed: "AQIDBA==",
      uuid: EVERY_VALUE.uuid,
      date: "2026-11-23",
      millis: "2026-11-23T10:00:00Z",
      micros: "2026-11-23T10:00:00.000001Z",
      list: [null, "1", "-9223372036854775808"],
    };

    expect(roundTrip(EVERY_TYPE, json)).toEqual(EVERY_VALUE);
  });

  it.each([
    [2 ** 53 - 1, 2 ** 53 - 1],
    [-(2 ** 53) + 1, -(2 ** 53) + 1],
    [2n ** 53n, 2n ** 53n],
    [-(2n ** 63n), -(2n ** 63n)],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [5n, 5],
    ["9007199254740993", 9_007_199_254_740_993n],
  ])("keeps the long %s exact, as a number where that is exact", (given, read) => {
    expect(roundTrip(fieldOf("long"), { f: given })).toEqual({ f: read });
  });

  it("writes every long as the specification has it, and reads it back as it was", () => {
    const { type } = compileSchema("long");
    const near = [0n, 2n ** 30n, 2n ** 31n, 2n ** 52n, 2n ** 53n, 2n ** 62n].flatMap((edge) =>
      [-1n, 0n, 1n].flatMap((more) => [edge + more, -edge - more]),
    );
    const check = (value: bigint): void => {
      const given = normalLong(value);
      const bytes = type.toBuffer(given);
      expect(bytes).toEqual(zigzagVarint(value));
      expect(type.fromBuffer(bytes)).toBe(given);
    };

    near.forEach(check);
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), check));
    fc.assert(fc.property(fc.maxSafeInteger().map(BigInt), check));
  });

  it.each([
    ["12.5", "12.50"],
    ["-0.01", "-0.01"],
    ["-0.00", "0.00"],
    ["0000001", "1.00"],
    [12n, "12.00"],
    [0.25, "0.25"],
    ["9999999.99", "9999999.99"],
  ])("brings the decimal %s back as %s", (given, read) => {
    const decimal = { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 };

    expect(roundTrip(fieldOf(decimal), { f: given })).toEqual({ f: read });
  });

  it("takes map keys that objects have by themselves", () => {
    const map = nameless([
      ["__proto__", 1],
      ["constructor", 2],
      ["", 3],
    ]);

    const read = roundTrip(fieldOf({ type: "map", values: "long" }), { f: map });

    expect(read).toEqual({ f: map });
    expect(Object.getPrototypeOf(Reflect.get(Object(read), "f"))).toBeNull();
    expect(Object.prototype).not.toHaveProperty("1");
  });

  it("writes defaults of fields that every object has a member for", () => {
    const fields = ["constructor", "toString", "valueOf"].map((name) => ({
      name,
      type: "string",
      default: "d",
    }));

    const read = roundTrip({ type: "record", name: "R", fields }, {});

    expect(JSON.stringify(read)).toBe('{"constructor":"d","toString":"d","valueOf":"d"}');
  });

  it.each([
    ["bytes", "\u0000\u00ff", Buffer.from([0, 255])],
    [{ type: "bytes", logicalType: "decimal", precision: 4, scale: 1 }, "\u000f", "1.5"],
    [{ type: "long", logicalType: "timestamp-millis" }, 7, 7],
    [["string", "null"], "x", "x"],
    [["int", "long"], 5, { int: 5 }],
    [{ type: "map", values: "string" }, { a: "b" }, { a: "b" }],
    [{ type: "array", items: "int" }, [1], [1]],
  ])("reads the default of a %j that was left out", (type, value, read) => {
    expect(roundTrip(fieldOf(type, { default: value }), {})).toEqual({ f: read });
  });

  it("ignores a decimal that cannot be one, as the specification says", () => {
    const fixed = { type: "fixed", name: "F", size: 2, logicalType: "decimal", precision: 50 };

    expect(roundTrip(fieldOf(fixed), { f: Buffer.from([1, 2]) })).toEqual({
      f: Buffer.from([1, 2]),
    });
  });

  it(
    "brings random data of random schemas back, whatever the names in them",
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(randomSchema, fc.integer(), (avro, seed) => {
          const [node, random] = [parseSchema(avro), randomFrom(seed)];
          for (let count = 0; count < 3; count++) {
            const value = randomData(node, random);
            expect(roundTrip(avro, value)).toEqual(value);
          }
        }),
        { numRuns: 300 },
      );
    },
  );
});
