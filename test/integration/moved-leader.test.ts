import { createServer, connect, type AddressInfo } from "node:net";
import { asOffset, asPartition, asTopic } from "@millrace/engine";
import { createLogReader, plainConnection } from "@millrace/kafka";
import { freePort, startCluster, type BrokerAddress } from "@millrace/local";
import { Kafka, logLevel, type Admin } from "kafkajs";
import { expect, it, onTestFinished } from "vitest";
import { until } from "../support/until.ts";

const TOPIC = "moved";
const COUNT = 20;
const VALUE = Buffer.alloc(10_000, "x");

/** A way to a broker that counts what comes back. */
interface Relay {
  readonly port: number;
  bytes: number;
}

async function relayTo(port: number): Promise<Relay> {
  const relay = { port: 0, bytes: 0 };
  const server = createServer((client) => {
    const broker = connect(port, "127.0.0.1");
    broker.on("data", (data) => (relay.bytes += data.length));
    client.on("error", () => broker.destroy());
    broker.on("error", () => client.destroy());
    client.pipe(broker).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a TCP server's address
  return Object.assign(relay, { port: (server.address() as AddressInfo).port });
}

/** Three brokers whose partitions go to their preferred leader within a second, each behind a relay of its own. */
async function setup() {
  const relays = new Map<number, Relay>();
  const inner = new Map<number, number>();
  for (const nodeId of [1, 2, 3]) {
    const port = await freePort();
    inner.set(nodeId, port);
    relays.set(nodeId, await relayTo(port));
  }
  const at = (name: string, port: number): string => `${name}://127.0.0.1:${port}`;
  const settingsOf = ({ nodeId, port, controllerPort }: BrokerAddress) => {
    const own = at("PLAINTEXT", port);
    const behind = at("RELAY", inner.get(nodeId) ?? 0);
    return {
      listeners: [own, behind, at("CONTROLLER", controllerPort)].join(","),
      "advertised.listeners": [own, at("RELAY", relays.get(nodeId)?.port ?? 0)].join(","),
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,RELAY:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "PLAINTEXT",
      "leader.imbalance.check.interval.seconds": 1,
      "leader.imbalance.per.broker.percentage": 0,
    };
  };
  const cluster = await startCluster({ brokerCount: 3, settingsOf });
  onTestFinished(() => cluster.stop());
  const kafka = new Kafka({ brokers: [...cluster.addresses], logLevel: logLevel.NOTHING });
  return { kafka, relays };
}

async function untilLedBy(admin: Admin, leader: number): Promise<void> {
  await until(`broker ${leader} to lead`, async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [TOPIC] });
    return topics[0]?.partitions[0]?.leader === leader;
  });
}

it("a reader follows a partition to its new leader although the old one is there and would answer as a follower", async () => {
  const { kafka, relays } = await setup();
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await Promise.all([admin.connect(), producer.connect()]);
  onTestFinished(async () => {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });
  const replicaAssignment = [{ partition: 0, replicas: [1, 2, 3] }];
  await admin.createTopics({ topics: [{ topic: TOPIC, replicaAssignment }] });
  await untilLedBy(admin, 1);
  const addresses = Array.from(relays.values(), ({ port }) => `127.0.0.1:${port}`);
  const reader = createLogReader({ connection: plainConnection(addresses, "millrace-test") });
  onTestFinished(() => reader.close());
  let readCount = 0;
  const reading = (async () => {
    const range = { topic: asTopic(TOPIC), partition: asPartition(0), from: asOffset(0) };
    for await (const { records } of reader.read([{ ...range, to: asOffset(COUNT + 1) }])) {
      readCount += records.length;
    }
  })();
  await producer.send({ topic: TOPIC, messages: [{ value: "first" }] });
  await until("the first record", () => readCount === 1);

  const partitionAssignment = [{ partition: 0, replicas: [2, 1, 3] }];
  await admin.alterPartitionReassignments({ topics: [{ topic: TOPIC, partitionAssignment }] });
  await untilLedBy(admin, 2);
  for (const relay of relays.values()) relay.bytes = 0;
  for (let sent = 0; sent < COUNT; sent += 1) {
    await producer.send({ topic: TOPIC, messages: [{ value: VALUE }] });
  }
  await reading;

  const [old, leading] = [relays.get(1)?.bytes ?? 0, relays.get(2)?.bytes ?? 0];
  expect(readCount).toBe(COUNT + 1);
  expect(leading).toBeGreaterThan(COUNT * VALUE.length);
  expect(old).toBeLessThan(VALUE.length);
});
