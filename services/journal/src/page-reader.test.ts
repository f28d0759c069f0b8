import { asEpoch, asJob, asOffset, asTopic, JOURNAL_SCHEMA } from "@millrace/engine";
import {
  compileSchema,
  createMemoryRegistry,
  readProblems,
  SchemaError,
  type Registry,
} from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { FIRST_PAGE, FIRST_SCHEMA } from "../test-support/first-page.ts";
import { delivered, pageBytes, rejected, SCHEMA_ID, skipped } from "../test-support/pages.ts";
import type { JournalReading } from "./journal-page.ts";
import { createPageReader } from "./page-reader.ts";

type Schema = Record<string, unknown> & { fields: { name: string; type: unknown }[] };

/** The journal's schema with its entries' schema changed. */
function changed(change: (entry: Schema) => void): unknown {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a copy of a constant
  const schema = structuredClone(JOURNAL_SCHEMA) as unknown as Schema;
  const entries = schema.fields.find(({ name }) => name === "entries")?.type;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- an array's schema
  change((entries as { items: Schema }).items);
  return schema;
}

/** A page as Avro's own library is given it. */
const RAW = {
  target: "crm",
  entries: [
    {
      ...{ topic: 0, partition: 0, offset: 5, epoch: 1, key: "u", id: "id-5", source: 1, type: 2 },
      ...{ tenant: 3, outcome: 4, reason: null, detail: null, mappingRevision: 5 },
      ...{ settledAt: 99, traceId: null, attemptCount: 0, attempts: [], job: null },
    },
  ],
  skipped: [],
  texts: ["users", "/orders", "users.ProfileUpdated", "default", "delivered", "r1"],
};

const PLACE = { topic: "ns.deliveries", partition: 0, offset: 0, timestampMs: 0 };

async function registryOfPages(): Promise<Registry> {
  const registry = createMemoryRegistry();
  await registry.register("ns.deliveries-millrace.journal.Page", JOURNAL_SCHEMA);
  return registry;
}

async function setup() {
  return bundle(await registryOfPages());
}

function bundle(registry: Registry) {
  const reader = createPageReader(registry);
  const read = (value: Uint8Array | null): Promise<JournalReading> =>
    reader.read({ ...PLACE, key: null, value, headers: { ce_id: Buffer.from("no event") } });
  return {
    read,
    /** Reads data that was written by a schema of its own. */
    readAs: async (avro: unknown, data: unknown): Promise<JournalReading> => {
      const id = await registry.register("any", avro);
      const frame = Buffer.from([0, 0, 0, 0, id]);
      return read(Buffer.concat([frame, compileSchema(avro).type.toBuffer(data)]));
    },
  };
}

