import { describe, expect, it } from "vitest";
import { parseSchema } from "../avro/schema-node.ts";
import { hasPersonalData, PERSONAL_TEXTS_MAX, personalValues } from "./personal-values.ts";

const record = (...fields: object[]): object => ({ type: "record", name: "n.R", fields });

function textsOf(data: unknown, schema: object): readonly string[] {
  return [...personalValues(data, parseSchema(schema)).texts];
}

const CONTACT = {
  type: "record",
  name: "n.Contact",
  fields: [
    { name: "mail", type: "string", pii: "mask" },
    { name: "kind", type: "string" },
  ],
};

describe("the personal values of an event", () => {
  it("are those of annotated fields, wherever they stand, and no others", () => {
    const schema = record(
      { name: "id", type: "string" },
      { name: "one", type: CONTACT },
      { name: "list", type: { type: "array", items: "n.Contact" } },
      { name: "map", type: { type: "map", values: "n.Contact" } },
      { name: "maybe", type: ["null", "n.Contact"] },
    );
    const contact = (mail: string): object => ({ mail, kind: "work" });
    const data = {
      ...{ id: "1", one: contact("a@x"), list: [contact("b@x")], map: { m: contact("c@x") } },
      maybe: contact("d@x"),
    };

    expect(textsOf(data, schema)).toEqual(["a@x", "b@x", "c@x", "d@x"]);
  });

  it("are found in unions whose values are wrapped", () => {
    const other = { type: "record", name: "n.Other", fields: [{ name: "kind", type: "string" }] };
    const schema = record({ name: "who", type: [CONTACT, other] });

    const wrapped = { "n.Contact": { mail: "a@x", kind: "work" } };
    expect(textsOf({ who: wrapped }, schema)).toEqual(["a@x"]);
  });

  it("are everything inside of an annotated value, with names of members", () => {
    const map = { type: "map", values: { type: "array", items: "string" } };
    const schema = record({ name: "contacts", type: map, pii: "mask" });

    expect(textsOf({ contacts: { ada: ["a@x", ""] } }, schema)).toEqual(["ada", "a@x"]);
  });

  it.each<[string, { readonly type: unknown; readonly value: unknown }, readonly string[]]>([
    ["nothing of null", { type: ["null", "string"], value: null }, []],
    ["nothing of a boolean", { type: "boolean", value: true }, []],
    ["a number", { type: "double", value: 1.5 }, ["1.5"]],
    ["a long beyond 2^53", { type: "long", value: 2n ** 60n }, ["1152921504606846976"]],
    [
      "bytes, as JSON and others write them",
      { type: "bytes", value: Buffer.from([255, 224]) },
      ["/+A=", "_-A", "ffe0"],
    ],
    [
      "a date",
      { type: { type: "int", logicalType: "date" }, value: -10_000 },
      ["-10000", "1942-08-16"],
    ],
    [
      "a time in ms",
      { type: { type: "long", logicalType: "timestamp-millis" }, value: -864_000_000_000 },
      ["-864000000000", "1942-08-16", "1942-08-16T00:00:00"],
    ],
  ])("have %s as texts", (_, { type, value }, texts) => {
    const found = textsOf({ it: value }, record({ name: "it", type, pii: "mask" }));

    expect(found).toEqual(expect.arrayContaining([...texts]));
    expect(found.length).toBeLessThanOrEqual(texts.length + 2);
  });

  it("name their fields, and those inside of them", () => {
    const plain = { type: "record", name: "n.Plain", fields: [{ name: "street", type: "string" }] };
    const schema = record(
      { name: "id", type: "string" },
      { name: "address", type: plain, pii: "mask" },
      { name: "mail", type: ["null", "string"], pii: "drop" },
    );

    const data = { id: "1", address: { street: "x" }, mail: null };
    const { names } = personalValues(data, parseSchema(schema));
    expect([...names]).toEqual(["address", "street", "mail"]);
  });

  it("are counted up to a bound", () => {
    const schema = record({ name: "all", type: { type: "array", items: "string" }, pii: "mask" });
    const of = (count: number) => {
      const all = Array.from({ length: count }, (_, index) => `v${index}`);
      return personalValues({ all }, parseSchema(schema)).isCut;
    };

    expect([of(PERSONAL_TEXTS_MAX), of(PERSONAL_TEXTS_MAX + 1)]).toEqual([false, true]);
  });
});

describe("a schema", () => {
  it("has personal data where anything in it is annotated, also in a record inside itself", () => {
    const node = { name: "next", type: ["null", "n.R"] };

    expect(hasPersonalData(parseSchema(record({ name: "id", type: "string" }, node)))).toBe(false);
    expect(
      hasPersonalData(parseSchema(record(node, { name: "mail", type: "string", pii: "mask" }))),
    ).toBe(true);
    expect(hasPersonalData(parseSchema("string"))).toBe(false);
  });
});
