import { MillraceError } from "@millrace/engine";
import { describe, expect, test } from "vitest";
import {
  eventOf,
  readTarget,
  targetOf,
  type RecordSchema,
  type TargetResult,
} from "../../test/target-of.ts";
import type { TargetFilter } from "../config.ts";

const placed: RecordSchema = {
  name: "test.Placed",
  fields: [
    { name: "total", type: "long" },
    { name: "note", type: ["null", "string"], default: null },
  ],
};
const paid: RecordSchema = { name: "test.Paid", fields: [{ name: "by", type: "string" }] };
const schemas = [placed, paid];
const request = 'request: { url: "http://t", body: null }';

const small = eventOf(placed, { total: 1, note: null });
const large = eventOf(placed, { total: 100, note: "n" });
const payment = eventOf(paid, { by: "card" });
const stranger = { ...payment, type: "other.Thing" };

async function filterOf(source: string, more: readonly string[] = []): Promise<TargetFilter> {
  const lines = [`filter: ${JSON.stringify(source)}`, ...more, request];
  return (await targetOf(lines, schemas)).filter;
}

async function problemsOf(source: string, more: readonly string[] = []): Promise<string> {
  const lines = [`filter: ${JSON.stringify(source)}`, ...more, request];
  const { problems }: TargetResult = await readTarget(lines, schemas);
  return problems.map(({ message, hint }) => `${message} ${hint ?? ""}`).join("\n");
}

describe("a filter", () => {
  test("that is not there lets everything through and needs nothing", async () => {
    const { filter } = await targetOf([request], schemas);

    expect(filter.needs).toBe("nothing");
    expect([small, stranger].map((event) => filter.matches(event))).toEqual([true, true]);
  });

  test.each([
    "event.type == 'test.Paid'",
    "event.type in ['test.Paid']",
    "event.type.startsWith('test.P') && event.source == '/tests' && event.type != 'test.Placed'",
    "event.type == 'test.Paid' && event.id != '' && event.time > timestamp('2020-01-01T00:00:00Z')",
  ])("on the envelope decides before the value is decoded: %s", async (source) => {
    const filter = await filterOf(source);

    expect(filter.needs).toBe("headers");
    const events = [small, payment, stranger];
    expect(events.map((event) => filter.matchesHeaders(event))).toEqual([false, true, false]);
    expect(events.map((event) => filter.matches(event))).toEqual([false, true, false]);
  });

  test("on the data decides by the headers what they tell, and the rest by the data", async () => {
    const filter = await filterOf("event.type == 'test.Placed' && event.data.total > 10");

    expect(filter.needs).toBe("data");
    expect([small, large, payment].map((event) => filter.matchesHeaders(event))).toEqual([
      true,
      true,
      false,
    ]);
    expect([small, large, payment].map((event) => filter.matches(event))).toEqual([
      false,
      true,
      false,
    ]);
  });

  test("sees key and headers, which the envelope has not", async () => {
    const filter = await filterOf("event.key == 'k-1' && event.headers.ce_id == 'e-1'");

    expect(filter.needs).toBe("data");
    expect(filter.matches(small)).toBe(true);
    expect(filter.matches({ ...small, key: new Uint8Array([0xff]) })).toBe(false);
  });

  test("shows a key that is no UTF-8 as hex", async () => {
    const filter = await filterOf("event.key == 'ff00'");

    expect(filter.matches({ ...small, key: new Uint8Array([0xff, 0x00]) })).toBe(true);
    expect(filter.matches({ ...small, key: null })).toBe(false);
  });

  test.each([
    ["a null's field", "event.type == 'test.Placed' && size(event.data.note) > 1"],
    ["no boolean", "event.type == 'test.Placed' && dyn(event.data.note)"],
    [
      "a sum that overflows",
      "event.type == 'test.Placed' && event.data.total + 9223372036854775807 > 0",
    ],
  ])("that fails (%s) is a mapping failure, and skips nothing", async (_name, source) => {
    const filter = await filterOf(source);

    expect(() => filter.matches(small)).toThrow(MillraceError);
    expect(() => filter.matches(small)).toThrow(/^mapping failed: filter \(/);
  });

  test("that fails on the envelope fails before the value is decoded", async () => {
    const filter = await filterOf("int(event.id) > 1");

    expect(() => filter.matchesHeaders(small)).toThrow(/mapping failed: filter/);
  });

  test("meets a record without a value", async () => {
    const filter = await filterOf("event.data == null || event.type == 'test.Paid'");

    expect(filter.matches(eventOf(placed, null))).toBe(true);
    expect(filter.matches(small)).toBe(false);
  });
});

describe("a filter is refused", () => {
  test.each([
    [
      "event.type == 'test.Payd'",
      'no topic of this target has the event type test.Payd did you mean "test.Paid"?',
    ],
    ["event.type in ['test.Paid', 'x.Y']", "has the event type x.Y known: test.Placed, test.Paid"],
    ["event.data.total", "a filter gives true or false, this gives int"],
    ["event.data.totl > 1 && event.type == 'test.Placed'", 'did you mean "total"?'],
    ["event.type == 'test.Placed' && event.data.by == 'x'", "test.Placed has no field by"],
    ["= event.type == 'test.Paid'", "broken expression"],
    ["event.id.matches('(a+)+$')", "matches() is not available"],
    ["event.type == 1", "no such overload"],
    ["", "broken expression"],
  ])("for %s", async (source, message) => {
    expect(await problemsOf(source)).toContain(message);
  });

  test("for no type of its own where records without an envelope can have others", async () => {
    const derive = ["input: { envelope: derive }"];

    expect(await problemsOf("event.type == 'legacy.Thing'", derive)).toBe("");
  });
});
