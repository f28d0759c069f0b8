/**
 * One set of connections to a Kafka cluster, over kafkajs's cluster and connections, without its consumer, producer
 * and retry loops: a call is made once and fails with what happened. Who calls repeats.
 *
 * Owns: sockets, the metadata of the topics asked for. Invariants: C1 a request that was not answered in its time
 * costs its broker's sockets, so a half-open connection is never asked twice. C2 `close` ends every socket within a
 * second, whatever the brokers do. C3 metadata never fails as a whole for one missing topic.
 */
import type { Socket } from "node:net";
import { MillraceError, asTopic, type Telemetry, type Topic } from "@millrace/engine";
import Cluster, {
  type Broker,
  type Connection,
  type Logger,
  type Metadata,
  type Protocol,
  type SocketPlan,
} from "kafkajs/src/cluster/index.js";
import Encoder from "kafkajs/src/protocol/encoder.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import protocol, { type RequestDefinition } from "kafkajs/src/protocol/requests/index.js";
import { openBrokerSocket } from "./broker-socket.ts";
import { tlsOptions, type KafkaConnection } from "./connection.ts";
import { KafkaError, brokerError, errorType } from "./kafka-error.ts";
import { settlesWithin, wait } from "./wait.ts";
import { installConnectionHook } from "./connection-hook.ts";
import { installRequestQueueHook } from "./request-queue-hook.ts";

const CONNECT_TIMEOUT_MS = 3_000;
const AUTHENTICATION_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;
const METADATA_AGE_MAX_MS = 60_000;
const MISSING_GRACE_MS = 500;
const MISSING_RETRY_MS = 50;

/** How a client is made. */
export interface ClientOptions {
  readonly connection: KafkaConnection;
  readonly telemetry: Telemetry;
  /** How long an answer may take before the connection counts as dead, ms. */
  readonly requestTimeoutMs: number;
}

/** What a request is. */
export interface KafkaRequest {
  /** kafkajs's name of the API, e.g. `OffsetCommit`. */
  readonly api: string;
  readonly payload: object;
  /** The newest version to be used, where a newer one means something else. */
  readonly versionMax?: number;
  /** Encodes the body in place of kafkajs. */
  readonly encode?: () => object;
  /** Decodes the answer in place of kafkajs. Without it, kafkajs decodes, and nothing throws for error codes. */
  readonly decode?: (data: Buffer, version: number) => unknown;
  /** For answers that the broker holds back on purpose: how long, ms, beyond the client's own time limit. */
  readonly heldMs?: number;
  /** Called when it is handed to a connection: from then on a broker may carry it out, at any time, whatever answer comes. */
  readonly onSent?: () => void;
}

/** A partition's place in the cluster. */
export interface PartitionPlace {
  readonly partition: number;
  /** Node id, or null while none leads. */
  readonly leader: number | null;
}

