import { describe, expect, it } from "vitest";
import { SchemaError } from "../schema-error.ts";
import { compileSchema } from "./avro-type.ts";
import { parseSchema, SCHEMA_LIMITS } from "./schema-node.ts";

function refusal(avro: unknown): string {
  try {
    parseSchema(avro);
  } catch (error) {
    if (error instanceof SchemaError && error.code === "SCHEMA_INVALID") return error.message;
    throw error;
  }
  throw new Error("it was taken");
}

const record = (...fields: unknown[]): object => ({ type: "record", name: "n.R", fields });
const nested = (depth: number): unknown => {
  let type: unknown = "int";
  for (let level = 0; level < depth; level++) type = { type: "array", items: type };
  return type;
};

describe("a schema", () => {
  it("resolves names in their namespaces", () => {
    const avro = {
      type: "record",
      name: "R",
      namespace: "a",
      fields: [
        {
          name: "x",
          type: {
            type: "record",
            name: "b.S",
            fields: [{ name: "r", type: ["null", "a.R", "S"] }],
          },
        },
        { name: "y", type: ["null", "b.S", "R"] },
        { name: "z", type: { type: "enum", name: "E", namespace: "", symbols: ["A"] } },
      ],
    };
    const node = parseSchema(avro);

    expect(node).toMatchObject({
      name: "a.R",
      fields: [
        {
          type: {
            name: "b.S",
            fields: [{ type: { branches: [{}, { name: "a.R" }, { name: "b.S" }] } }],
          },
        },
        {},
        { type: { name: "E" } },
      ],
    });
    expect(compileSchema(avro).type.name).toBe("a.R");
  });

  it("that names itself is a cycle", () => {
    const node = parseSchema(record({ name: "next", type: ["null", "R"] }));
    const next = node.kind === "record" ? node.fields[0]?.type : null;

    expect(next?.kind === "union" ? next.branches[1] : null).toBe(node);
  });

  it.each([
    [5, "a type is a string, an object or a list (number)"],
    [undefined, "it is no JSON"],
    ["strng", 'unknown type "strng"'],
    [{ type: "strng" }, 'unknown type "strng"'],
    [{ type: { type: "string" } }, 'unknown type {"type":"string"}'],
    [{ type: "array" }, "a type is a string, an object or a list (undefined)"],
    [[], "a union has no branches"],
    [["int", "int"], "a union names a type twice (int,int)"],
    [["int", ["string"]], "a union in a union"],
    [{ type: "record", fields: [] }, "a named type has no name"],
    [{ type: "record", name: "1R", fields: [] }, '"1R" is no valid name'],
    [{ type: "record", name: "R; alert()", fields: [] }, '"R; alert()" is no valid name'],
    [{ type: "record", name: "R", namespace: null, fields: [] }, "the namespace of R is no string"],
    [{ type: "record", name: "int", fields: [] }, "int is a primitive"],
    [{ type: "record", name: "R" }, "R has no list of fields"],
    [record(5), "a field of n.R is no object"],
    [record({ name: "a-b", type: "int" }), 'n.R has a field without a valid name ("a-b")'],
    [record({ name: "a", type: "int" }, { name: "a", type: "int" }), "n.R has the field a twice"],
    [record({ name: "a", type: { ...record() } }), "n.R is defined twice"],
    [{ type: "enum", name: "E", symbols: [] }, "E has no valid symbols"],
    [{ type: "enum", name: "E", symbols: ["a b"] }, "E has no valid symbols"],
    [{ type: "enum", name: "E", symbols: ["A", "A"] }, "E has a symbol twice"],
    [
      { type: "enum", name: "E", symbols: ["A"], default: "B" },
      "the default of E is not among its symbols",
    ],
    [{ type: "fixed", name: "F", size: -1 }, "F has no valid size"],
    [
      JSON.parse('{"type": "record", "name": "R", "fields": [], "__proto__": 1}'),
      "the name __proto__ is not allowed",
    ],
  ])("%j is refused: %s", (avro, message) => {
    expect(refusal(avro)).toBe(`avro schema: ${message}`);
  });
});

describe("the limits of a schema", () => {
  it("are its bytes", () => {
    const sized = (bytes: number): object => {
      const bare = { type: "enum", name: "E", symbols: ["A"], doc: "" };
      return { ...bare, doc: "x".repeat(bytes - JSON.stringify(bare).length) };
    };

    expect(parseSchema(sized(SCHEMA_LIMITS.bytesMax))).toMatchObject({ name: "E" });
    expect(refusal(sized(SCHEMA_LIMITS.bytesMax + 1))).toContain("it is larger than 65536 bytes");
    expect(refusal(sized(5_000_000))).toContain("it is larger than 65536 bytes");
  });

  it("are its depth", () => {
    expect(parseSchema(nested(SCHEMA_LIMITS.depthMax - 1))).toMatchObject({ kind: "array" });
    expect(refusal(nested(SCHEMA_LIMITS.depthMax))).toContain("types are nested deeper than 64");
    expect(refusal(nested(10_000))).toContain("it is nested too deeply");
  });
});

describe("an annotation of personal data", () => {
  it("that is no text is kept as what it is, so that somebody refuses it", () => {
    const node = parseSchema(
      record({ name: "a", type: "int", pii: true }, { name: "b", type: "int" }),
    );

    expect(node).toMatchObject({ fields: [{ pii: "true" }, { pii: null }] });
  });
});
