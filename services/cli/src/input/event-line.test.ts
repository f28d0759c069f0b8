import { validate, version } from "uuid";
import { describe, expect, it } from "vitest";
import { LineReader, type LineMapping, type ReadLine } from "./event-line.ts";
import { typeResolver } from "./event-type.ts";

const SOURCE = "urn:test:source";

function read(text: string, mapping: Partial<LineMapping> = {}, number = 1): ReadLine {
  const reader = new LineReader(
    {
      type: null,
      typeField: "type",
      timeField: "time",
      keyField: null,
      source: SOURCE,
      ...mapping,
    },
    typeResolver(["users.SignedUp", "orders.Placed", "flights.Placed"]),
  );
  return reader.read({ number, text, problem: null });
}

function idOf(line: ReadLine): string {
  if (line.kind !== "event") throw new Error(`no event but ${line.kind}`);
  return line.event.id;
}

describe("LineReader", () => {
  it("makes type and time the envelope and the rest the data", () => {
    const line = read(
      '{"type":"users.SignedUp","time":"2026-01-31T08:00:00Z","userId":"u1","n":1}',
    );

    expect(line).toMatchObject({
      kind: "event",
      event: {
        type: "users.SignedUp",
        time: "2026-01-31T08:00:00Z",
        data: { userId: "u1", n: 1 },
      },
    });
  });

  it("takes the last part of a type's name where only one type has it", () => {
    expect(read('{"type":"SignedUp"}')).toMatchObject({ event: { type: "users.SignedUp" } });
    expect(read('{"type":"Placed"}')).toMatchObject({ event: { type: "Placed" } });
  });

  it("takes the whole line as data where the type is given", () => {
    const line = read('{"type":"x","a":1}', { type: "users.SignedUp", typeField: null });

    expect(line).toMatchObject({ event: { type: "users.SignedUp", data: { type: "x", a: 1 } } });
  });

  it("reads a time in epoch milliseconds", () => {
    expect(read('{"type":"t","time":0}')).toMatchObject({
      event: { time: "1970-01-01T00:00:00.000Z" },
    });
  });

  it("takes the key from a field, which stays in the data", () => {
    const line = read('{"type":"t","plane":7}', { keyField: "plane" });

    expect(line).toMatchObject({ event: { key: "7", data: { plane: 7 } } });
  });

  it("keeps whole numbers beyond 2^53", () => {
    expect(read('{"type":"t","n":9007199254740993}')).toMatchObject({
      event: { data: { n: 9007199254740993n } },
    });
  });

  it("gives the same line at the same place the same id, and any other another", () => {
    const text = '{"type":"t"}';
    const ids = [
      idOf(read(text)),
      idOf(read(text, {}, 2)),
      idOf(read('{"type":"t" }')),
      idOf(read(text, { source: "urn:other" })),
    ];

    expect(idOf(read(text))).toBe(ids[0]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => validate(id) && version(id) === 5)).toBe(true);
  });

  it("keeps its ids for good: a file that is emitted again repeats its events", () => {
    expect(idOf(read('{"type":"t"}'))).toBe("54be0f9e-840c-5443-a42f-9e128b136a50");
  });

  it("passes blank lines over", () => {
    expect(read("  ")).toEqual({ kind: "blank" });
  });

  it.each([
    ["{", "", "no JSON"],
    ["[1]", "", "must be a JSON object"],
    ["null", "", "must be a JSON object"],
    ["{}", "/type", "is missing: it names the event's type"],
    ['{"type":5}', "/type", "must be a text"],
    ['{"type":"t","time":true}', "/time", "must be an RFC 3339 time or epoch milliseconds"],
  ])("says what is wrong with %s", (text, pointer, detail) => {
    const line = read(text);

    expect(line).toMatchObject({ kind: "invalid", problems: [{ pointer }] });
    expect(line.kind === "invalid" ? line.problems[0]?.detail : "").toContain(detail);
  });

  it("names all that is wrong with a line", () => {
    expect(read('{"time":true}', { keyField: "a/b" })).toMatchObject({
      problems: [{ pointer: "/type" }, { pointer: "/time" }, { pointer: "/a~1b" }],
    });
  });
});
