import { describe, expect, it } from "vitest";
import { readProblems } from "../compatibility.ts";
import { compileSchema } from "./avro-type.ts";
import { resolutionProblems } from "./resolution.ts";
import { parseSchema, PRIMITIVES } from "./schema-node.ts";

const record = (fields: readonly object[], more: object = {}): object => ({
  type: "record",
  name: "x.R",
  fields,
  ...more,
});
const fieldOf = (type: unknown, more: object = {}): object =>
  record([{ name: "f", type, ...more }]);
const enumOf = (symbols: readonly string[], more: object = {}): object => ({
  type: "enum",
  name: "E",
  symbols,
  ...more,
});
const fixed = (size: number, more: object = {}): object => ({
  type: "fixed",
  name: "F",
  size,
  ...more,
});
const millis = { type: "long", logicalType: "timestamp-millis" };
const micros = { type: "long", logicalType: "timestamp-micros" };
const decimal = (precision: number, scale: number): object => ({
  type: "bytes",
  logicalType: "decimal",
  precision,
  scale,
});

const judge = (reader: unknown, writer: unknown): readonly string[] =>
  resolutionProblems(parseSchema(reader), parseSchema(writer)).map(
    ({ kind, detail }) => `${kind}: ${detail}`,
  );

function avscReads(reader: unknown, writer: unknown): boolean {
  try {
    compileSchema(reader).type.createResolver(compileSchema(writer).type);
    return true;
  } catch {
    return false;
  }
}

const CASES: readonly (readonly [unknown, unknown, readonly string[]])[] = [
  [fieldOf("int"), fieldOf("int"), []],
  [fieldOf("long"), fieldOf("int"), []],
  [fieldOf("int"), fieldOf("long"), ["unreadable: f was long and is int"]],
  [fieldOf("string"), fieldOf("int"), ["unreadable: f was int and is string"]],
  [fieldOf("int", { default: 0 }), record([]), []],
  [
    fieldOf("int"),
    record([]),
    ["unreadable: f is new and has no default: older x.R do not hold it"],
  ],
  [record([]), fieldOf("int"), []],
  [fieldOf("int", { name: "g", aliases: ["f"] }), fieldOf("int"), []],
  [fieldOf(["null", "int"]), fieldOf("int"), []],
  [fieldOf("int"), fieldOf(["null", "int"]), ["unreadable: f was null and is int"]],
  [fieldOf(["null", "long"]), fieldOf(["int", "null"]), []],
  [fieldOf(["null", "string"]), fieldOf(["null", "int"]), ["unreadable: f was int and is string?"]],
  [fieldOf({ type: "array", items: "long" }), fieldOf({ type: "array", items: "int" }), []],
  [
    fieldOf({ type: "array", items: "int" }),
    fieldOf({ type: "array", items: "string" }),
    ["unreadable: f[] was string and is int"],
  ],
  [
    fieldOf({ type: "map", values: "int" }),
    fieldOf({ type: "map", values: "string" }),
    ["unreadable: f{} was string and is int"],
  ],
  [
    fieldOf({ type: "map", values: "int" }),
    fieldOf({ type: "array", items: "int" }),
    ["unreadable: f was int[] and is map of int"],
  ],
  [fieldOf(enumOf(["A", "B"])), fieldOf(enumOf(["A"])), []],
  [fieldOf(enumOf(["A", "B"], { name: "G", aliases: ["E"] })), fieldOf(enumOf(["A"])), []],
  [
    fieldOf(enumOf(["A"])),
    fieldOf(enumOf(["A", "B"])),
    ["unreadable: f no longer has B, which older data may hold"],
  ],
  [
    fieldOf(enumOf(["A"], { default: "A" })),
    fieldOf(enumOf(["A", "B"])),
    ["lossy: f no longer has B, which older data may hold"],
  ],
  [
    fieldOf(enumOf(["A"], { name: "G" })),
    fieldOf(enumOf(["A"])),
    ["unreadable: f was x.E and is x.G"],
  ],
  [fieldOf(fixed(2, { name: "G", aliases: ["F"] })), fieldOf(fixed(2)), []],
  [fieldOf(fixed(3)), fieldOf(fixed(2)), ["unreadable: f was x.F (2 bytes) and is x.F (3 bytes)"]],
  [record([], { name: "x.S", aliases: ["R"] }), record([]), []],
  [record([], { name: "x.S" }), record([]), ["unreadable: the value was x.R and is x.S"]],
  [
    fieldOf(micros),
    fieldOf(millis),
    [
      "altered: f was timestamp-millis and is timestamp-micros, which gives old data another meaning",
    ],
  ],
  [
    fieldOf("long"),
    fieldOf(millis),
    ["altered: f was timestamp-millis and is long, which gives old data another meaning"],
  ],
  [fieldOf(millis), fieldOf(millis), []],
  [fieldOf({ type: "string", logicalType: "uuid" }), fieldOf("string"), []],
  [fieldOf(decimal(9, 2)), fieldOf(decimal(4, 2)), []],
  [
    fieldOf("string"),
    fieldOf("bytes"),
    ["lossy: f was bytes and is string: what is no UTF-8 would be replaced"],
  ],
  [fieldOf("bytes"), fieldOf("string"), []],
];

