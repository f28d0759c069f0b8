/**
 * The inside of kafkajs 2.2.4 that this adapter stands on, as far as it is used. `kafkajs-pin.test.ts` holds version
 * and shape: a release that changes either fails there, not in production.
 */
declare module "kafkajs/src/cluster/index.js" {
  import type { Socket } from "node:net";
  import type { ConnectionOptions } from "node:tls";

  interface Logger {
    namespace(name: string): Logger;
    setLogLevel(level: number): void;
    error(message: unknown, extra?: object): void;
    warn(message: unknown, extra?: object): void;
    info(message: unknown, extra?: object): void;
    debug(message: unknown, extra?: object): void;
  }

  interface SocketPlan {
    readonly host: string;
    readonly port: number;
    readonly ssl: ConnectionOptions | null | undefined;
    readonly onConnect: () => void;
  }

  interface SaslPlan {
    readonly mechanism: string;
    readonly username: string;
    readonly password: string;
  }

  interface ClusterOptions {
    readonly logger: Logger;
    readonly socketFactory: (plan: SocketPlan) => Socket;
    readonly brokers: readonly string[];
    readonly ssl: ConnectionOptions | null;
    readonly sasl: SaslPlan | null;
    readonly clientId: string;
    readonly connectionTimeout: number;
    readonly authenticationTimeout: number;
    readonly reauthenticationThreshold: number;
    readonly requestTimeout: number;
    readonly enforceRequestTimeout: boolean;
    readonly metadataMaxAge: number;
    readonly allowAutoTopicCreation: boolean;
    readonly maxInFlightRequests: number | null;
    readonly retry: { readonly retries: number; readonly initialRetryTime: number };
  }

  interface Protocol {
    readonly request: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly apiName: string;
      encode(): Promise<object>;
    };
    readonly response: {
      decode(data: Buffer): Promise<unknown>;
      parse(decoded: unknown): Promise<unknown>;
    };
    readonly requestTimeout?: number;
    readonly logResponseError?: boolean;
  }

  interface Connection {
    isConnected(): boolean;
    connect(): Promise<unknown>;
    send(protocol: Protocol): Promise<unknown>;
  }

  interface Broker {
    readonly nodeId: number;
    readonly connectionPool: {
      readonly host: string;
      readonly port: number;
      readonly pool: readonly Connection[];
    };
    /** Instance override: metadata answers are read by this adapter, errors and all. */
    metadata(topics: readonly string[]): Promise<unknown>;
    lookupRequest(apiKey: number, definition: object): (payload: object) => Protocol;
  }

  interface TopicMetadata {
    readonly topicErrorCode: number;
    readonly topic: string;
    readonly isInternal: boolean;
    readonly partitionMetadata: readonly {
      readonly partitionErrorCode: number;
      readonly partitionId: number;
      readonly leader: number;
      readonly replicas: readonly number[];
      readonly isr: readonly number[];
    }[];
  }

  interface Metadata {
    readonly brokers: readonly {
      readonly nodeId: number;
      readonly host: string;
      readonly port: number;
    }[];
    readonly clusterId: string;
    readonly controllerId: number;
    readonly topicMetadata: readonly TopicMetadata[];
  }

  class Cluster {
    constructor(options: ClusterOptions);
    readonly targetTopics: Set<string>;
    readonly brokerPool: {
      createBroker: (options: object) => Broker;
      readonly metadata: Metadata | null;
    };
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    refreshMetadata(): Promise<void>;
    findBroker(node: { readonly nodeId: number }): Promise<Broker>;
    getNodeIds(): readonly string[];
  }

  export type { Broker, ClusterOptions, Connection, Logger, Metadata, Protocol, SocketPlan };
  export default Cluster;
}

declare module "kafkajs/src/protocol/requests/index.js" {
  /** Versions that kafkajs knows of a request, and how it makes each. */
  export interface RequestDefinition {
    readonly versions: readonly string[];
    readonly protocol: (chosen: { readonly version: number }) => unknown;
  }
  const protocol: { readonly requests: Readonly<Record<string, RequestDefinition>> };
  export default protocol;
}

declare module "kafkajs/src/protocol/requests/apiKeys.js" {
  const apiKeys: Readonly<Record<string, number>>;
  export default apiKeys;
}

declare module "kafkajs/src/protocol/error.js" {
  const protocolError: {
    createErrorFromCode(
      code: number,
    ): Error & { readonly type: string; readonly retriable: boolean };
  };
  export default protocolError;
}

declare module "kafkajs/src/protocol/encoder.js" {
  class Encoder {
    constructor(initialSize?: number);
    readonly buffer: Buffer;
    writeInt8(value: number): this;
    writeInt16(value: number): this;
    writeInt32(value: number): this;
    writeInt64(value: number | string): this;
    writeString(value: string | null): this;
    writeBuffer(value: Buffer): this;
    writeArray(values: readonly unknown[], type?: string): this;
  }
  export default Encoder;
}

declare module "kafkajs/src/network/connection.js" {
  import type { Socket } from "node:net";

  class Connection {
    /** What has been read and belongs to no whole answer yet. */
    chunks: Buffer[];
    /** Of those, together. */
    readonly bytesBuffered: number;
    readonly requestQueue: {
      fulfillRequest(answer: { readonly correlationId: number; readonly payload: Buffer }): void;
    };
    readonly socket?: Socket;
    connect(): Promise<unknown>;
    processData(data: Buffer): void;
  }
  export default Connection;
}

declare module "kafkajs/src/network/requestQueue/index.js" {
  class RequestQueue {
    readonly pending: readonly unknown[];
    readonly throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
  export default RequestQueue;
}

declare module "kafkajs/src/consumer/assignerProtocol.js" {
  const assignerProtocol: {
    readonly MemberMetadata: {
      encode(value: {
        readonly version: number;
        readonly topics: readonly string[];
        readonly userData: Buffer;
      }): Buffer;
      decode(bytes: Buffer): {
        readonly topics: readonly string[];
        readonly userData: Buffer | null;
      };
    };
    readonly MemberAssignment: {
      encode(value: {
        readonly version: number;
        readonly assignment: Readonly<Record<string, readonly number[]>>;
      }): Buffer;
      decode(bytes: Buffer): {
        readonly assignment: Readonly<Record<string, readonly number[]>>;
      } | null;
    };
  };
  export default assignerProtocol;
}

declare module "kafkajs/src/producer/partitioners/default/murmur2.js" {
  const murmur2: (key: Buffer) => number;
  export default murmur2;
}
