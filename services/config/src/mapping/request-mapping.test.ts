import { describe, expect, test } from "vitest";
import { eventOf, readTarget, targetOf, type RecordSchema } from "../../test/target-of.ts";

const schema: RecordSchema = {
  name: "test.Thing",
  fields: [
    { name: "id", type: "string" },
    { name: "count", type: "long" },
    { name: "note", type: ["null", "string"], default: null },
    { name: "raw", type: "bytes", default: "" },
  ],
};
const thing = { id: "t-1", count: 3, note: null, raw: Buffer.from([1]) };

/** The call that a target with this request makes of an event. */
async function callOf(lines: readonly string[], data: unknown = thing) {
  const target = await targetOf(["request:", ...lines.map((line) => `  ${line}`)], [schema]);
  return target.mapping.map(eventOf(schema, data));
}

/** What is wrong with a request. */
async function problemsOf(lines: readonly string[], more: readonly string[] = []) {
  const { problems } = await readTarget(
    [...more, "request:", ...lines.map((line) => `  ${line}`)],
    [schema],
  );
  return problems.map(({ path, message }) => `${path.replace("targets.crm.", "")}: ${message}`);
}

describe("a request", () => {
  test("is a POST of the data as JSON by default", async () => {
    expect(await callOf(["url: http://t/v1"])).toEqual({
      method: "POST",
      url: "http://t/v1",
      headers: { "content-type": "application/json" },
      body: '{"id":"t-1","count":3,"note":null,"raw":"AQ=="}',
      contentType: "application/json",
    });
  });

  test.each(["GET", "DELETE"])("has no body by default when it is a %s", async (method) => {
    const { body, contentType, headers } = await callOf([`method: ${method}`, "url: http://t"]);

    expect({ body, contentType, headers }).toEqual({ body: null, contentType: null, headers: {} });
  });

  test("has no body where it is null", async () => {
    const call = await callOf(["url: http://t", "body: null", "headers: { x-a: b }"]);

    expect(call).toMatchObject({ body: null, contentType: null, headers: { "x-a": "b" } });
  });

  test("keeps the keys of a body in the file's order, numbers among them", async () => {
    const { body } = await callOf([
      "url: http://t",
      "body:",
      '  z: "= event.data.id"',
      "  10: ten",
      "  2: { b: true, a: [1.50, null, -3e2] }",
    ]);

    expect(body).toBe('{"z":"t-1","10":"ten","2":{"b":true,"a":[1.5,null,-300]}}');
  });

  test("leaves out what is omit(): a field, an item, a header, never the body's shape", async () => {
    const omit = '"= event.data.note == null ? omit() : event.data.note"';
    const lines = [
      "url: http://t",
      `headers: { x-note: ${omit}, x-id: "= event.data.id" }`,
      `body: { note: ${omit}, list: [1, ${omit}, 2], nested: { only: ${omit} }, "in": "= {'a': omit(), 'b': [omit(), 1]}" }`,
    ];

    const without = await callOf(lines);
    const withNote = await callOf(lines, { ...thing, note: "n" });

    expect(without.body).toBe('{"list":[1,2],"nested":{},"in":{"b":[1]}}');
    expect(without.headers).toEqual({ "content-type": "application/json", "x-id": "t-1" });
    expect(withNote.body).toBe(
      '{"note":"n","list":[1,"n",2],"nested":{"only":"n"},"in":{"b":[1]}}',
    );
    expect(withNote.headers["x-note"]).toBe("n");
  });

  test("has no body where the whole body is omit()", async () => {
    const call = await callOf([
      "url: http://t",
      'body: "= event.data.note == null ? omit() : event.data"',
    ]);

    expect(call).toMatchObject({ body: null, contentType: null });
  });

  test("takes a text that begins with == as one that begins with =", async () => {
    const { body, headers } = await callOf([
      "url: http://t",
      'headers: { x-a: "== 1" }',
      'body: { a: "== event.id", b: "===", c: "a = b", d: " = 1", e: "" }',
    ]);

    expect(JSON.parse(body ?? "")).toEqual({
      a: "= event.id",
      b: "==",
      c: "a = b",
      d: " = 1",
      e: "",
    });
    expect(headers["x-a"]).toBe("= 1");
  });

  test("writes scalars as text into headers and params", async () => {
    const call = await callOf(
      [
        'url: "http://t/{id}/{n}/{t}/{b}?flag={f}"',
        "params:",
        '  id: "= event.data.id"',
        '  n: "= event.data.count"',
        '  t: "= event.time"',
        '  b: "= event.data.raw"',
        "  f: true",
        'headers: { x-n: "= event.data.count", x-time: "= event.time", x-fix: 5 }',
      ],
      { ...thing, count: 2n ** 62n },
    );

    expect(call.url).toBe(
      "http://t/t-1/4611686018427387904/2026-11-25T10%3A00%3A00.123456Z/AQ%3D%3D?flag=true",
    );
    expect(call.headers).toMatchObject({
      "x-n": "4611686018427387904",
      "x-time": "2026-11-25T10:00:00.123456Z",
      "x-fix": "5",
    });
  });

  test("fills a param that is omit() with nothing, which no path segment may be", async () => {
    const param = 'params: { p: "= event.data.note == null ? omit() : event.data.note" }';

    expect((await callOf(['url: "http://t/x?p={p}"', param])).url).toBe("http://t/x?p=");
    await expect(callOf(['url: "http://t/{p}"', param])).rejects.toMatchObject({
      code: "MAPPING_FAILED",
      details: { path: "request.url" },
    });
  });

  test.each([
    ["null", "event.data.note"],
    ["a record", "event.type == 'x' ? event.data : dyn(event.data)"],
    ["a list", "dyn([1])"],
    ["NaN", "0.0 / 0.0"],
  ])("fails the mapping where a header or param is %s", async (_name, expression) => {
    const text = JSON.stringify(`= ${expression}`);

    await expect(callOf(["url: http://t", `headers: { x-a: ${text} }`])).rejects.toMatchObject({
      code: "MAPPING_FAILED",
      details: { path: "request.headers.x-a" },
    });
    await expect(callOf(['url: "http://t/{p}"', `params: { p: ${text} }`])).rejects.toMatchObject({
      code: "MAPPING_FAILED",
      details: { path: "request.params.p" },
    });
  });

  test.each(["a\r\nx-evil: 1", "a\nb", "a\0b", "é", "a\u007f"])(
    "fails the mapping where a header's value is %j",
    async (id) => {
      await expect(
        callOf(["url: http://t", 'headers: { x-id: "= event.data.id" }'], { ...thing, id }),
      ).rejects.toMatchObject({
        code: "MAPPING_FAILED",
        details: { path: "request.headers.x-id" },
      });
    },
  );

  test("gives the same bytes for the same event, again and in another process's copy", async () => {
    const lines = [
      'url: "http://t/{id}"',
      'params: { id: "= event.data.id" }',
      'body: { data: "= event.data", n: "= [event.data.count, event.data.count + 1]" }',
    ];
    const [first, second] = await Promise.all([
      targetOf(["request:", ...lines.map((line) => `  ${line}`)], [schema]),
      targetOf(["request:", ...lines.map((line) => `  ${line}`)], [schema]),
    ]);
    const event = eventOf(schema, thing);

    const calls = [first, first, second].map(({ mapping }) => mapping.map(event));

    expect(new Set(calls.map((call) => JSON.stringify(call))).size).toBe(1);
  });

  test("takes another JSON type for its body, and no other type", async () => {
    const type = "headers: { Content-Type: application/vnd.crm+json; charset=utf-8 }";
    const call = await callOf(["url: http://t", type]);

    expect(call.contentType).toBe("application/vnd.crm+json; charset=utf-8");
    expect(call.headers["content-type"]).toBe(call.contentType);
    for (const bad of ["text/xml", '"= event.type"', "application/xml"]) {
      expect(await problemsOf(["url: http://t", `headers: { content-type: ${bad} }`])).toHaveLength(
        1,
      );
    }
  });
});

