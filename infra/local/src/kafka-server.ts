import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerCommand } from "./server-process.ts";
import { StackError } from "./stack-error.ts";

const LOGGING = fileURLToPath(new URL("../log4j2.xml", import.meta.url));
const JVM = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"];
const ANSWER_MS_MAX = 2_000;

/** What one broker is started with. */
export interface BrokerPlan {
  /** Path of a Java of at least `KAFKA_JAVA_MIN`. */
  readonly java: string;
  /** Folder of Kafka's jars. */
  readonly jars: string;
  readonly dataDir: string;
  readonly log: string;
  readonly port: number;
  readonly controllerPort: number;
  /** Default: alone. */
  readonly place?: ClusterPlace;
  /** Laid over its configuration. */
  readonly settings?: BrokerSettings;
}

/** Where a broker stands among others. */
export interface ClusterPlace {
  /** The same for all: 22 characters of base64url. */
  readonly clusterId: string;
  /** From 1. */
  readonly nodeId: number;
  /** `<node>@<host>:<controller port>` of each, with commas. */
  readonly voters: string;
  readonly brokerCount: number;
}

/** Kafka's own settings by name. */
export type BrokerSettings = Readonly<Record<string, string | number | boolean>>;

/** The oldest Java that Kafka 4 runs on. */
export const KAFKA_JAVA_MIN = 17;

/** Formats the data folder where it is new, writes the configuration, and gives the command to start. */
export async function prepareBroker(plan: BrokerPlan): Promise<ServerCommand> {
  const { java, jars, dataDir, log } = plan;
  const temporary = join(dataDir, "tmp");
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await writeFile(join(dataDir, "server.properties"), serverProperties(plan));
  // Native codecs are unpacked to the temporary folder: its own, not the system's.
  const options = [`-Djava.io.tmpdir=${temporary}`, `-Dlog4j2.configurationFile=${LOGGING}`];
  const base = [...JVM, "-cp", `${jars}/*`, ...options];
  if (!existsSync(join(dataDir, "log", "meta.properties"))) {
    const id = plan.place?.clusterId ?? newClusterId();
    const format = ["kafka.tools.StorageTool", "format", "-t", id, "-c", "server.properties"];
    const done = spawnSync(java, [...base, ...format], { cwd: dataDir, encoding: "utf8" });
    if (done.status !== 0) throw formatFailed(dataDir, `${done.stdout}${done.stderr}`);
  }
  const args = [...base, "kafka.Kafka", "server.properties"];
  return { name: "Kafka", command: java, args, env: {}, cwd: dataDir, log };
}

/** An id for a new cluster. */
export function newClusterId(): string {
  return randomUUID().replaceAll("-", "").slice(0, 22);
}

/**
 * Whether a broker answers an ApiVersions request.
 * Source: https://kafka.apache.org/protocol#The_Messages_ApiVersions (key 18, version 0, header version 1).
 */
export function answersApiVersions(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ANSWER_MS_MAX, () => end(false));
    socket.once("error", () => end(false));
    socket.once("close", () => end(false));
    socket.once("connect", () => socket.write(apiVersionsRequest()));
    socket.once("data", (data) => end(data.length >= 10 && data.readInt16BE(8) === 0));
  });
}

function apiVersionsRequest(): Buffer {
  const request = Buffer.alloc(14);
  request.writeInt32BE(10, 0);
  request.writeInt16BE(18, 4);
  request.writeInt16BE(0, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(-1, 12);
  return request;
}

/**
 * The configuration of one broker that is a controller too, small and quick. Paths are relative to its folder. Several
 * brokers hold everything on up to three of them, and acknowledge what all but one of these hold.
 */
export function serverProperties({
  port,
  controllerPort,
  place,
  settings = {},
}: Pick<BrokerPlan, "port" | "controllerPort" | "place" | "settings">): string {
  const replicas = Math.min(3, place?.brokerCount ?? 1);
  const inSyncMin = Math.max(1, replicas - 1);
  const all: BrokerSettings = {
    "process.roles": "broker,controller",
    "node.id": place?.nodeId ?? 1,
    "controller.quorum.voters": place?.voters ?? `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": "log",
    "num.network.threads": 2,
    "num.io.threads": 4,
    "num.recovery.threads.per.data.dir": 2,
    // A topic that is not there is an error, not a topic with one partition.
    "auto.create.topics.enable": false,
    "default.replication.factor": replicas,
    "min.insync.replicas": inSyncMin,
    "offsets.topic.num.partitions": 8,
    "offsets.topic.replication.factor": replicas,
    // A stack that rests for weeks keeps its groups' offsets: their loss would stop every target with an alarm.
    "offsets.retention.minutes": 525_600,
    "transaction.state.log.num.partitions": 4,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSyncMin,
    "share.coordinator.state.topic.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": replicas,
    "share.coordinator.state.topic.min.isr": inSyncMin,
    // The broker would hold 128 MiB for a cleaner that has little to clean.
    "log.cleaner.dedupe.buffer.size": 16_777_216,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function formatFailed(dataDir: string, output: string): StackError {
  return new StackError("START_FAILED", {
    message: `Kafka's storage could not be formatted at ${dataDir}: ${output.trim()}`,
    hint: "remove that folder to begin anew; what is in it is lost then",
  });
}
