import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Cluster from "kafkajs/src/cluster/index.js";
import assignerProtocol from "kafkajs/src/consumer/assignerProtocol.js";
import Connection from "kafkajs/src/network/connection.js";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import protocolError from "kafkajs/src/protocol/error.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import protocol from "kafkajs/src/protocol/requests/index.js";
import { describe, expect, it } from "vitest";

/** The APIs this adapter speaks, and the newest version of each that its readers and writers know. */
const APIS = {
  Produce: 7,
  Fetch: 11,
  ListOffsets: 3,
  Metadata: 6,
  OffsetCommit: 5,
  OffsetFetch: 4,
  GroupCoordinator: 2,
  JoinGroup: 5,
  Heartbeat: 3,
  LeaveGroup: 3,
  SyncGroup: 3,
  DescribeGroups: 2,
  CreateTopics: 3,
  DeleteTopics: 1,
  InitProducerId: 1,
  DescribeConfigs: 2,
  DeleteGroups: 1,
  DeleteRecords: 1,
};

const nothing = (): void => undefined;

function newCluster(): Cluster {
  const logger = { setLogLevel: nothing, error: nothing, warn: nothing, info: nothing };
  const own = { ...logger, debug: nothing, namespace: () => own };
  return new Cluster({
    logger: own,
    socketFactory: () => {
      throw new Error("no socket in this test");
    },
    brokers: ["127.0.0.1:1"],
    ssl: null,
    sasl: null,
    clientId: "test",
    connectionTimeout: 1,
    authenticationTimeout: 1,
    reauthenticationThreshold: 1,
    requestTimeout: 1,
    enforceRequestTimeout: true,
    metadataMaxAge: 1,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    retry: { retries: 0, initialRetryTime: 1 },
  });
}

describe("the inside of kafkajs that the adapter stands on", () => {
  it("is that of the pinned version", () => {
    const path = createRequire(import.meta.url).resolve("kafkajs/package.json");

    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ version: "2.2.4" });
  });

  it.each(Object.entries(APIS))(
    "speaks %s up to version %i, as our readers expect",
    (api, newest) => {
      expect(apiKeys[api]).toBeTypeOf("number");
      expect(protocol.requests[api]).toMatchObject({ versions: expect.any(Array) as unknown });
      const versions: unknown = Reflect.get(protocol.requests[api] ?? {}, "versions");
      expect(Array.isArray(versions) && versions.map(Number)).toContain(newest);
      expect(Array.isArray(versions) && versions.map(Number)).not.toContain(newest + 1);
    },
  );

  it("has the cluster's methods, and lets its brokers be made by us", () => {
    const cluster = newCluster();

    for (const name of ["connect", "disconnect", "refreshMetadata", "findBroker", "getNodeIds"]) {
      expect(Reflect.get(cluster, name)).toBeTypeOf("function");
    }
    expect(cluster.targetTopics).toBeInstanceOf(Set);
    expect(cluster.brokerPool.metadata).toBeNull();
    expect(cluster.brokerPool.createBroker).toBeTypeOf("function");
    expect(Object.hasOwn(cluster.brokerPool, "createBroker")).toBe(true);
  });

  it("has brokers with two connections, the second for fetching, and a lookup of requests", () => {
    const { brokerPool } = newCluster();
    const connection = { isConnected: () => false };
    const logger = { namespace: () => logger };

    const broker = brokerPool.createBroker({ connectionPool: { pool: [connection] }, logger });

    expect(Reflect.get(broker, "lookupRequest")).toBeTypeOf("function");
    expect(Reflect.get(broker, "metadata")).toBeTypeOf("function");
    expect(broker.connectionPool.pool).toHaveLength(1);
  });

  it("has the request queue's timer where the hook replaces it", () => {
    const { prototype } = RequestQueue;

    expect(Reflect.get(prototype, "scheduleCheckPendingRequests")).toBeTypeOf("function");
    expect(Reflect.get(prototype, "checkPendingRequests")).toBeTypeOf("function");
    const queue: unknown = Reflect.construct(RequestQueue, [{ logger: {} }]);
    expect(queue).toMatchObject({ pending: [], throttledUntil: -1, throttleCheckTimeoutId: null });
  });

  it("keeps pieces of answers in fields of the connection, where the hook empties them", () => {
    const logger = { namespace: () => ({}) };
    const connection: unknown = Reflect.construct(Connection, [{ logger }]);

    expect(Reflect.get(Connection.prototype, "processData")).toBeTypeOf("function");
    expect(connection).toMatchObject({ chunks: [], bytesBuffered: 0 });
  });

  it("encodes strings, and members' topics and assignments", () => {
    const assignment = { users: [0, 2] };
    const { MemberAssignment, MemberMetadata } = assignerProtocol;

    expect(new Encoder().writeString("ab").buffer).toEqual(Buffer.from([0, 2, 97, 98]));
    const encoded = MemberAssignment.encode({ version: 0, assignment });
    expect(MemberAssignment.decode(encoded)).toMatchObject({ assignment });
    const userData = Buffer.from("note");
    const metadata = MemberMetadata.encode({ version: 0, topics: ["users"], userData });
    expect(MemberMetadata.decode(metadata)).toMatchObject({ topics: ["users"], userData });
  });

  it("names errors by their codes", () => {
    expect(protocolError.createErrorFromCode(22).type).toBe("ILLEGAL_GENERATION");
    expect(protocolError.createErrorFromCode(25).type).toBe("UNKNOWN_MEMBER_ID");
    expect(protocolError.createErrorFromCode(27).type).toBe("REBALANCE_IN_PROGRESS");
    expect(protocolError.createErrorFromCode(79).type).toBe("MEMBER_ID_REQUIRED");
  });
});