/** Connections to one cluster. */
export class KafkaClient {
  readonly #options: ClientOptions;
  readonly #cluster: Cluster;
  readonly #sockets = new Map<string, Set<Socket>>();
  readonly #connecting = new Map<Connection, Promise<unknown>>();
  #refreshedAt = -Infinity;
  #refreshing: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: ClientOptions) {
    installConnectionHook();
    installRequestQueueHook();
    this.#options = options;
    const { connection, telemetry, requestTimeoutMs } = options;
    const { sasl } = connection;
    this.#cluster = new Cluster({
      logger: quietLogger(telemetry, () => this.#isClosed),
      socketFactory: (plan) => this.#openSocket(plan),
      brokers: connection.brokers,
      ssl: tlsOptions(connection),
      sasl: sasl.kind === "none" ? null : { ...sasl },
      clientId: connection.clientId,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      authenticationTimeout: AUTHENTICATION_TIMEOUT_MS,
      reauthenticationThreshold: AUTHENTICATION_TIMEOUT_MS,
      requestTimeout: requestTimeoutMs,
      enforceRequestTimeout: true,
      metadataMaxAge: METADATA_AGE_MAX_MS,
      allowAutoTopicCreation: false,
      maxInFlightRequests: null,
      retry: { retries: 0, initialRetryTime: 50 },
    });
    this.#readMetadataOurselves();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The cluster as last seen, or null before the first {@link refresh}. */
  get metadata(): Metadata | null {
    return this.#cluster.brokerPool.metadata;
  }

  /**
   * Connects if needed and reads metadata anew, of the known topics and of `topics`. Concurrent calls share one.
   * @throws MillraceError `BROKER_UNREACHABLE` (retry) or `BROKER_REFUSED`.
   */
  async refresh(topics: readonly string[] = []): Promise<void> {
    const { targetTopics } = this.#cluster;
    const isNew = topics.some((topic) => !targetTopics.has(topic));
    for (const topic of topics) targetTopics.add(topic);
    if (isNew) await this.#refreshing?.catch(() => undefined);
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    await this.#refreshing;
  }

  /**
   * All partitions of a topic, by number. A topic that is not seen is looked for a little longer: the brokers hear of
   * a new one one after the other.
   * @throws MillraceError `TOPIC_MISSING`, `BROKER_REFUSED` (no rights on it), `BROKER_UNREACHABLE`.
   */
  async partitionsOf(topic: string): Promise<readonly PartitionPlace[]> {
    const isStale = performance.now() - this.#refreshedAt > METADATA_AGE_MAX_MS;
    if (isStale) await this.refresh([topic]);
    const until = performance.now() + MISSING_GRACE_MS;
    for (;;) {
      const known = this.#find(topic);
      const error = known === undefined ? missing(topic) : topicError(topic, known.topicErrorCode);
      const isWhole = known !== undefined && known.partitionMetadata.length > 0;
      if (isWhole && error === null) return placesOf(known);
      if (error !== null && error.code !== "TOPIC_MISSING") throw error;
      if (performance.now() > until) {
        // Seen as missing: asked for again next time, but not part of every later refresh.
        this.#cluster.targetTopics.delete(topic);
        throw missing(topic);
      }
      if (known !== undefined) await wait(MISSING_RETRY_MS);
      await this.refresh([topic]);
    }
  }

  /** The node that leads a partition as far as is known, or null. */
  leaderOf(topic: Topic, partition: number): number | null {
    const known = this.#find(topic)?.partitionMetadata.find((one) => one.partitionId === partition);
    return known === undefined || known.leader < 0 ? null : known.leader;
  }

  /** Some node of the cluster, connected if one is. */
  async anyNode(): Promise<number> {
    if (this.#cluster.getNodeIds().length === 0) await this.refresh();
    const ids = this.#cluster.getNodeIds();
    const id = ids[Math.floor(Math.random() * ids.length)];
    if (id === undefined)
      throw new MillraceError("BROKER_UNREACHABLE", "the cluster names no broker");
    return Number(id);
  }

  /** Metadata of these topics, or of all for null, as the cluster gives it now, errors of single topics inside. */
  async describe(topics: readonly string[] | null): Promise<Metadata> {
    return this.send<Metadata>(await this.anyNode(), {
      api: "Metadata",
      payload: { topics: topics ?? [], allowAutoTopicCreation: false },
      encode: () => encodeMetadata(topics),
    });
  }

  /** The node that creates and deletes topics. */
  async controller(): Promise<number> {
    return (await this.describe([])).controllerId;
  }

  /** The node that coordinates a group. */
  async coordinatorOf(groupId: string): Promise<number> {
    const answer = await this.send<CoordinatorAnswer>(await this.anyNode(), {
      api: "GroupCoordinator",
      payload: { groupId, coordinatorType: 0 },
    });
    if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode);
    return answer.coordinator.nodeId;
  }

  /**
   * Sends a request to a node and gives its decoded answer, whose shape is the caller's knowledge of the protocol.
   * Error codes inside are the caller's. Rejects with kafkajs's error when no answer came.
   */
  async send<Answer>(nodeId: number, request: KafkaRequest): Promise<Answer> {
    this.#assertOpen();
    const broker = await this.#cluster.findBroker({ nodeId });
    const { api, payload, encode, decode, heldMs, versionMax = Infinity } = request;
    const made = broker.lookupRequest(apiKeys[api] ?? -1, definitionOf(api, versionMax))(payload);
    const sending: Protocol = {
      request:
        encode === undefined
          ? made.request
          : { ...made.request, encode: () => Promise.resolve(encode()) },
      response: {
        decode:
          decode === undefined
            ? (data: Buffer) => made.response.decode(data)
            : (data) => Promise.resolve(decode(data, made.request.apiVersion)),
        parse: (decoded) => Promise.resolve(decoded),
      },
      requestTimeout: this.#options.requestTimeoutMs + (heldMs ?? 0),
      logResponseError: false,
    };
    const answer = await this.#sendTo(broker, sending, request.onSent);
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the wire's shapes stand with each caller
    return answer as Answer;
  }

  /** Ends all connections, at the latest after a second. Open requests fail. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const address of this.#sockets.keys()) this.#destroySockets(address, "closed");
    await settlesWithin(
      CLOSE_TIMEOUT_MS,
      this.#cluster.disconnect().catch(() => undefined),
    );
  }

  async #refresh(): Promise<void> {
    this.#assertOpen();
    const { brokers } = this.#options.connection;
    // Each try begins with another of the named brokers.
    for (let triesLeft = brokers.length - 1; ; triesLeft -= 1) {
      try {
        await this.#cluster.connect();
        await this.#cluster.refreshMetadata();
        this.#refreshedAt = performance.now();
        return;
      } catch (error) {
        const failure = brokerError(`cannot reach Kafka at ${brokers.join(", ")}`, error);
        if (triesLeft <= 0 || !failure.retryable || this.#isClosed) throw failure;
      }
    }
  }

  async #sendTo(broker: Broker, request: Protocol, onSent?: () => void): Promise<unknown> {
    const { host, port, pool } = broker.connectionPool;
    const connection = pool[request.request.apiName === "Fetch" ? 1 : 0];
    if (connection === undefined) throw new MillraceError("INVARIANT_BROKEN", "no connection");
    try {
      await this.#connectOnce(connection);
      onSent?.();
      return await connection.send(request);
    } catch (error) {
      if (errorType(error) === "KafkaJSRequestTimeoutError") {
        this.#destroySockets(`${host}:${port}`, "no answer in time");
      }
      throw error;
    }
  }

  /** kafkajs would open a second socket for a second request that meets a closed connection. */
  async #connectOnce(connection: Connection): Promise<void> {
    if (connection.isConnected()) return;
    let connecting = this.#connecting.get(connection);
    if (connecting === undefined) {
      connecting = connection.connect().finally(() => this.#connecting.delete(connection));
      this.#connecting.set(connection, connecting);
    }
    await connecting;
  }

  #find(topic: string): Metadata["topicMetadata"][number] | undefined {
    return this.metadata?.topicMetadata.find((known) => known.topic === topic);
  }

  /** kafkajs fails a whole metadata answer for one topic that is missing; here each topic's error stays its own. */
  #readMetadataOurselves(): void {
    const { brokerPool } = this.#cluster;
    const create = brokerPool.createBroker;
    brokerPool.createBroker = (options) => {
      const broker = create(options);
      broker.metadata = (topics) => this.#readMetadata(broker, topics);
      return broker;
    };
  }

  #readMetadata(broker: Broker, topics: readonly string[]): Promise<unknown> {
    const made = broker.lookupRequest(
      apiKeys["Metadata"] ?? -1,
      definitionOf("Metadata"),
    )({ topics, allowAutoTopicCreation: false });
    return this.#sendTo(broker, {
      ...made,
      response: { ...made.response, parse: (decoded) => Promise.resolve(decoded) },
    });
  }

  #openSocket(plan: SocketPlan): Socket {
    const address = `${plan.host}:${plan.port}`;
    const socket = openBrokerSocket(plan);
    const sockets = this.#sockets.get(address) ?? new Set();
    this.#sockets.set(address, sockets.add(socket));
    socket.once("close", () => sockets.delete(socket));
    return socket;
  }

  /** With an error: kafkajs learns of the end of a socket in no other way. */
  #destroySockets(address: string, reason: string): void {
    for (const socket of this.#sockets.get(address) ?? []) socket.destroy(new Error(reason));
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new MillraceError("BROKER_UNREACHABLE", "the Kafka client is closed");
  }
}