describe("a request is refused", () => {
  test.each([
    "Host",
    "content-length",
    "Transfer-Encoding",
    "connection",
    "te",
    "Idempotency-Key",
    "traceparent",
    "webhook-id",
    "Millrace-Position",
    "proxy-authorization",
  ])("for the header %s, which is not its to set", async (name) => {
    expect(await problemsOf(["url: http://t", `headers: { ${name}: x }`])).toEqual([
      `request.headers.${name}: is a header that Millrace sets itself`,
    ]);
  });

  test("for a header's name or value that cannot be sent, or that stands twice", async () => {
    expect(
      await problemsOf([
        "url: http://t",
        'headers: { "a b": x, x-a: "é", x-b: "1", X-B: "2", x-c: "a\\r\\nb" }',
      ]),
    ).toEqual([
      "request.headers.a b: is no header name",
      "request.headers.x-a: a header value has only visible ASCII characters, spaces and tabs",
      "request.headers.X-B: stands twice: header names ignore case",
      "request.headers.x-c: a header value has only visible ASCII characters, spaces and tabs",
    ]);
  });

  test("for a header that auth or idempotency sets", async () => {
    const request = ["url: http://t", "headers: { Authorization: x, X-Key: y, X-Once: z }"];

    expect(await problemsOf(request, ["auth: { type: bearer, token: t }"])).toEqual([
      "request.headers.Authorization: is a header that auth sets",
    ]);
    expect(await problemsOf(request, ["auth: { type: header, name: x-key, value: t }"])).toEqual([
      "request.headers.X-Key: is a header that auth sets",
    ]);
    expect(await problemsOf(request, ["idempotency: { header: x-once }"])).toEqual([
      "request.headers.X-Once: is a header that idempotency sets",
    ]);
  });

  test("for params and placeholders that do not match", async () => {
    expect(await problemsOf(['url: "http://t/{a}/{b}"', "params: { a: x, c: y }"])).toEqual([
      "request.url: params has nothing for the placeholder {b}",
      "request.params.c: the URL has no placeholder {c}",
    ]);
  });

  test("for a body of a GET", async () => {
    expect(await problemsOf(["method: GET", "url: http://t", "body: { a: 1 }"])).toEqual([
      "request.body: a GET has no body",
    ]);
  });

  test("for numbers that JSON has not", async () => {
    expect(await problemsOf(["url: http://t", "body: { a: .nan, b: -.inf }"])).toEqual([
      "request.body.a: has no JSON form",
      "request.body.b: has no JSON form",
    ]);
  });
});
