import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventOf, readTarget, targetOf, type RecordSchema } from "../../test/target-of.ts";
import { diskFiles } from "../source/config-files.ts";
import { defineTarget, targetModuleOf, type ModuleRequest } from "./target-module.ts";

const schema: RecordSchema = {
  name: "test.Thing",
  fields: [
    { name: "id", type: "string" },
    { name: "n", type: "long" },
  ],
};
const thing = { id: "t-1", n: 2n ** 60n };
const event = eventOf(schema, thing);

interface Thing {
  readonly id: string;
  readonly n: number | bigint;
}

const lines = ["module: crm.ts", "request: { url: http://t/v1/, timeout: 3s }"];

/** A target whose module is this, on `http://t/v1/`. */
async function moduleTarget(module: unknown, more: readonly string[] = []) {
  return await targetOf([...lines, ...more], [schema], { "crm.ts": { default: module } });
}

/** A module that makes this request of any event. */
const making = (request: unknown) => ({ map: () => request });

describe("a target module", () => {
  test("makes the request in code", async () => {
    const module = defineTarget<Thing>({
      filter: ({ data }) => data.id !== "t-0",
      map: ({ data, id }) => ({
        method: "PUT",
        url: `http://t/v1/things/${data.id}`,
        headers: { "X-Event": id },
        body: { n: data.n, raw: new Uint8Array([1]), when: new Date(0), gone: undefined },
      }),
    });
    const target = await moduleTarget(module);

    expect(target.urlPrefix).toBe("http://t/v1/");
    expect(target.filter.needs).toBe("data");
    expect(target.filter.matches(event)).toBe(true);
    expect(target.filter.matches(eventOf(schema, { ...thing, id: "t-0" }))).toBe(false);
    expect(target.mapping.map(event)).toEqual({
      method: "PUT",
      url: "http://t/v1/things/t-1",
      headers: { "x-event": "e-1", "content-type": "application/json" },
      body: '{"n":"1152921504606846976","raw":"AQ==","when":"1970-01-01T00:00:00.000Z"}',
      contentType: "application/json",
    });
  });

  test("may send the event as it is, headers included, whenever those are made", async () => {
    const asked = { ...event };
    const get = (): typeof event.headers => ({ ce_id: "e-1" });
    Object.defineProperty(asked, "headers", { get, enumerable: false });
    const module = defineTarget({
      filter: ({ ...copy }) => copy.headers["ce_id"] === "e-1",
      map: ({ ...copy }) => ({ url: "http://t/v1/", body: copy.headers }),
    });
    const target = await moduleTarget(module);

    expect(target.filter.matches(asked)).toBe(true);
    expect(target.mapping.map(asked).body).toBe('{"ce_id":"e-1"}');
  });

  test.each([
    ["no body", { url: "http://t/v1/a" }, null, null],
    ["null", { url: "http://t/v1/a", body: null }, null, null],
    ["a text", { url: "http://t/v1/a", body: "a=b" }, "a=b", "application/json"],
    ["a list", { url: "http://t/v1/a", body: [1n, -0.5] }, "[1,-0.5]", "application/json"],
    ["a map", { url: "http://t/v1/a", body: new Map([["k", 1]]) }, '{"k":1}', "application/json"],
    [
      "a type of its own",
      { url: "http://t/v1/a", body: "<a/>", headers: { "Content-Type": "text/xml" } },
      "<a/>",
      "text/xml",
    ],
  ])("sends %s", async (...[, request, body, contentType]) => {
    const { mapping } = await moduleTarget(making(request));

    expect(mapping.map(event)).toMatchObject({ method: "POST", body, contentType });
  });

  test.each([
    ["another origin", { url: "http://evil/v1/" }],
    ["another path", { url: "http://t/v2/" }],
    ["a way out", { url: "http://t/v1/../v2" }],
    ["an encoded way out", { url: "http://t/v1/%2e%2e/v2" }],
    ["a user", { url: "http://t@evil/v1/" }],
    ["a fragment", { url: "http://t/v1/#x" }],
    ["blanks", { url: "http://t/v1/a b" }],
    ["no URL", {}],
    ["nothing", undefined],
    ["a promise", Promise.resolve({ url: "http://t/v1/" })],
    ["another thing", "x"],
    ["a header of ours", { url: "http://t/v1/", headers: { Host: "x" } }],
    ["a header of auth", { url: "http://t/v1/", headers: { Authorization: "x" } }],
    ["a header with a line break", { url: "http://t/v1/", headers: { a: "b\r\nc: d" } }],
    ["a header that is no text", { url: "http://t/v1/", headers: { a: 1 } }],
    ["NaN", { url: "http://t/v1/", body: { a: Number.NaN } }],
    ["an invalid date", { url: "http://t/v1/", body: { a: new Date(Number.NaN) } }],
    ["a method that is none", { url: "http://t/v1/", method: "GET /x HTTP/1.1\r\n" }],
    ["a body of a GET", { url: "http://t/v1/", method: "GET", body: {} }],
    ["a function as body", { url: "http://t/v1/", body: () => 1 }],
  ])("fails the mapping when it makes %s", async (_name, request) => {
    const { mapping } = await moduleTarget(making(request), ["auth: { type: bearer, token: abc }"]);

    expect(() => mapping.map(event)).toThrow(/^mapping failed: module \(/);
  });

  test("fails the mapping when it throws, without telling what it threw", async () => {
    const map = (): ModuleRequest => {
      throw new Error("s3cret payload");
    };
    const { mapping, filter } = await moduleTarget({ map, filter: map });

    expect(() => mapping.map(event)).toThrow("mapping failed: module (the evaluation failed)");
    expect(() => filter.matches(event)).toThrow("mapping failed: module (the evaluation failed)");
  });

  test("fails the mapping, and nothing else, when it is asynchronous and fails", async () => {
    const late = async (): Promise<never> => await Promise.reject(new Error("late"));
    const { mapping, filter } = await moduleTarget({ map: late, filter: late });

    expect(() => mapping.map(event)).toThrow("it must be synchronous");
    expect(() => filter.matches(event)).toThrow("it must be synchronous");
  });

  test("fails the mapping when its filter gives no boolean", async () => {
    const { filter } = await moduleTarget({
      map: () => ({ url: "http://t/v1/" }),
      filter: () => 1,
    });

    expect(() => filter.matches(event)).toThrow("neither true nor false");
  });
});

describe("a module is refused", () => {
  const ok = { default: making({ url: "http://t/v1/" }) };

  async function problemsOf(more: readonly string[], files: Readonly<Record<string, unknown>>) {
    const { problems } = await readTarget(more, [schema], files);
    return problems.map(({ line, path, message }) => `${line} ${path}: ${message}`);
  }

  test("when its file is not there, fails or has no target", async () => {
    expect(await problemsOf(lines, {})).toEqual([
      "5 targets.crm.module: crm.ts cannot be read (ENOENT)",
    ]);
    for (const exports of [{}, { default: {} }, { default: { map: 1 } }, { map: () => 1 }]) {
      expect(await problemsOf(lines, { "crm.ts": exports })).toEqual([
        "5 targets.crm.module: crm.ts has no target module",
      ]);
    }
    const broken = Promise.reject(new Error("x is not defined\n    at crm.ts:1"));
    broken.catch(() => undefined);
    expect(await problemsOf(lines, { "crm.ts": broken })).toEqual([
      "5 targets.crm.module: crm.ts cannot be read (unknown error)",
    ]);
  });

  test("together with what it stands in for", async () => {
    const filtering = { default: { ...ok.default, filter: () => true } };
    const more = [
      "module: crm.ts",
      'filter: "true"',
      'request: { url: "http://t/{a}", params: { a: b }, headers: { x: y }, body: {} }',
    ];

    expect(await problemsOf(more, { "crm.ts": filtering })).toEqual([
      "6 targets.crm.filter: the module has a filter as well",
      "7 targets.crm.request.url: has no placeholders with a module: it is where its URLs begin",
      "7 targets.crm.request.params: the module makes the request: leave this out",
      "7 targets.crm.request.headers: the module makes the request: leave this out",
      "7 targets.crm.request.body: the module makes the request: leave this out",
    ]);
  });
});

describe("a module's file", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-module-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  test.each([
    ["JavaScript", "target.mjs", "export default { map: (event) => ({ url: event.id }) };"],
    [
      "TypeScript",
      "target.mts",
      "interface E { id: string }\nexport default { map: (event: E) => ({ url: event.id }) };",
    ],
  ])("may be %s", async (_name, file, text) => {
    const path = join(folder, file);
    await writeFile(path, text);

    expect(targetModuleOf(await diskFiles.load(path))?.map(event)).toEqual({ url: "e-1" });
  });

  test("is read anew when it has changed", async () => {
    const path = join(folder, "changing.mjs");
    await writeFile(path, 'export default { map: () => ({ url: "one" }) };');
    const first = targetModuleOf(await diskFiles.load(path));
    await writeFile(path, 'export default { map: () => ({ url: "two" }) };');
    const second = targetModuleOf(await diskFiles.load(path));

    expect([first, second].map((module) => module?.map(event).url)).toEqual(["one", "two"]);
  });
});
