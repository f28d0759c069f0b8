import { parseSchema } from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { viewOf, type Privacy } from "./event-view.ts";

const record = (...fields: object[]): unknown => ({ type: "record", name: "n.R", fields });

function view(data: unknown, schema: unknown, privacy: Privacy = "masked"): unknown {
  return viewOf(data, parseSchema(schema), privacy);
}

const logical = (type: string, logicalType: string): object => ({ type, logicalType });

describe("viewOf", () => {
  it("masks what is annotated, drops what is to be dropped, and shows all when asked", () => {
    const schema = record(
      { name: "id", type: "string" },
      { name: "mail", type: "string", pii: "mask" },
      { name: "phone", type: ["null", "string"], default: null, pii: "mask" },
      { name: "card", type: "string", pii: "drop" },
      { name: "pin", type: "string", pii: "encrypt" },
    );
    const data = { id: "1", mail: "a@b", phone: null, card: "4711", pin: "0000" };

    expect(view(data, schema)).toEqual({ id: "1", mail: "***", phone: null, pin: "***" });
    expect(view(data, schema, "unmasked")).toEqual(data);
  });

  it("masks inside of lists, maps, unions and records", () => {
    const inner = {
      type: "record",
      name: "n.Inner",
      fields: [{ name: "secret", type: "string", pii: "mask" }],
    };
    const schema = record(
      { name: "list", type: { type: "array", items: inner } },
      { name: "map", type: { type: "map", values: "n.Inner" } },
      { name: "maybe", type: ["null", "n.Inner"] },
    );
    const data = { list: [{ secret: "a" }], map: { k: { secret: "b" } }, maybe: { secret: "c" } };
    const hidden = { secret: "***" };

    expect(view(data, schema)).toEqual({ list: [hidden], map: { k: hidden }, maybe: hidden });
  });

  it("masks a whole annotated record", () => {
    const inner = { type: "record", name: "n.I", fields: [{ name: "a", type: "string" }] };

    expect(view({ who: { a: "x" } }, record({ name: "who", type: inner, pii: "mask" }))).toEqual({
      who: "***",
    });
  });

  it.each([
    [0, logical("long", "timestamp-millis"), "1970-01-01T00:00:00.000Z"],
    [-1, logical("long", "timestamp-micros"), "1969-12-31T23:59:59.999999Z"],
    [1_767_225_600_000_001n, logical("long", "timestamp-micros"), "2026-01-01T00:00:00.000001Z"],
    [20_454, logical("int", "date"), "2026-01-01"],
    [9_007_199_254_740_993n, "long", "9007199254740993"],
    [42, "long", 42],
    [Number.NaN, "double", "NaN"],
    [Uint8Array.of(1, 2), "bytes", "AQI="],
    [10_000_000_000_000_000n, logical("long", "timestamp-millis"), "10000000000000000"],
  ])("writes %s of %j as %j", (data, schema, expected) => {
    expect(view(data, schema)).toEqual(expected);
  });
});
