import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "@millrace/config";
import {
  asOffset,
  asPartition,
  asTopic,
  type JournalBody,
  type PreparedEvent,
  type SourceRecord,
} from "@millrace/engine";
import { createEncoder, createMemoryRegistry, isKeyPersonal, loadCatalog } from "@millrace/schemas";
import { assert, describe, expect, it, onTestFinished } from "vitest";
import { TargetEventPreparer } from "../event-preparer.ts";
import { createTargetDecoder } from "../target-decoder.ts";
import { LOOKED_THROUGH_MAX, TargetBodies } from "./target-bodies.ts";

const SECRET = "s3/cr3t";
const FIELDS = [
  { name: "userId", type: "string" },
  { name: "email", type: "string", pii: "mask" },
  { name: "display_name", type: "string", pii: "mask" },
  { name: "born", type: { type: "int", logicalType: "date" }, pii: "mask" },
  { name: "vip", type: "boolean", pii: "mask" },
  { name: "revision", type: "int" },
];
const ADA = {
  ...{ userId: "u-1", email: "ada@example.com", display_name: "Ada Lovelace" },
  ...{ born: "1815-12-10", vip: true, revision: 7 },
};
const PERSONAL = ["ada@example.com", "Ada Lovelace", "Ada", "Lovelace", "1815"];

interface Setup {
  /** Of the request's body. */
  readonly body?: unknown;
  /** Of the schema; default {@link FIELDS}. */
  readonly fields?: readonly { readonly name: string }[];
  /** The field that keys the topic. */
  readonly key?: string;
  readonly bytesMax?: number;
  /** A module's text, in place of the body. */
  readonly module?: string;
}

/** The contracts and the configuration of a target of one event type, as they stand in files. */
async function loadTarget({ body, fields = FIELDS, key = "userId", module }: Setup) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bodies-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (name: string, value: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
    return path;
  };
  write("thing.avsc", { type: "record", name: "things.Seen", fields });
  const catalog = write("catalog.yaml", {
    apiVersion: "millrace/v1",
    topics: { things: { partitions: 1, retention: "1d", key } },
    events: { "things.Seen": { topic: "things", schema: "./thing.avsc", owner: "tests" } },
  });
  if (module !== undefined) write("map.js", module);
  const url = "http://127.0.0.1:1/x";
  const target = {
    ...{ topics: ["things"], startAt: "earliest", auth: { type: "bearer", token: SECRET } },
    ...(module === undefined
      ? { request: { url, body } }
      : { request: { url }, module: "./map.js" }),
  };
  const path = write("millrace.yaml", {
    ...{ apiVersion: "millrace/v1", catalog, targets: { crm: target } },
  });
  const config = await loadConfig(path, { env: {} });
  const crm = config.targets.get("crm");
  assert(crm !== undefined, "no target");
  return { crm, secrets: config.secrets, contracts: await loadCatalog(catalog) };
}

/** What decodes the target's records, and the record of one event. */
async function emitted({ crm, contracts }: Awaited<ReturnType<typeof loadTarget>>, data: object) {
  const type = contracts.types.get("things.Seen");
  assert(type !== undefined, "no type");
  const registry = createMemoryRegistry();
  const id = await registry.register(type.subject, type.avro);
  const decoder = createTargetDecoder(crm, { catalog: contracts, registry, clusterId: "c" });
  await decoder.load(id);
  const input = { type: "things.Seen", source: "/test", id: "e1", data: { ...data } };
  const encoded = createEncoder(contracts, new Map([["things.Seen", id]])).encode(input);
  const place = { topic: asTopic("things"), partition: asPartition(0), offset: asOffset(0) };
  const record: SourceRecord = { ...encoded, ...place, timestampMs: 0 };
  return { decoder, record };
}

/** A target of one event type, and one event of it: of Ada, as far as the schema has fields for her. */
async function setup({ bytesMax = 2_000, ...of }: Setup) {
  const { fields = FIELDS } = of;
  const loaded = await loadTarget(of);
  const { crm, contracts, secrets } = loaded;
  const known = Object.entries(ADA).filter(([name]) => fields.some((one) => one.name === name));
  const { decoder, record } = await emitted(loaded, Object.fromEntries<unknown>(known));
  const bodies = new TargetBodies({
    ...{ decoder, mapping: crm.mapping, attempts: "all", bytesMax },
    isKeyPersonal: (topic) => isKeyPersonal(contracts, topic),
    maskText: (text) => secrets.maskText(text),
  });
  const preparation = new TargetEventPreparer(crm, decoder).prepare(record);
  assert(preparation.kind === "ready", `it is ${preparation.kind}`);
  const { event } = preparation;
  const answer = (text: string, byteCount?: number): JournalBody | null => {
    const bytes = Buffer.from(text);
    return bodies.answer(event, { bytes, byteCount: byteCount ?? bytes.length });
  };
  return { bodies, event, answer, sent: () => bodies.request(event) };
}

