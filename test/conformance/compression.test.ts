import { asOffset, asPartition, asTopic, NO_TELEMETRY, type Topic } from "@millrace/engine";
import {
  createLogReader,
  createRecordSource,
  createTopicAdmin,
  plainConnection,
} from "@millrace/kafka";
import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { SESSION_MS, testBrokers } from "../support/kafka-world.ts";
import { writeRaw } from "../support/raw-topic.ts";
import { RecordingListener } from "../support/recording-listener.ts";

const connection = plainConnection(testBrokers(), "millrace-test");

/** What is packed by blocks and what hardly packs, key, headers and all. */
const MESSAGES = [
  { key: "k", value: "small", headers: { ce_id: "1" } },
  { key: "k", value: "ab".repeat(100_000) },
  { key: null, value: Buffer.from(Array.from({ length: 50_000 }, (_, n) => (n * n * 31) >>> 5)) },
  { key: "gone", value: null },
];

/** A topic whose broker packs all it takes, by the same Java code as the Java client. */
async function packedTopic(compression: string): Promise<Topic> {
  const topic = asTopic(`conformance-${compression}-${randomUUID().slice(0, 8)}`);
  const admin = createTopicAdmin({ connection });
  const config = { "compression.type": compression };
  await admin.createTopics([{ topic, partitionCount: 1, config }]);
  onTestFinished(async () => {
    await admin.deleteTopics([topic]);
    await admin.close();
  });
  return topic;
}

describe.each(["gzip", "snappy", "lz4", "zstd", "uncompressed"])("a log packed with %s", (how) => {
  it("is read by the source of a target, with key, value and headers as they were", async () => {
    const topic = await packedTopic(how);
    await writeRaw(testBrokers(), topic, MESSAGES);
    const groupId = `conformance-${randomUUID()}`;
    const source = createRecordSource({
      connection,
      groupId,
      topics: [topic],
      telemetry: NO_TELEMETRY,
      sessionTimeoutMs: SESSION_MS,
    });
    onTestFinished(() => source.stop());
    const listener = new RecordingListener(source);

    await source.start(listener);
    await listener.received(MESSAGES.length);

    const read = listener.all.map(({ key, value }) => ({ key: bytes(key), value: bytes(value) }));
    expect(read).toEqual(
      MESSAGES.map(({ key, value }) => ({ key: bytes(key), value: bytes(value) })),
    );
    expect(listener.all[0]?.headers["ce_id"]).toEqual(Buffer.from("1"));
    expect(listener.of("failed")).toEqual([]);
  });

  it("is read by a log reader, batch after batch", async () => {
    const topic = await packedTopic(how);
    for (let turn = 0; turn < 5; turn += 1) await writeRaw(testBrokers(), topic, MESSAGES);
    const reader = createLogReader({ connection });
    onTestFinished(() => reader.close());
    const place = { topic, partition: asPartition(0) };

    const offsets: number[] = [];
    for await (const { records } of reader.read([
      { ...place, from: asOffset(1), to: asOffset(19) },
    ])) {
      for (const { offset, value } of records) {
        offsets.push(offset);
        const index = offset % MESSAGES.length;
        expect(bytes(value)).toEqual(bytes(MESSAGES[index]?.value ?? null));
      }
    }

    expect(offsets).toEqual(Array.from({ length: 18 }, (_, n) => n + 1));
  });
});

function bytes(value: Uint8Array | string | null): string | null {
  return value === null ? null : Buffer.from(value).toString("latin1");
}
