/**
 * A delivery loop by hand: kafkajs, avsc, undici's `dispatch`, one event of a key at a time. No promise is kept: offsets are
 * committed with the batch whatever has become of its events, and nothing is repeated, bounded in time, or written down.
 */
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import avro from "avsc";
import { Kafka, logLevel, type KafkaMessage } from "kafkajs";
import type { Measured } from "../workload/event.ts";
import { MAX_BYTES_PER_PARTITION } from "./kafkajs-defaults.ts";
import { endWithHarness, readPeerOptions } from "./peer-options.ts";
import { openPool } from "./posting.ts";

/** Fetched events that wait at most, unless it is told otherwise; above, no more batches are taken. */
const HELD_MAX = 10_000;
/** A zero and the schema's id stand before the datum. */
const FRAME_BYTES = 5;

interface Item {
  readonly place: string;
  readonly value: Buffer;
}

const { brokers, topic, group, url, inFlight, schemaFile, tuning } = readPeerOptions();
const { maxBytesPerPartition = MAX_BYTES_PER_PARTITION, held: heldMax = HELD_MAX } = tuning;
endWithHarness();

// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- avsc checks it
const schema = JSON.parse(readFileSync(schemaFile, "utf8")) as avro.Schema;
const type = avro.Type.forSchema(schema);
const post = openPool(url, inFlight);
const lanes = new Map<string, Item[]>();
const ready: string[] = [];
let readyFrom = 0;
let openCount = 0;
let heldCount = 0;
let onRoom: (() => void) | null = null;

function bodyOf(value: Buffer): string {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- of the topic's one schema
  const event = type.decode(value, FRAME_BYTES).value as Measured;
  const { userId, sequence, number, dueAt, note } = event;
  return JSON.stringify({ userId, sequence, number, dueAt, note });
}

function pump(): void {
  while (openCount < inFlight && readyFrom < ready.length) {
    const key = ready[readyFrom] ?? "";
    readyFrom += 1;
    const item = lanes.get(key)?.[0];
    if (item === undefined) continue;
    openCount += 1;
    post(bodyOf(item.value), hash("sha256", item.place).slice(0, 32), () => ended(key));
  }
  if (readyFrom < 1_024) return;
  ready.splice(0, readyFrom);
  readyFrom = 0;
}

function ended(key: string): void {
  openCount -= 1;
  heldCount -= 1;
  const lane = lanes.get(key);
  lane?.shift();
  if (lane === undefined || lane.length === 0) lanes.delete(key);
  else ready.push(key);
  if (heldCount < heldMax) onRoom?.();
  pump();
}

function take(partition: number, messages: readonly KafkaMessage[]): void {
  for (const { key, value, offset } of messages) {
    if (value === null) continue;
    const name = String(key);
    const item = { place: `${topic}/${partition}/${offset}`, value };
    const lane = lanes.get(name);
    heldCount += 1;
    if (lane === undefined) {
      lanes.set(name, [item]);
      ready.push(name);
    } else lane.push(item);
  }
  pump();
}

const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: group, maxBytesPerPartition });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  async eachBatch({ batch }) {
    take(batch.partition, batch.messages);
    while (heldCount >= heldMax) {
      const room = Promise.withResolvers<undefined>();
      onRoom = () => room.resolve(undefined);
      await room.promise;
      onRoom = null;
    }
  },
});
