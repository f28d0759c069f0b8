import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "@millrace/config";
import {
  asOffset,
  asPartition,
  asTopic,
  type Preparation,
  type SourceRecord,
} from "@millrace/engine";
import {
  createDecoder,
  createEncoder,
  createMemoryRegistry,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  type EncodedEvent,
} from "@millrace/schemas";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { TargetEventPreparer } from "./event-preparer.ts";
import { idempotencyKey } from "./idempotency-key.ts";

const TYPE = "users.ProfileUpdated";
const DATA = { userId: "u 1", display_name: "Ada", email: "ada@example.com" };
const INPUT = { type: TYPE, source: "/test", id: "e1", data: DATA };

async function setup(settings: Record<string, unknown> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-preparer-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const target = {
    topics: ["users"],
    startAt: "earliest",
    request: {
      method: "PUT",
      url: "http://127.0.0.1:1/users/{id}",
      params: { id: "= event.data.userId" },
      body: { name: "= event.data.?display_name.orValue(null)" },
    },
    ...settings,
  };
  const path = join(folder, "millrace.yaml");
  const file = {
    apiVersion: "millrace/v1",
    catalog: DEFAULT_CATALOG_PATH,
    targets: { crm: target },
  };
  writeFileSync(path, JSON.stringify(file));
  const config = await loadConfig(path, { env: {} });
  const crm = config.targets.get("crm");
  if (crm === undefined) throw new Error("no target");

  const catalog = await loadCatalog(DEFAULT_CATALOG_PATH);
  const registry = createMemoryRegistry();
  const schema = catalog.types.get(TYPE);
  const id = await registry.register(schema?.subject ?? "", schema?.avro);
  const encoder = createEncoder(catalog, new Map([[TYPE, id]]));
  const readerSchemas = new Map([[TYPE, schema?.avro]]);
  const decoder = createDecoder(registry, { envelope: crm.input.envelope, readerSchemas });
  const preparer = new TargetEventPreparer(crm, decoder);
  await preparer.loadSchema(id);
  return { preparer, decoder, encoder, registry, crm };
}

function recordOf({
  key,
  value,
  headers,
}: Pick<EncodedEvent, "key" | "headers"> & {
  readonly value: Uint8Array | null;
}): SourceRecord {
  const at = { topic: asTopic("users"), partition: asPartition(0), offset: asOffset(7) };
  return { ...at, timestampMs: 1, key, value, headers };
}

const readyOf = (preparation: Preparation): Extract<Preparation, { kind: "ready" }> => {
  if (preparation.kind !== "ready") throw new Error(`it is ${preparation.kind}`);
  return preparation;
};

