/** The conformance table: what a value of each Avro type is in CEL, and in a body. */
import { describe, expect, test } from "vitest";
import { bodyFor, eventOf, targetOf } from "../../test/target-of.ts";

const point = {
  type: "record",
  name: "Point",
  fields: [
    { name: "lat", type: "double" },
    { name: "label", type: ["null", "string"], default: null },
  ],
};
const micros = { type: "long", logicalType: "timestamp-micros" };
const millis = { type: "long", logicalType: "timestamp-millis" };
const date = { type: "int", logicalType: "date" };
const price = { type: "bytes", logicalType: "decimal", precision: 10, scale: 2 };
const uuid = { type: "string", logicalType: "uuid" };
const colour = { type: "enum", name: "Colour", symbols: ["RED", "GREEN"] };
const pair = { type: "fixed", name: "Pair", size: 2 };
const fixedPrice = { ...price, type: "fixed", name: "FixedPrice", size: 4, precision: 9 };
const id = "6f1b2f60-7a9d-4a53-9d3c-0a6c7d0f9c11";
const bytes = Buffer.from([0, 255, 62]);
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** Avro type, value, an expression that holds of it in CEL, its JSON. */
const TABLE: readonly (readonly [string, unknown, unknown, string, string])[] = [
  ["null", "null", null, "event.data.x == null", "null"],
  ["boolean", "boolean", true, "type(event.data.x) == bool", "true"],
  ["int", "int", -7, "event.data.x == -7", "-7"],
  ["int in CEL", "int", 7, "type(event.data.x) == int", "7"],
  ["long within 2^53", "long", MAX_SAFE, "event.data.x == 9007199254740991", `${MAX_SAFE}`],
  ["long below -2^53", "long", -9007199254740992n, "event.data.x < 0", '"-9007199254740992"'],
  ["long beyond 2^53", "long", 2n ** 63n - 1n, "event.data.x > 0", '"9223372036854775807"'],
  ["float", "float", 0.5, "event.data.x == 0.5", "0.5"],
  ["double", "double", 3, "type(event.data.x) == double", "3"],
  ["double, small", "double", 1e-7, "event.data.x < 1.0", "1e-7"],
  ["string", "string", 'a "b" \u2028 é', "event.data.x.startsWith('a')", '"a \\"b\\" \u2028 é"'],
  ["string that looks like CEL", "string", "= 1", "event.data.x == '= 1'", '"= 1"'],
  ["bytes", "bytes", bytes, "size(event.data.x) == 3", '"AP8+"'],
  ["bytes, none", "bytes", Buffer.alloc(0), "event.data.x == b''", '""'],
  ["enum", colour, "GREEN", "event.data.x == 'GREEN'", '"GREEN"'],
  ["fixed", pair, Buffer.from([1, 2]), "event.data.x == b'\\x01\\x02'", '"AQI="'],
  ["uuid", uuid, id, `event.data.x == '${id}'`, `"${id}"`],
  ["decimal", price, "12.50", "event.data.x == '12.50'", '"12.50"'],
  ["decimal on fixed", fixedPrice, "-0.01", "double(event.data.x) < 0.0", '"-0.01"'],
  ["date", date, 20_000, "event.data.x == '2024-10-04'", '"2024-10-04"'],
  ["date before 1970", date, -1, "event.data.x == '1969-12-31'", '"1969-12-31"'],
  [
    "timestamp-millis",
    millis,
    1_700_000_000_123,
    "event.data.x == timestamp('2023-11-14T22:13:20.123Z')",
    '"2023-11-14T22:13:20.123Z"',
  ],
  [
    "timestamp-micros",
    micros,
    1_700_000_000_123_456,
    "event.data.x.getSeconds() == 20",
    '"2023-11-14T22:13:20.123456Z"',
  ],
  [
    "timestamp-micros before 1970",
    micros,
    -1,
    "event.data.x < timestamp(0)",
    '"1969-12-31T23:59:59.999999Z"',
  ],
  [
    "array",
    { type: "array", items: "long" },
    [1, 2n ** 60n],
    "event.data.x[0] == 1",
    '[1,"1152921504606846976"]',
  ],
  ["array, empty", { type: "array", items: "int" }, [], "size(event.data.x) == 0", "[]"],
  [
    "array of records",
    { type: "array", items: point },
    [{ lat: 1, label: null }],
    "event.data.x.all(p, p.lat == 1.0)",
    '[{"lat":1,"label":null}]',
  ],
  ["map", { type: "map", values: "int" }, { b: 1, a: 2 }, "event.data.x.a == 2", '{"b":1,"a":2}'],
  [
    "map, a key's presence",
    { type: "map", values: "int" },
    { a: 2 },
    "'a' in event.data.x && !('b' in event.data.x)",
    '{"a":2}',
  ],
  ["record", point, { lat: 2.5, label: "A" }, "event.data.x.lat == 2.5", '{"lat":2.5,"label":"A"}'],
  ["optional, absent", ["null", "int"], null, "event.data.x == null", "null"],
  ["optional, there", ["null", "int"], 5, "event.data.x == 5", "5"],
  ["optional, null last", ["int", "null"], 5, "event.data.x != null", "5"],
  [
    "optional record",
    ["null", point],
    { lat: 1, label: null },
    "event.data.x.lat == 1.0",
    '{"lat":1,"label":null}',
  ],
  ["union of unlike types", ["null", "string", "boolean"], "s", "event.data.x == 's'", '"s"'],
  ["union of unlike types, other", ["null", "string", "long"], 9, "event.data.x == 9", "9"],
  [
    "union of like types",
    ["null", "int", "double"],
    { double: 2 },
    "type(event.data.x) == double",
    "2",
  ],
  [
    "union of like types, other",
    ["null", "int", "double"],
    { int: 2 },
    "type(event.data.x) == int",
    "2",
  ],
  [
    "union of records",
    [point, { type: "record", name: "Place", fields: [{ name: "city", type: "string" }] }],
    { "test.Place": { city: "Ulm" } },
    "event.data.x.city == 'Ulm'",
    '{"city":"Ulm"}',
  ],
  [
    "union of enum and string",
    ["string", colour],
    { "test.Colour": "RED" },
    "event.data.x == 'RED'",
    '"RED"',
  ],
  [
    "decimal that does not fit its bytes, which Avro ignores",
    { ...fixedPrice, precision: 10 },
    Buffer.from([0, 0, 0, 1]),
    "size(event.data.x) == 4",
    '"AAAAAQ=="',
  ],
  ["union of string and decimal", ["string", price], { bytes: "1.00" }, "true", '"1.00"'],
];

