import { expect, it } from "vitest";
import { relayTo } from "../support/broker-relay.ts";
import { RealWorld, testBrokers } from "../support/kafka-world.ts";

it("an answer that breaks off in its midst costs its connection, and nothing of the next one", async () => {
  const [broker = ""] = testBrokers();
  const direct = new RealWorld();
  const topic = await direct.topic(1);
  const relay = await relayTo(broker, () => false);
  const sink = new RealWorld([relay.address]).sink();
  const append = async (text: string): Promise<void> => {
    await sink.append([{ topic, key: null, value: Buffer.from(text), headers: {} }]);
  };
  await append("before");

  relay.breakOff();
  await append("broken off");
  await append("after");

  const records = await direct.read(topic);
  expect(records.map(({ value }) => String(value))).toEqual(["before", "broken off", "after"]);
});
