/**
 * kafkajs as its documentation has it: `eachMessage` with `partitionsConsumedConcurrently`, the schema registry's client,
 * undici's `request`. Order holds by partition; a partition has one call in flight.
 */
import { hash } from "node:crypto";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel } from "kafkajs";
import { Pool } from "undici";
import type { Measured } from "../workload/event.ts";
import { MAX_BYTES_PER_PARTITION } from "./kafkajs-defaults.ts";
import { endWithHarness, readPeerOptions } from "./peer-options.ts";

const { brokers, registryUrl, topic, group, url, inFlight, partitionCount, tuning } =
  readPeerOptions();
const { maxBytesPerPartition = MAX_BYTES_PER_PARTITION, autoCommitInterval = null } = tuning;
endWithHarness();

const { origin, pathname: path } = new URL(url);
const pool = new Pool(origin, { connections: inFlight });
const registry = new SchemaRegistry({ host: registryUrl });
const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: group, maxBytesPerPartition });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  autoCommitInterval,
  partitionsConsumedConcurrently: partitionCount,
  async eachMessage({ partition, message }) {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- of the topic's one schema
    const event = (await registry.decode(message.value ?? Buffer.alloc(0))) as Measured;
    const { userId, sequence, number, dueAt, note } = event;
    const place = `${topic}/${partition}/${message.offset}`;
    const answer = await pool.request({
      method: "POST",
      path,
      headers: {
        "content-type": "application/json",
        "idempotency-key": hash("sha256", place).slice(0, 32),
      },
      body: JSON.stringify({ userId, sequence, number, dueAt, note }),
    });
    await answer.body.dump();
    if (answer.statusCode >= 300) throw new Error(`answered ${answer.statusCode}`);
  },
});