describe("reading older data", () => {
  it.each(CASES)("as %j, written as %j", (...[reader, writer, problems]) => {
    expect(judge(reader, writer)).toEqual(problems);
  });

  it("is judged as avsc does it, but for what avsc would change silently", () => {
    for (const [reader, writer, problems] of CASES) {
      const isUnreadable = problems.some((problem) => problem.startsWith("unreadable"));
      expect([reader, writer, avscReads(reader, writer)]).toEqual([reader, writer, !isUnreadable]);
    }
  });

  it("is judged as avsc does it for every pair of primitives", () => {
    for (const reader of PRIMITIVES) {
      for (const writer of PRIMITIVES) {
        const problems = judge(reader, writer).filter((problem) =>
          problem.startsWith("unreadable"),
        );
        expect([reader, writer, problems.length === 0]).toEqual([
          reader,
          writer,
          avscReads(reader, writer),
        ]);
      }
    }
  });

  it("is refused for a decimal of another scale or of fewer digits", () => {
    expect(readProblems(fieldOf(decimal(9, 3)), fieldOf(decimal(9, 2)))).not.toEqual([]);
    expect(readProblems(fieldOf(decimal(4, 2)), fieldOf(decimal(9, 2)))).not.toEqual([]);
  });

  it("names every problem, also in records that hold themselves", () => {
    const tree = (type: unknown): object =>
      record([
        { name: "value", type },
        { name: "children", type: { type: "array", items: "R" } },
        { name: "extra", type: "int" },
      ]);

    expect(judge(tree("int"), tree("string"))).toEqual(["unreadable: value was string and is int"]);
  });

  it("does not forget what a union's other branch hid", () => {
    // K is compared with I first as a branch that does not fit, while L does; then as a field of its own.
    const named = (name: string, type: unknown): object => ({
      type: "record",
      name,
      aliases: ["I"],
      fields: [{ name: "t", type }],
    });
    const reader = record([
      { name: "a", type: [named("K", micros), named("L", millis)] },
      { name: "b", type: "K" },
    ]);
    const writer = record([
      { name: "a", type: named("I", millis) },
      { name: "b", type: "I" },
    ]);

    expect(judge(reader, writer)).toHaveLength(1);
    expect(judge(reader, writer)[0]).toContain("was timestamp-millis and is timestamp-micros");
  });

  it("costs no more for records that are named in many ways", () => {
    let type: unknown = { type: "record", name: "R0", fields: [{ name: "t", type: "int" }] };
    for (let level = 1; level <= 30; level++) {
      const fields = [
        { name: "a", type },
        { name: "b", type: `R${level - 1}` },
      ];
      type = { type: "record", name: `R${level}`, fields };
    }

    expect(judge(type, type)).toEqual([]);
  });
});
