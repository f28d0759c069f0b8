/** Faults in the log itself. */
import { Partitioners } from "kafkajs";
import { EVENT_SOURCE, EVENT_TYPE } from "../contract.ts";
import { plainKafka } from "../record/topic-read.ts";
import { drawKeys } from "./draw-keys.ts";
import type { Fault } from "./fault.ts";

/** Records that nobody can decode, of keys that are in use: half of them without an envelope, half cut short. */
export const poison: Fault = async (scene) => {
  const { world, emission, pause } = scene;
  const who = drawKeys(scene, 6);
  const producer = plainKafka(world.servers.addresses).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const messages = who.map((key, index) => ({
    key,
    value:
      index % 2 === 0 ? Buffer.from("no Avro") : Buffer.from([0, 0, 0, 0, world.schemaId, 200]),
    ...(index % 2 === 0 ? {} : enveloped(`poison-${key}`)),
  }));
  emission.noteForeign(messages, "invoke");
  await producer.send({ topic: world.topic, messages });
  emission.noteForeign(messages, "ok");
  await producer.disconnect();
  await pause(4_000);
  return { target: world.targets[0]?.target.name ?? null, who, scope: "keys" };
};

function enveloped(id: string): { readonly id: string; readonly headers: Record<string, string> } {
  const headers = {
    ...{ ce_specversion: "1.0", ce_id: id, ce_source: EVENT_SOURCE, ce_type: EVENT_TYPE },
    "content-type": "application/avro",
  };
  return { id, headers };
}