/** The text of a body that is shown, as JSON. */
function jsonOf(body: JournalBody | null): unknown {
  return JSON.parse(body?.text ?? "null");
}

describe("a request's body", () => {
  it("keeps what is not personal, and masks what is, copied, joined or made of it", async () => {
    const { sent } = await setup({
      body: {
        id: "= event.data.userId",
        to: "= event.data.email",
        greeting: "= 'Dear ' + event.data.display_name",
        isLong: "= size(event.data.display_name) > 5",
        tags: ["= event.type", "= event.data.email.lowerAscii()"],
        born: "= event.data.born",
        gold: "= event.data.vip",
        nested: { email: "x", revision: "= event.data.revision" },
      },
    });

    expect(jsonOf(sent())).toEqual({
      ...{ id: "u-1", to: "***", greeting: "***", isLong: "***" },
      ...{ tags: ["things.Seen", "***"], born: "***", gold: "***" },
      nested: { email: "***", revision: 7 },
    });
  });

  it("masks the whole event, where that is sent", async () => {
    const { sent, event } = await setup({ body: "= event.data" });

    expect(String(event.request?.body)).toContain("ada@example.com");
    expect(jsonOf(sent())).toEqual({
      ...{ userId: "u-1", email: "***", display_name: "***", born: "***", vip: "***" },
      revision: 7,
    });
    expect(sent()?.byteCount).toBe(String(event.request?.body).length);
  });

  it("has no secret of the configuration", async () => {
    const plain = FIELDS.filter((field) => !("pii" in field));
    const body = { token: SECRET, note: `it is ${SECRET}`, mail: "a" };

    for (const fields of [FIELDS, plain]) {
      expect(jsonOf((await setup({ body, fields })).sent())).toEqual({
        ...{ token: "***", note: "it is ***", mail: "a" },
      });
    }
  });

  it.each<[string, string, JournalBody]>([
    [
      "that is no JSON",
      "export default { map: (e) => ({ url: 'http://127.0.0.1:1/x', body: 'to ' + e.data.email }) }",
      { text: null, byteCount: 18, withheld: "NOT_JSON" },
    ],
    [
      "that cannot be made of stand-ins",
      "export default { map: (e) => { if (e.data.email.startsWith('***') || e.data.email.startsWith('###')) throw new Error('x'); return { url: 'http://127.0.0.1:1/x', body: { a: 1 } } } }",
      { text: null, byteCount: 7, withheld: "PERSONAL" },
    ],
    [
      "with names that are made of personal data",
      "export default { map: (e) => ({ url: 'http://127.0.0.1:1/x', body: { [e.data.email]: 1, a: 2 } }) }",
      { text: '{"***":"***","a":2}', byteCount: 27, withheld: null },
    ],
    [
      "that is as long as a personal value",
      "export default { map: (e) => ({ url: 'http://127.0.0.1:1/x', body: { list: [...e.data.display_name] } }) }",
      { text: '{"list":"***"}', byteCount: 58, withheld: null },
    ],
  ])("%s shows nothing of it", async (_, module, expected) => {
    expect((await setup({ module })).sent()).toEqual(expected);
  });

  it("that is too long to look through is not shown", async () => {
    const body = { note: "x".repeat(LOOKED_THROUGH_MAX), mail: "= event.data.email" };

    expect((await setup({ body })).sent()).toMatchObject({ text: null, withheld: "TOO_LONG" });
  });

  it("is none where nothing is sent", async () => {
    expect((await setup({ body: null })).sent()).toBeNull();
  });

  it("is cut, in no character, after it was masked", async () => {
    const body = { mail: "= event.data.email", note: "é".repeat(100) };
    const { sent, event } = await setup({ body, bytesMax: 64 });

    const { text = null, byteCount } = sent() ?? {};
    expect(text).toMatch(/^\{"mail":"\*\*\*","note":"é+…$/u);
    expect(Buffer.byteLength(text ?? "")).toBeLessThanOrEqual(64 + 3);
    expect(byteCount).toBe(Buffer.byteLength(event.request?.body ?? ""));
  });
});

describe("an answer's body", () => {
  const body = { id: "= event.data.userId", to: "= event.data.email" };

  it("keeps what it says of its own, and masks what it repeats", async () => {
    const { answer } = await setup({ body });
    const told = {
      ...{ title: "unknown user", status: 422, detail: "no user ADA@example.com", isNew: true },
      errors: [{ pointer: "/to", message: "must be other than Ada Lovelace" }, "u-1"],
      "ada@example.com": "twice",
    };

    expect(jsonOf(answer(JSON.stringify(told)))).toEqual({
      ...{ title: "unknown user", status: 422, detail: "***", isNew: true },
      errors: [{ pointer: "/to", message: "***" }, "u-1"],
      "***": "***",
    });
  });

  it("masks members named like personal fields, or like those of the request that hold them", async () => {
    const { answer } = await setup({ body });
    const told = {
      ...{ displayName: "Grace", "E-Mail": "grace@navy.mil", to: ["x"], vip: null, born: 5 },
      id: "u-2",
    };

    expect(jsonOf(answer(JSON.stringify(told)))).toEqual({
      ...{ displayName: "***", "E-Mail": "***", to: "***", vip: null, born: "***" },
      id: "u-2",
    });
  });

  it("holds no personal value, however an echo escapes it", async () => {
    const { answer, event } = await setup({ body: "= event.data" });
    const sent = String(event.request?.body);
    const echoes = [sent, JSON.stringify(sent), JSON.stringify({ echo: encodeURIComponent(sent) })];
    const escapedLetter = (c: string): string => `\\u00${c.charCodeAt(0).toString(16)}`;
    const escaped = sent.replaceAll(/"[^"]*"/gu, (text) =>
      text.replaceAll(/[a-z@]/giu, escapedLetter),
    );

    for (const echo of [...echoes, escaped]) {
      const { text, withheld } = answer(echo) ?? {};
      expect(withheld).toBeNull();
      for (const value of PERSONAL) expect(text).not.toContain(value);
    }
  });

  it.each([
    ["no JSON", "<h1>no user ada@example.com</h1>"],
    ["broken off", '{"title":"no user'],
  ])("that is %s is not shown", async (_, text) => {
    const { answer } = await setup({ body });

    expect(answer(text)).toEqual({ text: null, byteCount: text.length, withheld: "NOT_JSON" });
  });

  it("that is too long to be read whole is not shown", async () => {
    const { answer } = await setup({ body });

    expect(answer('{"a":1}', 70_000)).toEqual({
      ...{ text: null, byteCount: 70_000, withheld: "TOO_LONG" },
    });
  });

  it("that repeats credentials, or is no text, is not shown", async () => {
    const { bodies, event } = await setup({ body });

    expect(bodies.answer(event, { bytes: null, byteCount: 9 })).toEqual({
      ...{ text: null, byteCount: 9, withheld: "CREDENTIALS" },
    });
    expect(bodies.answer(event, { bytes: Buffer.from([255, 254]), byteCount: 2 })).toEqual({
      ...{ text: null, byteCount: 2, withheld: "NOT_TEXT" },
    });
  });

  it("that is empty is none", async () => {
    expect((await setup({ body })).answer("")).toBeNull();
  });

  it("is not shown where its event cannot be read any more", async () => {
    const { bodies, event } = await setup({ body });
    const gone: PreparedEvent = {
      ...event,
      record: { ...event.record, value: Buffer.from([0, 0, 0, 0, 99, 0]) },
    };

    expect(bodies.answer(gone, { bytes: Buffer.from("{}"), byteCount: 2 })).toMatchObject({
      ...{ text: null, withheld: "PERSONAL" },
    });
  });
});

describe("an event without personal data", () => {
  const fields = FIELDS.filter((field) => !("pii" in field));
  const body = { id: "= event.data.userId" };

  it("has its bodies shown as they are, also those that are no JSON", async () => {
    const { answer, sent } = await setup({ fields, body });

    expect(sent()?.text).toBe('{"id":"u-1"}');
    expect(answer("<h1>Bad Gateway</h1>")?.text).toBe("<h1>Bad Gateway</h1>");
    expect(answer('{ "title": "no user u-1" }')?.text).toBe('{"title":"no user u-1"}');
  });

  it("has the beginning of an answer shown that is too long", async () => {
    const { answer } = await setup({ fields, body, bytesMax: 64 });

    expect(answer("é".repeat(1_000), 1_000_000)).toEqual({
      ...{ text: `${"é".repeat(32)}…`, byteCount: 1_000_000, withheld: null },
    });
  });

  it("has no secret shown that an answer repeats, however it is escaped", async () => {
    const { answer } = await setup({ fields, body });

    expect(answer(`you sent ${SECRET}`)?.text).toBe("you sent ***");
    expect(answer(String.raw`{"sent":"s3\/cr3t","${SECRET}":1}`)?.text).toBe(
      '{"sent":"***","***":"***"}',
    );
  });
});

describe("a topic that is keyed by personal data", () => {
  it("has the key masked as well, in what is sent and what is answered", async () => {
    const { answer, sent } = await setup({
      ...{ key: "email", fields: FIELDS.slice(0, 2) },
      body: { id: "= event.data.userId", key: "= event.key", subject: "= event.subject" },
    });

    expect(jsonOf(sent())).toMatchObject({ id: "u-1", key: "***" });
    expect(jsonOf(answer('{"detail":"no user ada@example.com"}'))).toEqual({ detail: "***" });
  });
});
