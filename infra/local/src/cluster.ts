/**
 * Several brokers and a registry, for tests that end some of them: each broker a controller too, its data in a temporary
 * folder. All of it is gone with `stop`, or when this process ends, however it ends.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertDiskSpace } from "./disk-space.ts";
import { fetchDistribution } from "./distribution.ts";
import { startGuard, type Guard } from "./guard-process.ts";
import {
  answersApiVersions,
  newClusterId,
  prepareBroker,
  type BrokerSettings,
} from "./kafka-server.ts";
import { makeFiles, planRegistry } from "./plan.ts";
import { freePort } from "./port.ts";
import { CCOMPAT } from "./registry-server.ts";
import { Server } from "./server.ts";
import { findJavas } from "./stack.ts";

/** How to start a cluster. */
export interface ClusterOptions {
  readonly brokerCount: number;
  /** Settings of one broker, laid over the usual ones; default: none. */
  readonly settingsOf?: (broker: BrokerAddress) => BrokerSettings;
  /** Called with a broker's data folder before anything is in it: it may be mounted over. */
  readonly onDataFolder?: (folder: string, nodeId: number) => Promise<void>;
  readonly onProgress?: (message: string) => void;
  /** Ends the start: what it started is stopped. */
  readonly signal?: AbortSignal;
}

/** Where a broker is. */
export interface BrokerAddress {
  /** From 1. */
  readonly nodeId: number;
  readonly port: number;
  readonly controllerPort: number;
}

/** One broker of a cluster. */
export interface ClusterBroker extends BrokerAddress {
  readonly dataDir: string;
  /** False also where it ended by itself. */
  isRunning(): boolean;
  /** Ends it: `SIGKILL` as a crash, `SIGTERM` in order. */
  stop(how: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again, on the same ports and data. */
  start(): Promise<void>;
}

/** A running cluster. */
export interface Cluster {
  readonly brokers: readonly ClusterBroker[];
  /** `host:port` of each broker. */
  readonly addresses: readonly string[];
  /** Ends in `/apis/ccompat/v7`. */
  readonly registryUrl: string;
  stopRegistry(how: "SIGTERM" | "SIGKILL"): Promise<void>;
  startRegistry(): Promise<void>;
  /** Stops all of it. Idempotent. */
  stop(): Promise<void>;
}

/** Starts a cluster. @throws StackError with what is missing and what to do. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { signal, onProgress = () => undefined } = options;
  const home = await mkdtemp(join(tmpdir(), "millrace-cluster-"));
  const guard = startGuard({ folder: home });
  try {
    await assertDiskSpace(home);
    const javas = findJavas();
    const distribution = await fetchDistribution({ onProgress, signal });
    onProgress(`starting ${options.brokerCount} broker(s) and the schema registry`);
    const plan = { home, javas, distribution, ports: "free", demanded: NO_DEMAND } as const;
    const registry = await planRegistry(plan, null);
    const java = { java: javas.kafka, jars: distribution.kafka };
    const brokers = await planBrokers(options, home, java);
    const cluster = new RunningCluster({ brokers, registry, guard });
    await cluster.start(signal);
    return cluster;
  } catch (error) {
    await guard.end();
    throw error;
  }
}

const NO_DEMAND = { kafka: undefined, registry: undefined };

interface PlannedBroker extends BrokerAddress {
  readonly dataDir: string;
  readonly server: Server;
}

async function planBrokers(
  { brokerCount, settingsOf, onDataFolder }: ClusterOptions,
  home: string,
  java: { readonly java: string; readonly jars: string },
): Promise<readonly PlannedBroker[]> {
  const addresses: BrokerAddress[] = [];
  for (let nodeId = 1; nodeId <= brokerCount; nodeId += 1) {
    addresses.push({ nodeId, port: await freePort(), controllerPort: await freePort() });
  }
  const voters = addresses
    .map(({ nodeId, controllerPort }) => `${nodeId}@127.0.0.1:${controllerPort}`)
    .join(",");
  const clusterId = newClusterId();
  return Promise.all(
    addresses.map(async (address) => {
      const { nodeId, port } = address;
      const files = await makeFiles(home, `kafka-${nodeId}`);
      await onDataFolder?.(files.dataDir, nodeId);
      const place = { clusterId, nodeId, voters, brokerCount };
      const settings = settingsOf?.(address) ?? {};
      const plan = { ...java, ...files, ...address, place, settings };
      const server = new Server({
        ...{ name: `Kafka ${nodeId}`, log: files.log, port, known: null },
        answers: () => answersApiVersions(port),
        prepare: () => prepareBroker(plan),
      });
      return { ...address, dataDir: files.dataDir, server };
    }),
  );
}

class RunningCluster implements Cluster {
  readonly brokers: readonly ClusterBroker[];
  readonly #servers: readonly Server[];
  readonly #registry: Server;
  readonly #guard: Guard;

  constructor(of: {
    readonly brokers: readonly PlannedBroker[];
    readonly registry: Server;
    readonly guard: Guard;
  }) {
    this.#registry = of.registry;
    this.#guard = of.guard;
    this.#servers = [...of.brokers.map(({ server }) => server), of.registry];
    this.brokers = of.brokers.map(({ server, ...place }) => ({
      ...place,
      isRunning: () => server.isRunning,
      stop: (how) => server.end(how),
      start: () => this.#start(server),
    }));
  }

  get addresses(): readonly string[] {
    return this.brokers.map(({ port }) => `127.0.0.1:${port}`);
  }

  get registryUrl(): string {
    return `http://127.0.0.1:${this.#registry.port}${CCOMPAT}`;
  }

  /** All at once: a broker answers when most of them are there. */
  async start(signal?: AbortSignal): Promise<void> {
    const starts = await Promise.allSettled(
      this.#servers.map((server) => this.#start(server, signal)),
    );
    const failed = starts.find((start) => start.status === "rejected");
    if (failed === undefined) return;
    await this.stop();
    throw failed.reason;
  }

  stopRegistry(how: "SIGTERM" | "SIGKILL"): Promise<void> {
    return this.#registry.end(how);
  }

  startRegistry(): Promise<void> {
    return this.#start(this.#registry);
  }

  /** By SIGKILL: the last of several brokers would wait for the others before it ends in order. */
  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.end("SIGKILL")));
    await this.#guard.end();
  }

  async #start(server: Server, signal?: AbortSignal): Promise<void> {
    await server.start((known) => this.#guard.watch(known), signal);
  }
}
