import { describe, expect, test } from "vitest";
import { targetOf, type RecordSchema } from "../../test/target-of.ts";

const schema = (...names: readonly string[]): RecordSchema => ({
  name: "test.Thing",
  fields: names.map((name) => ({ name, type: "string" })),
});
const other: RecordSchema = { name: "test.Other", fields: [] };
const request = `request: { url: "http://t/{a}", params: { a: x }, headers: { x-a: "1", x-b: "2" }, body: { a: 1, b: 2 } }`;

async function revisionOf(
  lines: readonly string[],
  schemas: readonly RecordSchema[] = [schema("id")],
  files: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return (await targetOf(lines, schemas, files)).mappingRevision;
}

describe("the mapping revision", () => {
  test("is 16 hex digits, the same wherever it is made", async () => {
    expect(await revisionOf([request])).toBe("14a154170b1bf219");
  });

  test.each([
    [
      "the order of keys",
      request.replace("params: { a: x }, ", "").replace(" }, body", " }, params: { a: x }, body"),
    ],
    ["the order of headers", request.replace('x-a: "1", x-b: "2"', 'x-b: "2", x-a: "1"')],
    ["the default method said", request.replace("{ url", "{ method: POST, url")],
    ["quotes and comments", request.replace("a: x", "'a': 'x'").concat(" # a comment")],
    ["the timeout", request.replace("{ url", "{ timeout: 3s, url")],
  ])("does not change with %s", async (_name, changed) => {
    expect(changed).not.toBe(request);
    expect(await revisionOf([changed])).toBe(await revisionOf([request]));
  });

  test("does not change with anything beside filter and request", async () => {
    const more = [
      "rate: 5/s",
      "retry: { base: 1s }",
      "order: none",
      "auth: { type: bearer, token: abc }",
      "network: public",
      "idempotency: { format: sf-string }",
    ];

    expect(await revisionOf([...more, request])).toBe(await revisionOf([request]));
  });

  test.each([
    ["the method", request.replace("{ url", "{ method: PUT, url")],
    ["the URL", request.replace("http://t/", "http://t/v2/")],
    ["a param", request.replace("a: x", "a: y")],
    ["a header", request.replace('x-a: "1"', 'x-a: "3"')],
    ["a header's absence", request.replace('x-a: "1", ', "")],
    ["the body", request.replace("b: 2", "b: 3")],
    ["the order of the body's keys", request.replace("a: 1, b: 2", "b: 2, a: 1")],
    ["a text for a number", request.replace("b: 2 }", 'b: "2" }')],
    ["no body", request.replace("body: { a: 1, b: 2 }", "body: null")],
    ["the default body", request.replace(", body: { a: 1, b: 2 }", "")],
  ])("changes with %s", async (_name, changed) => {
    expect(changed).not.toBe(request);
    expect(await revisionOf([changed])).not.toBe(await revisionOf([request]));
  });

  test("changes with the filter and with the reader schemas it lets through", async () => {
    const filter = "filter: \"event.type == 'test.Thing'\"";
    const filtered = await revisionOf([filter, request], [schema("id"), other]);

    expect(filtered).not.toBe(await revisionOf([request], [schema("id"), other]));
    expect(filtered).not.toBe(await revisionOf([filter, request], [schema("id", "name"), other]));
    expect(filtered).toBe(
      await revisionOf(
        [filter, request],
        [{ ...other, fields: [{ name: "x", type: "int" }] }, schema("id")],
      ),
    );
  });

  test("tells apart bodies whose keys look like numbers", async () => {
    const ascending = request.replace("a: 1, b: 2", "0: 2, 1: 1");
    const descending = request.replace("a: 1, b: 2", "1: 1, 0: 2");

    expect(await revisionOf([ascending])).not.toBe(await revisionOf([descending]));
  });

  test("changes with a module's text", async () => {
    const lines = ["module: crm.ts", "request: { url: http://t/ }"];
    const module = { default: { map: () => ({ url: "http://t/" }) } };

    const revision = await revisionOf(lines, [other], { "crm.ts": module });

    expect(revision).not.toBe(await revisionOf(["request: { url: http://t/ }"], [other]));
  });
});