describe("a value of Avro type", () => {
  test.each(TABLE)("%s is what CEL and JSON take it for", async (...row) => {
    const [, avro, value, cel, json] = row;
    const schema = { name: "test.Thing", fields: [{ name: "x", type: avro }] };
    const target = await targetOf(
      [
        `filter: ${JSON.stringify(cel)}`,
        'request: { url: "http://t", body: { direct: "= event.data.x", evaluated: "= [event.data.x][0]" } }',
      ],
      [schema],
    );
    const event = eventOf(schema, { x: value });

    expect(target.filter.matches(event)).toBe(true);
    expect(target.mapping.map(event).body).toBe(`{"direct":${json},"evaluated":${json}}`);
  });

  test.each([
    ["float", "float", Number.NaN],
    ["float", "float", Number.POSITIVE_INFINITY],
    ["double", "double", Number.NEGATIVE_INFINITY],
    ["array item", { type: "array", items: "double" }, [1, Number.NaN]],
    ["timestamp", millis, Number.MAX_SAFE_INTEGER],
    ["date", date, 2_147_483_647],
  ])("%s that JSON cannot say is a mapping failure", async (_name, avro, value) => {
    await expect(bodyFor(avro, value, '"= event.data.x"')).rejects.toMatchObject({
      code: "MAPPING_FAILED",
      details: { path: "request.body" },
    });
  });
});
