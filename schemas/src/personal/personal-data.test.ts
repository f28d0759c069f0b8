import { describe, expect, it } from "vitest";
import { compileSchema } from "../avro/avro-type.ts";
import { parseSchema } from "../avro/schema-node.ts";
import { withoutPersonalData } from "./personal-data.ts";

const record = (...fields: object[]): object => ({ type: "record", name: "n.R", fields });
const logical = (type: string, logicalType: string): object => ({ type, logicalType });

/** Both stand-ins of data, by a schema. */
function both(data: unknown, schema: object): readonly unknown[] {
  const node = parseSchema(schema);
  return [withoutPersonalData(data, node, 0), withoutPersonalData(data, node, 1)];
}

const ADDRESS = {
  type: "record",
  name: "n.Address",
  fields: [
    { name: "street", type: "string", pii: "mask" },
    { name: "country", type: "string" },
  ],
};

describe("withoutPersonalData", () => {
  it("replaces what is annotated by two different values, and keeps the rest", () => {
    const schema = record(
      { name: "id", type: "string" },
      { name: "mail", type: "string", pii: "mask" },
    );

    expect(both({ id: "1", mail: "a@b" }, schema)).toEqual([
      { id: "1", mail: "***" },
      { id: "1", mail: "###" },
    ]);
  });

  it("looks into records, lists, maps and unions", () => {
    const schema = record(
      { name: "one", type: ADDRESS },
      { name: "list", type: { type: "array", items: "n.Address" } },
      { name: "map", type: { type: "map", values: "n.Address" } },
      { name: "maybe", type: ["null", "n.Address"] },
      { name: "other", type: ["null", "n.Address"] },
    );
    const address = { street: "Gasse 1", country: "CH" };
    const data = {
      one: address,
      list: [address],
      map: { home: address },
      maybe: address,
      other: null,
    };
    const [replaced] = both(data, schema);
    const hidden = { street: "***", country: "CH" };

    expect(replaced).toEqual({
      ...{ one: hidden, list: [hidden], map: { home: hidden } },
      ...{ maybe: hidden, other: null },
    });
  });

  it("leaves nothing of a whole annotated record, list or map but that it is there", () => {
    const schema = record(
      { name: "address", type: ADDRESS, pii: "mask" },
      { name: "mails", type: { type: "array", items: "string" }, pii: "mask" },
      { name: "notes", type: { type: "map", values: "string" }, pii: "mask" },
      { name: "phone", type: ["null", "string"], pii: "mask" },
    );
    const data = {
      address: { street: "Gasse 1", country: "CH" },
      mails: ["a@b", "c@d"],
      notes: { secretName: "x" },
      phone: null,
    };

    expect(both(data, schema)).toEqual([
      { address: { street: "***", country: "***" }, mails: [], notes: {}, phone: null },
      {
        address: { street: "###", country: "###" },
        mails: ["###"],
        notes: { "###": "###" },
        phone: null,
      },
    ]);
  });

  const types: readonly (readonly [object | string, unknown])[] = [
    ["boolean", true],
    ["int", 7],
    ["long", 7n],
    ["float", 7.5],
    ["double", 7.5],
    ["string", "seven"],
    ["bytes", Buffer.from("seven")],
    [logical("long", "timestamp-millis"), 7],
    [logical("string", "uuid"), "0191f2c4-7b1e-7c3a-9d52-0f6f7a3f8e11"],
    [{ ...logical("bytes", "decimal"), precision: 4, scale: 0 }, "77"],
    [{ type: "fixed", name: "n.F", size: 4 }, Buffer.from("abcd")],
    [{ type: "enum", name: "n.E", symbols: ["A", "B", "C"] }, "C"],
    [["null", "string", "int"], { string: "seven" }],
  ];

  it.each(types)("has two values of type %j that differ from each other", (type, value) => {
    const schema = record({ name: "it", type, pii: "mask" });
    const [one, other] = both({ it: value }, schema);

    expect(one).not.toEqual(other);
  });

  it("gives what the schema can hold", () => {
    for (const [type] of types) {
      const schema = record({ name: "it", type, pii: "mask" });
      const { type: avro } = compileSchema(schema);
      const value: unknown = types.find(([one]) => one === type)?.[1];
      for (const stand of both({ it: value }, schema))
        expect(() => avro.toBuffer(stand)).not.toThrow();
    }
  });

  it("ends with data that is nested by a schema that holds itself", () => {
    const schema = record(
      { name: "name", type: "string" },
      { name: "next", type: ["null", "n.R"], pii: "mask" },
    );
    const data = { name: "a", next: { name: "b", next: { name: "c", next: null } } };

    expect(both(data, schema)[0]).toEqual({
      name: "a",
      next: { name: "***", next: { name: "***", next: null } },
    });
  });
});
