import { describe, expect, it } from "vitest";
import { diffSchemas } from "./schema-diff.ts";

const before = {
  type: "record",
  name: "o.Order",
  doc: "old words",
  fields: [
    { name: "id", type: "string" },
    { name: "note", type: ["null", "string"], default: null },
    { name: "state", type: { type: "enum", name: "State", symbols: ["OPEN", "DONE"] } },
    {
      name: "lines",
      type: {
        type: "array",
        items: { type: "record", name: "Line", fields: [{ name: "price", type: "int" }] },
      },
    },
    { name: "gone", type: { type: "map", values: "long" }, default: {} },
  ],
};

const after = {
  type: "record",
  name: "o.Order",
  doc: "new words",
  fields: [
    { name: "id", type: "string", pii: "mask" },
    { name: "note", type: ["null", "string"], default: null },
    {
      name: "state",
      type: { type: "enum", name: "State", symbols: ["OPEN", "SHIPPED"], default: "OPEN" },
    },
    {
      name: "lines",
      type: {
        type: "array",
        items: {
          type: "record",
          name: "Line",
          fields: [
            {
              name: "price",
              type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
            },
          ],
        },
      },
    },
    { name: "parent", type: ["null", "Order"], default: null },
  ],
};

describe("the difference of two schemas", () => {
  it("is one line a change, in schema order, with what is gone at the end", () => {
    expect(diffSchemas(before, after).map(({ text }) => text)).toEqual([
      "~ id: pii none -> mask",
      "+ state: symbol SHIPPED",
      "- state: symbol DONE",
      "~ state: default symbol none -> OPEN",
      "~ lines[].price: type int -> decimal(9,2)",
      "+ parent: o.Order? = null",
      "- gone: map of long = {}",
    ]);
  });

  it("is empty where only words changed, or nothing", () => {
    expect(diffSchemas(before, { ...before, doc: "other" })).toEqual([]);
    expect(diffSchemas(after, after)).toEqual([]);
  });

  it("of a schema that is new is the schema", () => {
    expect(diffSchemas(null, before)).toEqual([{ kind: "added", path: "", text: "+ o.Order" }]);
  });

  it("looks into optional records, and at another name", () => {
    const wrap = (name: string, type: unknown): object => ({
      type: "record",
      name: "W",
      fields: [
        { name: "f", type: ["null", { type: "record", name, fields: [{ name: "x", type }] }] },
      ],
    });

    expect(diffSchemas(wrap("A", "int"), wrap("A", "long")).map(({ text }) => text)).toEqual([
      "~ f.x: type int -> long",
    ]);
    expect(diffSchemas(wrap("A", "int"), wrap("B", "int")).map(({ text }) => text)).toEqual([
      "~ f: type A? -> B?",
    ]);
  });

  it("shows a fixed type that changed its size", () => {
    const fixed = (size: number): object => ({ type: "fixed", name: "F", size });

    expect(diffSchemas(fixed(2), fixed(3)).map(({ text }) => text)).toEqual([
      "~ type F (2 bytes) -> F (3 bytes)",
    ]);
  });
});