describe("a page reader", () => {
  it("reads every kind of entry as the engine wrote it", async () => {
    const { read } = await setup();
    const last = asOffset(Number.MAX_SAFE_INTEGER - 1);
    const entries = [
      delivered({ offset: last, epoch: asEpoch(2 ** 40), settledAt: 1 }),
      delivered({ topic: asTopic("orders"), id: null, source: null, type: null }),
      delivered({ key: null, attemptCount: 0, attempts: [], traceId: "0af7651916cd43dd" }),
      delivered({ key: { hex: "00ff" }, id: "ключ 😀", tenant: "acme" }),
      rejected({ detail: 'HTTP 422 "näh"\n', mappingRevision: "r2" }),
      delivered({ outcome: "parked", reason: "KEY_QUARANTINED", detail: "behind offset 3" }),
      delivered({ outcome: "failed", reason: "TIMEOUT", job: asJob("repair-1"), settledAt: -1 }),
      delivered({ request: { text: '{"mail":"***"}', byteCount: 30, withheld: null } }),
      delivered({ request: { text: null, byteCount: 99_999, withheld: "TOO_LONG" } }),
    ];
    const runs = [skipped(0, 5), skipped(7, last), skipped(9, 10, { epoch: asEpoch(7) })];

    expect(await read(pageBytes({ target: "crm", entries, skipped: runs }))).toEqual({
      kind: "page",
      page: { target: "crm", entries, skipped: runs },
    });
  });

  it("reads a record that makes its value when it is asked for it", async () => {
    const reader = createPageReader(await registryOfPages());
    const value = pageBytes({ entries: [delivered()] });
    const record = { ...PLACE, key: null, value, headers: {} };
    Object.defineProperty(record, "value", { get: () => value, enumerable: false });

    expect((await reader.read(record)).kind).toBe("page");
  });

  it("reads a full page as the engine wrote it", async () => {
    const { read } = await setup();
    const entries = Array.from({ length: 500 }, (_, index) => {
      const status = 200 + (index % 7);
      const call = { startedAt: index * 1e9, durationMs: index ** 3, end: "delivered", status };
      const answer = { text: "é".repeat(index % 50), byteCount: index ** 4, withheld: null };
      const attempt = {
        ...{ ...call, requestId: index % 3 === 0 ? null : `r-${index}` },
        answer: index % 4 === 0 ? answer : null,
      };
      const attempts = Array.from({ length: index % 9 }, () => attempt);
      const key = "é".repeat(index % 40);
      return delivered({ offset: asOffset(index ** 5), key, attempts });
    });

    expect(await read(pageBytes({ entries }))).toEqual({
      kind: "page",
      page: { target: "crm", entries, skipped: [] },
    });
  });

  it("reads a page of an older schema, with defaults for what that did not have", async () => {
    const { readAs } = await setup();
    const older = changed((entry) => {
      entry.fields = entry.fields.filter(({ name }) => name !== "job");
    });

    expect(await readAs(older, RAW)).toMatchObject({
      page: { entries: [{ offset: 5, id: "id-5", outcome: "delivered", job: null }] },
    });
  });

  it("reads a page of the first schema", async () => {
    const registry = createMemoryRegistry();
    expect(await registry.register("any", FIRST_SCHEMA)).toBe(FIRST_PAGE.readUInt32BE(1));
    const reading = await bundle(registry).read(FIRST_PAGE);

    const place = { topic: "users", partition: 3, epoch: 12 };
    const failed = { end: "HTTP_STATUS", status: 503, requestId: null, answer: null };
    expect(reading).toMatchObject({
      kind: "page",
      page: {
        target: "crm",
        entries: [
          {
            ...{ ...place, offset: 42, key: "u-1", id: "id-42", outcome: "delivered", job: null },
            request: null,
            attempts: [
              { startedAt: 1_764_000_000_000, durationMs: 20, ...failed },
              { durationMs: 23, end: "delivered", status: 204, requestId: null },
            ],
          },
          {
            ...{ ...place, offset: 43, key: { hex: "00ff" }, outcome: "failed", job: "repair-1" },
            attempts: [{ durationMs: 5_000, end: "TIMEOUT", status: null, requestId: null }],
          },
        ],
        skipped: [{ ...place, from: 10, to: 14 }],
      },
    });
  });

  it("and one of the first version can read each other's pages", () => {
    expect(readProblems(JOURNAL_SCHEMA, FIRST_SCHEMA)).toEqual([]);
    expect(readProblems(FIRST_SCHEMA, JOURNAL_SCHEMA)).toEqual([]);
  });

  it("leaves aside what a newer writer adds", async () => {
    const { readAs } = await setup();
    const newer = changed((entry) => entry.fields.unshift({ name: "answeredBy", type: "string" }));
    const entries = RAW.entries.map((entry) => ({ ...entry, answeredBy: "r-1" }));

    const reading = await readAs(newer, { ...RAW, entries });

    expect(reading).toMatchObject({ kind: "page", page: { entries: [{ offset: 5 }] } });
    expect(JSON.stringify(reading)).not.toContain("r-1");
  });

  it.each<[string, Uint8Array | null]>([
    ["no value", null],
    ["no bytes", new Uint8Array()],
    ["JSON", Buffer.from('{"v":1}')],
    ["a schema that the registry does not know", Buffer.from([0, 0, 0, 0, 9, 0])],
    ["too few bytes", pageBytes({ entries: [delivered()] }).subarray(0, 40)],
    ["bytes left over", Buffer.concat([pageBytes({}), Buffer.from([0])])],
  ])("says that it cannot read a record with %s", async (_, value) => {
    const { read } = await setup();

    expect(await read(value)).toEqual({
      kind: "unreadable",
      detail: expect.stringMatching(/^no page of the journal: .+/u) as unknown,
    });
  });

  it.each<[string, object]>([
    ["an index of no text", { ...RAW, texts: ["users"] }],
    ["an unknown outcome", { ...RAW, texts: RAW.texts.with(4, "lost") }],
    [
      "an offset beyond 2^53",
      { ...RAW, entries: RAW.entries.map((entry) => ({ ...entry, offset: 2n ** 60n })) },
    ],
  ])("says that it cannot read a page with %s", async (_, data) => {
    const { readAs } = await setup();

    expect((await readAs(JOURNAL_SCHEMA, data)).kind).toBe("unreadable");
  });

  it("takes no other record for a page", async () => {
    const { readAs } = await setup();
    const other = { type: "record", name: "users.Other", fields: [] };

    expect(await readAs(other, {})).toEqual({
      kind: "unreadable",
      detail: "no page of the journal: it is a users.Other",
    });
  });

  it("fails while the registry is away, and reads once it is back", async () => {
    const registry = createMemoryRegistry();
    await registry.register("any", JOURNAL_SCHEMA);
    let isAway = true;
    const away = new SchemaError("REGISTRY_UNREACHABLE", "away");
    const schemaById = (id: number): Promise<unknown> =>
      isAway ? Promise.reject(away) : registry.schemaById(id);
    const { read } = bundle({ ...registry, schemaById });
    const value = pageBytes({ entries: [delivered()] });

    await expect(read(value)).rejects.toBe(away);
    isAway = false;
    expect((await read(value)).kind).toBe("page");
    expect(value.readUInt32BE(1)).toBe(SCHEMA_ID);
  });
});