function definitionOf(api: string, versionMax = Infinity): RequestDefinition {
  const known = protocol.requests[api];
  if (known === undefined) throw new MillraceError("INVARIANT_BROKEN", `no such request: ${api}`);
  return { ...known, versions: known.versions.filter((version) => Number(version) <= versionMax) };
}

/** Versions 4 to 6. kafkajs cannot ask for no topic at all: it makes that "all". */
function encodeMetadata(topics: readonly string[] | null): object {
  const encoder = new Encoder().writeInt32(topics === null ? -1 : topics.length);
  for (const topic of topics ?? []) encoder.writeString(topic);
  return encoder.writeInt8(0);
}

function placesOf(topic: Metadata["topicMetadata"][number]): readonly PartitionPlace[] {
  return topic.partitionMetadata
    .map(({ partitionId, leader }) => ({
      partition: partitionId,
      leader: leader < 0 ? null : leader,
    }))
    .sort((a, b) => a.partition - b.partition);
}

interface CoordinatorAnswer {
  readonly errorCode: number;
  readonly coordinator: { readonly nodeId: number };
}

function topicError(topic: string, code: number): MillraceError | null {
  if (code === 0) return null;
  const error = new KafkaError(code);
  if (error.type === "LEADER_NOT_AVAILABLE") return null;
  if (error.type === "UNKNOWN_TOPIC_OR_PARTITION") return missing(topic);
  return brokerError(`topic ${topic}`, error);
}

/** The error of a topic that does not exist. */
export function missing(topic: string): MillraceError {
  return new MillraceError("TOPIC_MISSING", `topic does not exist: ${topic}; run millrace init`, {
    details: { topic: asTopic(topic) },
  });
}

/** kafkajs logs failures that this adapter handles and reports itself: they are details. */
function quietLogger(telemetry: Telemetry, isClosed: () => boolean): Logger {
  const debug = (message: unknown): void => {
    if (!isClosed()) telemetry.log("debug", `kafkajs: ${String(message)}`);
  };
  const nothing = (): void => undefined;
  const logger: Logger = {
    namespace: () => logger,
    setLogLevel: nothing,
    error: debug,
    warn: debug,
    info: nothing,
    debug: nothing,
  };
  return logger;
}
