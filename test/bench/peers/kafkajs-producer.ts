/** Produces the same records through kafkajs alone, encoded beforehand, and prints what that took. */
import { readFileSync } from "node:fs";
import avro from "avsc";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { eventOf } from "../workload/event.ts";
import { endWithHarness, readPeerOptions } from "./peer-options.ts";
import { printCost } from "./printed-cost.ts";

/** Records of one `send`, and sends that are open at once. */
const BATCH = 500;
const OPEN_MAX = 4;

const { brokers, topic, eventCount, keyCount, schemaFile } = readPeerOptions();
endWithHarness();

// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- avsc checks it
const schema = JSON.parse(readFileSync(schemaFile, "utf8")) as avro.Schema;
const type = avro.Type.forSchema(schema);
const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
await producer.connect();

const messages = Array.from({ length: BATCH }, (_, number) => {
  const event = eventOf(number, keyCount);
  return {
    key: event.userId,
    value: Buffer.concat([Buffer.alloc(5), type.toBuffer(event)]),
    headers: {
      ce_specversion: "1.0",
      ce_id: "0191f2c4-7b1e-7c3a-9d52-0f6f7a3f8e11",
      ce_source: "urn:millrace:bench",
      ce_type: "bench.Measured",
      ce_time: "2026-01-01T00:00:00.000Z",
    },
  };
});

async function produce(_from: number, count: number): Promise<void> {
  let left = Math.ceil(count / BATCH);
  const sendOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await producer.send({ topic, acks: -1, messages });
    }
  };
  await Promise.all(Array.from({ length: OPEN_MAX }, sendOn));
}

await printCost(eventCount, produce);
await producer.disconnect();
