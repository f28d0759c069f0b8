import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { NO_TELEMETRY, asOffset, asPartition, asTopic } from "@millrace/engine";
import {
  createLogReader,
  createRecordSink,
  createTopicAdmin,
  plainConnection,
  type KafkaConnection,
} from "@millrace/kafka";
import { freePort, startCluster, type BrokerAddress, type Cluster } from "@millrace/local";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createAuthority } from "../support/certificates.ts";

const PASSWORD = "a secret of this test";

/** The Kafka adapter where brokers want TLS and a password. */
describe("a broker with TLS and a password", () => {
  const authority = createAuthority();
  let port: number;
  let cluster: Cluster;

  beforeAll(async () => {
    port = await freePort();
    const { cert, key } = authority.issue();
    const keystore = join(authority.folder, "keystore.pem");
    writeFileSync(keystore, `${key}${cert}`);
    const settingsOf = (broker: BrokerAddress) => securedSettings(broker, { port, keystore });
    cluster = await startCluster({ brokerCount: 1, settingsOf });
  });

  afterAll(async () => {
    await cluster.stop();
    authority.remove();
  });

  const connection = (password: string, host = "127.0.0.1"): KafkaConnection => ({
    brokers: [`${host}:${port}`],
    clientId: "millrace-test",
    ssl: { kind: "on", ca: authority.ca, cert: null, key: null },
    sasl: { kind: "password", mechanism: "plain", username: "millrace", password },
  });

  it.each(["127.0.0.1", "localhost"])(
    "is written to and read from, answers in many pieces and all: %s",
    async (host) => {
      const secured = { connection: connection(PASSWORD, host), telemetry: NO_TELEMETRY };
      const topic = asTopic(`secured-${host}`);
      const admin = createTopicAdmin(secured);
      onTestFinished(() => admin.close());
      await admin.createTopics([{ topic, partitionCount: 1 }]);
      const sink = createRecordSink(secured);
      onTestFinished(() => sink.close());
      const values = [1, 70_000, 300_000, 10].map((length) => Buffer.alloc(length, length));

      await sink.append(values.map((value) => ({ topic, key: null, value, headers: {} })));

      const reader = createLogReader(secured);
      onTestFinished(() => reader.close());
      const read: Uint8Array[] = [];
      const from = asOffset(0);
      const to = asOffset(values.length);
      for await (const batch of reader.read([{ topic, partition: asPartition(0), from, to }])) {
        for (const { value } of batch.records) read.push(Buffer.from(value ?? []));
      }
      expect(read).toEqual(values);
    },
  );

  it("refuses another password, and the error says so", async () => {
    const reader = createLogReader({ connection: connection("not that") });
    onTestFinished(() => reader.close());

    await expect(reader.ranges(asTopic("any"))).rejects.toMatchObject({ code: "BROKER_REFUSED" });
  });

  it("is not taken for a broker without TLS, and the error says what answers there", async () => {
    const plain = plainConnection([`127.0.0.1:${port}`], "millrace-test");
    const reader = createLogReader({ connection: plain });
    onTestFinished(() => reader.close());

    await expect(reader.ranges(asTopic("any"))).rejects.toThrow("wants TLS");
  });
});

/** A second listener, with TLS and a password; the first stays for whoever starts the broker. */
function securedSettings(
  { port: plainPort, controllerPort }: BrokerAddress,
  { port, keystore }: { readonly port: number; readonly keystore: string },
): Readonly<Record<string, string>> {
  const plain = `PLAINTEXT://127.0.0.1:${plainPort}`;
  const controller = `CONTROLLER://127.0.0.1:${controllerPort}`;
  const secured = `SECURED://127.0.0.1:${port}`;
  const login = "org.apache.kafka.common.security.plain.PlainLoginModule required";
  return {
    listeners: [plain, secured, controller].join(","),
    "advertised.listeners": [plain, secured].join(","),
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL",
    "listener.name.secured.ssl.keystore.type": "PEM",
    "listener.name.secured.ssl.keystore.location": keystore,
    "listener.name.secured.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.secured.plain.sasl.jaas.config": `${login} user_millrace="${PASSWORD}";`,
  };
}