describe("TargetEventPreparer", () => {
  it("makes an event the mapped call, under the delivery's Idempotency-Key", async () => {
    const { preparer, encoder } = await setup();

    const { verdict, event } = readyOf(preparer.prepare(recordOf(encoder.encode(INPUT))));

    expect(verdict).toEqual({ kind: "deliver" });
    expect(event).toMatchObject({ id: "e1", source: "/test", type: TYPE, tenant: "default" });
    expect(event.request).toEqual({
      method: "PUT",
      url: "http://127.0.0.1:1/users/u%201",
      headers: {
        "content-type": "application/json",
        "idempotency-key": idempotencyKey({
          tenant: "default",
          target: "crm",
          source: "/test",
          id: "e1",
        }),
      },
      body: '{"name":"Ada"}',
      timeoutMs: 10_000,
    });
  });

  it("decides by the headers alone, without a look at the value, where the filter needs no more", async () => {
    const { preparer, encoder } = await setup({ filter: "event.type == 'users.UserSignedUp'" });
    const record = recordOf({ ...encoder.encode(INPUT), value: Buffer.from("no Avro at all") });

    expect(preparer.prepare(record)).toEqual({ kind: "filtered" });
  });

  it("asks a filter that the headers have answered no second time", async () => {
    const { crm, decoder, encoder } = await setup({ filter: `event.type == '${TYPE}'` });
    const matches = vi.fn(() => true);
    const preparer = new TargetEventPreparer(
      { ...crm, filter: { ...crm.filter, matches } },
      decoder,
    );

    const { verdict } = readyOf(preparer.prepare(recordOf(encoder.encode(INPUT))));

    expect(verdict).toEqual({ kind: "deliver" });
    expect(matches).not.toHaveBeenCalled();
  });

  it("leaves out what a filter on the data leaves out", async () => {
    const { preparer, encoder } = await setup({ filter: "event.data.userId == 'other'" });

    expect(preparer.prepare(recordOf(encoder.encode(INPUT)))).toEqual({ kind: "filtered" });
  });

  it("asks for a schema it does not have", async () => {
    const { preparer, encoder } = await setup();
    const { value, ...rest } = encoder.encode(INPUT);
    const other = Buffer.from(value);
    other.writeUInt32BE(4_711, 1);

    expect(preparer.prepare(recordOf({ ...rest, value: other }))).toEqual({
      kind: "schema-needed",
      schemaId: 4_711,
    });
  });

  it.each([
    ["no frame", Buffer.from("text"), "DECODE_FAILED"],
    ["half a record", null, "DECODE_FAILED"],
  ])("calls %s undeliverable and keeps its identity", async (_, value, reason) => {
    const { preparer, encoder } = await setup();
    const encoded = encoder.encode(INPUT);
    const broken = value ?? encoded.value.subarray(0, 8);

    const ready = readyOf(preparer.prepare(recordOf({ ...encoded, value: broken })));

    expect(ready.verdict).toMatchObject({ kind: "undeliverable", reason });
    expect(ready.event).toMatchObject({ id: "e1", request: null });
    expect(Buffer.from(ready.event.record.value ?? []).equals(broken)).toBe(true);
  });

  it("calls a record without an envelope undeliverable", async () => {
    const { preparer, encoder } = await setup();

    const ready = readyOf(preparer.prepare(recordOf({ ...encoder.encode(INPUT), headers: {} })));

    expect(ready.verdict).toMatchObject({ kind: "undeliverable", reason: "ENVELOPE_MISSING" });
    expect(ready.event).toMatchObject({ id: null, source: null, type: null });
  });

  it("calls an event that cannot be mapped undeliverable, naming the expression and no value", async () => {
    const { preparer, encoder } = await setup();
    const data = { ...DATA, userId: ".." };

    const ready = readyOf(preparer.prepare(recordOf(encoder.encode({ ...INPUT, data }))));

    expect(ready.verdict).toMatchObject({ kind: "undeliverable", reason: "MAPPING_FAILED" });
    expect(JSON.stringify(ready.verdict)).toContain("request.url");
  });

  it("skips tombstones unless the target asks for them", async () => {
    const skipping = await setup();
    const delivering = await setup({
      input: { tombstones: "deliver" },
      request: { url: "http://127.0.0.1:1/x", body: { gone: "= event.data == null" } },
    });
    const tombstone = recordOf({ ...skipping.encoder.encode(INPUT), value: null });

    expect(skipping.preparer.prepare(tombstone)).toEqual({ kind: "filtered" });
    expect(readyOf(delivering.preparer.prepare(tombstone)).event.request?.body).toBe(
      '{"gone":true}',
    );
  });

  it("has a schema that the registry does not know (yet) asked for again", async () => {
    const { preparer, encoder } = await setup();
    const { value, ...rest } = encoder.encode(INPUT);
    const other = Buffer.from(value);
    other.writeUInt32BE(99, 1);

    await expect(preparer.loadSchema(99)).rejects.toMatchObject({
      retryable: true,
      message: "schema 99: the schema registry has no schema with id 99",
    });

    expect(preparer.prepare(recordOf({ ...rest, value: other }))).toMatchObject({
      kind: "schema-needed",
    });
  });

  it("tells a registry that does not answer from a schema that does not exist", async () => {
    const { preparer, registry } = await setup();
    registry.schemaById = () => Promise.reject(new Error("connect ECONNREFUSED"));

    await expect(preparer.loadSchema(99)).rejects.toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      retryable: true,
    });
  });
});
