import { describe, expect, it } from "vitest";
import { EVERY_TYPE, EVERY_VALUE } from "../../fixtures/every-type.ts";
import type { FieldProblem } from "../schema-error.ts";
import { compileCoerce } from "./coerce.ts";
import { PROBLEMS_MAX } from "./coerce-visit.ts";
import { RECORD_LIMITS } from "./pre-scan.ts";
import { parseSchema } from "./schema-node.ts";

const problemsOf = (avro: unknown, data: unknown): readonly FieldProblem[] =>
  compileCoerce(parseSchema(avro))(data).problems;

const fieldOf = (type: unknown): object => ({
  type: "record",
  name: "R",
  fields: [{ name: "f", type }],
});

describe("what coercion refuses", () => {
  it.each([
    ["null", 0, "must be null, received an integer"],
    ["boolean", "true", "must be a boolean, received a string"],
    ["int", 2 ** 31, "must be a 32-bit integer, received an integer"],
    ["int", 1.5, "must be a 32-bit integer, received a number"],
    ["int", "1", "must be a 32-bit integer, received a string"],
    [
      "long",
      2 ** 53,
      "must be a 64-bit integer (a number, or a string of digits), received a number",
    ],
    [
      "long",
      2n ** 63n,
      "must be a 64-bit integer (a number, or a string of digits), received a bigint",
    ],
    [
      "long",
      "9223372036854775808",
      "must be a 64-bit integer (a number, or a string of digits), received a string",
    ],
    ["float", 1e39, "must be a finite number in the range of a float, received a number"],
    ["double", Number.NaN, "must be a finite number, received a number"],
    ["double", Infinity, "must be a finite number, received a number"],
    ["bytes", "not base64", "must be bytes, or their base64, received a string"],
    ["bytes", [1, 2], "must be bytes, or their base64, received an array"],
    ["string", 5, "must be a string, received an integer"],
    ["string", "\ud800", "must be a string, received a string with a lone surrogate"],
    [
      { type: "fixed", name: "F", size: 2 },
      "AQ==",
      "must be 2 bytes, or their base64, received a string",
    ],
    [
      { type: "enum", name: "E", symbols: ["RED", "GREEN"] },
      "GREN",
      "must be one of RED, GREEN (did you mean GREEN?), received a string",
    ],
    [{ type: "array", items: "int" }, {}, "must be an array, received an object"],
    [{ type: "map", values: "int" }, [], "must be an object, received an array"],
    [
      { type: "map", values: "int" },
      new Map(),
      "must be an object, received an object of another kind",
    ],
    [{ type: "record", name: "S", fields: [] }, "x", "must be an object (S), received a string"],
    [["null", "string"], 5, "must be a string, received an integer"],
    [["null", "string", "int"], true, "must be one of null, string, int, received a boolean"],
    [{ type: "string", logicalType: "uuid" }, "0190f3c2", "must be a UUID, received a string"],
    [
      { type: "int", logicalType: "date" },
      "2026-02-30",
      "must be a date (YYYY-MM-DD) or days since 1970, received a string",
    ],
    [
      { type: "long", logicalType: "timestamp-millis" },
      "yesterday",
      "must be an RFC 3339 time or epoch milliseconds, received a string",
    ],
    [
      { type: "long", logicalType: "timestamp-micros" },
      new Date(Number.NaN),
      "must be an RFC 3339 time or epoch microseconds, received an object of another kind",
    ],
    [
      { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 },
      "123.4",
      "must be a decimal of at most 4 digits, 2 of them after the point, received a string",
    ],
    [
      { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 },
      "1.005",
      "must be a decimal of at most 4 digits, 2 of them after the point, received a string",
    ],
  ])("%j does not take %s", (type, value, detail) => {
    expect(problemsOf(fieldOf(type), { f: value })).toEqual([{ pointer: "/f", detail }]);
  });

  it("names every wrong place by a JSON pointer, at any depth", () => {
    const data = {
      ...EVERY_VALUE,
      truth: 1,
      list: [null, "x"],
      table: { "a/b~c": [0, "y"] },
      tree: { value: 1, children: [{ value: "z" }], next: { value: null } },
    };

    expect(problemsOf(EVERY_TYPE, data).map(({ pointer }) => pointer)).toEqual([
      "/truth",
      "/list/1",
      "/table/a~1b~0c/1",
      "/tree/children/0/value",
      "/tree/next/value",
    ]);
  });

  it("names every field that is not declared, with the nearest that is", () => {
    expect(
      problemsOf(EVERY_TYPE, { ...EVERY_VALUE, stringg: 1, tree: { value: 1, "~x": 2 } }),
    ).toEqual([
      {
        pointer: "/stringg",
        detail: "is no field of synthetic.Everything (did you mean string?)",
      },
      { pointer: "/tree/~0x", detail: "is no field of synthetic.Node" },
    ]);
  });

  it("does not take __proto__ for a way around that", () => {
    expect(problemsOf(fieldOf("int"), JSON.parse('{"f": 1, "__proto__": {"f": 2}}'))).toEqual([
      { pointer: "/__proto__", detail: "is no field of R" },
    ]);
    expect(problemsOf(fieldOf("int"), Object.create({ f: 1 }))).toEqual([
      { pointer: "/f", detail: "is required" },
    ]);
  });

  it("asks for fields without a default, and fills in null where that is a value", () => {
    const avro = {
      type: "record",
      name: "R",
      fields: [
        { name: "a", type: "int" },
        { name: "b", type: ["null", "int"] },
        { name: "c", type: ["null", "int", "string"] },
        { name: "d", type: ["int"] },
        { name: "e", type: "int", default: 1 },
      ],
    };

    expect(problemsOf(avro, { b: undefined })).toEqual([
      { pointer: "/a", detail: "is required" },
      { pointer: "/d", detail: "is required" },
    ]);
  });

  it("refuses holes in arrays at their index", () => {
    const holed: unknown[] = [1];
    holed[2] = 3;

    expect(problemsOf(fieldOf({ type: "array", items: "int" }), { f: holed })).toEqual([
      { pointer: "/f/1", detail: "must be a 32-bit integer, received nothing" },
    ]);
  });

  it("lists a bounded number of problems", () => {
    const data = { f: Array.from({ length: 1_000 }, () => "x") };

    expect(problemsOf(fieldOf({ type: "array", items: "int" }), data)).toHaveLength(PROBLEMS_MAX);
  });

  it("takes base64 of megabytes", () => {
    const data = { f: Buffer.alloc(8_000_000, 7).toString("base64") };

    expect(problemsOf(fieldOf("bytes"), data)).toEqual([]);
  });
});

