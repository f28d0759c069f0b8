/** The index of the journal on real Kafka and a real registry: pages of the engine through its sink, read and searched. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  asEpoch,
  asOffset,
  asPartition,
  asTopic,
  JOURNAL_SCHEMA,
  JournalPageBuilder,
  type JournalEntry,
  type Topic,
} from "@millrace/engine";
import { JournalIndex, type JournalAnswer, type JournalQuery } from "@millrace/journal";
import { createLogReader, createRecordSink, plainConnection } from "@millrace/kafka";
import { createRegistry } from "@millrace/schemas";
import { describe, expect, it, onTestFinished } from "vitest";
import { RealWorld, testBrokers } from "../support/kafka-world.ts";
import { until } from "../support/until.ts";

const T0 = Date.UTC(2026, 0, 1);

function entryOf(offset: number): JournalEntry {
  const settledAt = T0 + offset;
  const isRefused = offset % 10 === 0;
  const call = { startedAt: settledAt - 5, durationMs: 5, end: "delivered", status: 204 };
  const answer = isRefused ? { text: '{"title":"no"}', byteCount: 14, withheld: null } : null;
  const attempt = { ...call, requestId: `r-${offset}`, answer };
  return {
    ...{ topic: asTopic("users"), partition: asPartition(0), offset: asOffset(offset) },
    ...{ epoch: asEpoch(1), key: `user-${offset % 7}`, id: `id-${offset}`, source: "/orders" },
    ...{ type: "users.ProfileUpdated", tenant: "default", mappingRevision: "r1", job: null },
    request: isRefused ? { text: null, byteCount: 20, withheld: "NOT_JSON" } : null,
    outcome: isRefused ? "dead-lettered" : "delivered",
    ...(isRefused
      ? { reason: "HTTP_REJECTED", detail: "HTTP 422" }
      : { reason: null, detail: null }),
    ...{ settledAt, traceId: null, attemptCount: 1 },
    attempts: [isRefused ? { ...attempt, end: "HTTP_REJECTED", status: 422 } : attempt],
  };
}

/** A topic, what writes pages to it, and as many indexes of one file as a test opens. */
async function setup() {
  const folder = mkdtempSync(join(tmpdir(), "millrace-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "journal.db");
  const world = new RealWorld();
  const topic = await world.topic(3);
  const registry = createRegistry(process.env["SCHEMA_REGISTRY_URL"] ?? "");
  const schemaId = await registry.register(`${topic}-${randomUUID()}`, JOURNAL_SCHEMA);
  const connection = plainConnection(testBrokers(), "millrace-test");
  const sink = createRecordSink({ connection, telemetry: world.telemetry });
  const reader = createLogReader({ connection });
  onTestFinished(async () => {
    await reader.close();
    await sink.close();
  });
  const open = (): JournalIndex => {
    const index = new JournalIndex({ topic, store: { kind: "file", path }, reader, registry });
    onTestFinished(() => index.close());
    return index;
  };
  const write = async (target: string, offsets: readonly number[]): Promise<void> => {
    const builder = new JournalPageBuilder(target);
    for (const offset of offsets) builder.add(entryOf(offset));
    const value = builder.finish(schemaId);
    await sink.append([{ topic, key: Buffer.from(target), value, headers: {} }]);
  };
  return { path, world, topic, open, write, truncate: truncating(world, topic) };
}

/** Deletes the records of every partition, as retention does. */
function truncating(world: RealWorld, topic: Topic): () => Promise<void> {
  return async () => {
    for (const partition of [0, 1, 2].map(asPartition)) {
      const records = (await world.read(topic)).filter((record) => record.partition === partition);
      const end = (records.at(-1)?.offset ?? -1) + 1;
      await world.truncate({ topic, partition }, asOffset(end));
    }
  };
}

/** Offsets `from` up to but without `to`. */
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

function answers(index: JournalIndex): JournalAnswer[] {
  const queries: Omit<JournalQuery, "limit">[] = [
    ...[{}, { target: "crm" }, { target: "audit", outcome: "dead-lettered" } as const],
    ...[{ id: "id-42" }, { key: "user-3" }, { reason: "HTTP_REJECTED", status: 422 }],
    { place: { topic: "users", partition: 0, offset: 77 } },
  ];
  return queries.map((query) => index.find({ ...query, limit: 1_000 }));
}

describe("the index of the journal", () => {
  it("has what the engine wrote, and the same again once its file was deleted", async () => {
    const { path, open, write } = await setup();
    for (const target of ["crm", "audit", "search"]) {
      for (let page = 0; page < 4; page += 1) await write(target, range(page * 50, page * 50 + 50));
    }
    const index = open();
    await index.catchUp();
    const before = answers(index);
    expect(before.map(({ entries }) => entries.length)).toEqual([600, 200, 20, 3, 87, 60, 3]);
    expect(index.find({ id: "id-42", target: "crm", limit: 9 }).entries).toEqual([
      { ...entryOf(42), target: "crm" },
    ]);

    index.close();
    rmSync(path);
    const again = open();
    await again.catchUp();
    expect(answers(again)).toEqual(before);
  });

  it("takes up what has come, also after a restart, and forgets what retention deletes", async () => {
    const { open, write, truncate } = await setup();
    await write("crm", range(0, 20));
    const index = open();
    await index.catchUp();
    index.close();
    await write("crm", range(20, 30));
    const again = open();
    await again.catchUp();
    expect(again.status()).toMatchObject({ pageCount: 2, entryCount: 30 });

    await truncate();
    await write("audit", range(0, 5));
    await again.catchUp();
    expect(again.status()).toMatchObject({ pageCount: 1, entryCount: 5 });
    expect(again.find({ target: "crm", limit: 9 }).entries).toEqual([]);
  });

  it("follows the topic until it is ended", async () => {
    const { open, write } = await setup();
    const index = open();
    const ending = new AbortController();
    const following = index.follow(ending.signal);
    await write("crm", range(0, 10));
    await until("ten entries", () => index.status().entryCount === 10);
    await write("audit", range(0, 10));
    await until("twenty entries", () => index.status().entryCount === 20);
    ending.abort();
    await following;

    expect(index.find({ id: "id-3", limit: 9 }).entries).toHaveLength(2);
  });
});
