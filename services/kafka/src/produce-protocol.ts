/** The requests of a producer. Formats: https://kafka.apache.org/protocol.html#The_Messages_Produce (3 to 7). */
import type { TopicPartition } from "@millrace/engine";
import { asPartition, asTopic } from "@millrace/engine";
import Encoder from "kafkajs/src/protocol/encoder.js";
import { ByteReader } from "./byte-reader.ts";
import type { KafkaClient } from "./kafka-client.ts";
import { KafkaError } from "./kafka-error.ts";

/** An idempotent producer as the brokers know it. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** One partition's batch, encoded. */
export interface ProducePart extends TopicPartition {
  readonly bytes: Buffer;
}

/** What became of one partition's batch. */
export interface ProduceResult extends TopicPartition {
  readonly errorCode: number;
  readonly baseOffset: number;
}

/** A new producer identity: its sequences begin at 0. */
export async function initProducer(client: KafkaClient): Promise<ProducerIdentity> {
  const answer = await client.send<{
    readonly errorCode: number;
    readonly producerId: string;
    readonly producerEpoch: number;
  }>(await client.anyNode(), {
    api: "InitProducerId",
    payload: { transactionalId: null, transactionTimeout: 60_000 },
  });
  if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode);
  return { producerId: BigInt(answer.producerId), producerEpoch: answer.producerEpoch };
}

/** Writes batches, one a partition, acknowledged by all in-sync replicas within `timeoutMs`. */
export function produce(
  client: KafkaClient,
  leader: number,
  request: { readonly parts: readonly ProducePart[]; readonly timeoutMs: number },
): Promise<readonly ProduceResult[]> {
  return client.send<readonly ProduceResult[]>(leader, {
    api: "Produce",
    payload: { acks: -1, timeout: request.timeoutMs, topicData: [] },
    encode: () => encode(request.parts, request.timeoutMs),
    decode: readAnswer,
  });
}

function encode(parts: readonly ProducePart[], timeoutMs: number): object {
  const size = parts.reduce((sum, { topic, bytes }) => sum + bytes.length + topic.length + 32, 64);
  const topics = Map.groupBy(parts, ({ topic }) => topic);
  const encoder = new Encoder(size);
  encoder.writeString(null).writeInt16(-1).writeInt32(timeoutMs).writeInt32(topics.size);
  for (const [topic, group] of topics) {
    encoder.writeString(topic).writeInt32(group.length);
    for (const { partition, bytes } of group) {
      encoder.writeInt32(partition).writeInt32(bytes.length).writeBuffer(bytes);
    }
  }
  return encoder;
}

function readAnswer(data: Buffer, version: number): readonly ProduceResult[] {
  const reader = new ByteReader(data);
  const results: ProduceResult[] = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topic = asTopic(reader.string() ?? "");
    for (let count = reader.int32(); count > 0; count -= 1) {
      const partition = asPartition(reader.int32());
      results.push({ topic, partition, errorCode: reader.int16(), baseOffset: reader.int64() });
      reader.skip(version >= 5 ? 16 : 8);
    }
  }
  return results;
}