describe("data that nests", () => {
  const list = {
    type: "record",
    name: "List",
    fields: [{ name: "next", type: ["null", "List"], default: null }],
  };
  const nested = (depth: number): object =>
    Array.from({ length: depth - 1 }).reduce<object>((inner) => ({ next: inner }), {});

  it("is taken as deep as readers go, and not deeper", () => {
    expect(problemsOf(list, nested(RECORD_LIMITS.depthMax))).toEqual([]);
    expect(problemsOf(list, nested(RECORD_LIMITS.depthMax + 1))).toMatchObject([
      { detail: "is nested too deeply" },
    ]);
  });

  it("is refused when it holds itself", () => {
    const cyclic: { next?: object } = {};
    cyclic.next = cyclic;

    expect(problemsOf(list, cyclic)).toMatchObject([{ detail: "is nested too deeply" }]);
  });

  it("is given up when unions of records could be tried in too many ways", () => {
    const branch = (name: string, other: unknown): object => ({
      type: "record",
      name,
      fields: [{ name: "n", type: ["null", "A", other] }],
    });
    let data: unknown = { n: 5 };
    for (let depth = 0; depth < 60; depth++) data = { n: data };

    const problems = problemsOf(branch("A", branch("B", "B")), data);

    expect(problems).toEqual([
      { pointer: "/n", detail: "must be one of null, A, B, received an object" },
    ]);
  });
});

describe("a union", () => {
  const valueOf = (type: unknown, data: unknown): unknown => {
    const { value, problems } = compileCoerce(parseSchema(fieldOf(type)))({ f: data });
    return problems.length === 0 ? Reflect.get(Object(value), "f") : problems;
  };
  const millis = { type: "long", logicalType: "timestamp-millis" };

  it.each([
    [["null", "long", "string"], "123", "123"],
    [["bytes", "string"], "QUJD", "QUJD"],
    [[millis, "string"], "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"],
    [["boolean", millis], "2026-11-23T10:00:00Z", 1_795_428_000_000],
    [["null", "boolean", "long"], "123", 123],
  ])("of %j takes %s for what it looks like first", (type, data, value) => {
    expect(valueOf(type, data)).toEqual(value);
  });

  it("whose branches look alike takes the first that fits, or the one that is named", () => {
    expect(valueOf(["int", "long"], 5)).toEqual({ int: 5 });
    expect(valueOf(["int", "long"], 2 ** 40)).toEqual({ long: 2 ** 40 });
    expect(valueOf(["int", "long"], { long: 5 })).toEqual({ long: 5 });
  });

  it("says what is wrong with the branch that is named, or the only one that looks alike", () => {
    const person = { type: "record", name: "P", fields: [{ name: "age", type: "int" }] };

    expect(valueOf(["null", "string", person], { age: "x" })).toEqual([
      { pointer: "/f/age", detail: "must be a 32-bit integer, received a string" },
    ]);
    expect(valueOf(["int", "long"], { int: 2 ** 40 })).toEqual([
      { pointer: "/f/int", detail: "must be a 32-bit integer, received an integer" },
    ]);
  });
});
