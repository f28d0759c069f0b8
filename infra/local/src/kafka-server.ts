import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findJava } from "./java.ts";
import type { ServerCommand } from "./server-process.ts";
import { StackError } from "./stack-error.ts";

const LOGGING = fileURLToPath(new URL("../log4j2.xml", import.meta.url));
const JVM = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const JAVA_MIN = 17;

/** What one broker is started with. */
export interface BrokerPlan {
  /** Folder of Kafka's jars. */
  readonly jars: string;
  readonly dataDir: string;
  readonly log: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly isDetached: boolean;
}

/** Formats the data folder where it is new, writes the configuration, and gives the command to start. */
export async function prepareBroker(plan: BrokerPlan): Promise<ServerCommand> {
  const java = findJava(JAVA_MIN, "Apache Kafka");
  await mkdir(plan.dataDir, { recursive: true });
  const properties = join(plan.dataDir, "server.properties");
  await writeFile(properties, serverProperties(plan));
  const base = ["-cp", `${plan.jars}/*`, `-Dlog4j2.configurationFile=${LOGGING}`];
  if (!existsSync(join(plan.dataDir, "log", "meta.properties"))) {
    const id = randomUUID().replaceAll("-", "").slice(0, 22);
    const args = [...base, "kafka.tools.StorageTool", "format", "-t", id, "-c", properties];
    const done = spawnSync(java.command, args, { encoding: "utf8" });
    if (done.status !== 0) throw formatFailed(plan.dataDir, `${done.stdout}${done.stderr}`);
  }
  const args = [...JVM, ...base, "kafka.Kafka", properties];
  const { log, isDetached } = plan;
  return { name: "Kafka", command: java.command, args, cwd: plan.dataDir, log, isDetached };
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
    socket.setTimeout(1_000, () => end(false));
    socket.once("error", () => end(false));
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

function serverProperties({ port, controllerPort, dataDir }: BrokerPlan): string {
  const settings: Record<string, string | number | boolean> = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": join(dataDir, "log"),
    "num.network.threads": 2,
    "num.io.threads": 4,
    "auto.create.topics.enable": false,
    "offsets.topic.num.partitions": 8,
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function formatFailed(dataDir: string, output: string): StackError {
  return new StackError("START_FAILED", {
    message: `Kafka's storage could not be formatted at ${dataDir}: ${output.trim()}`,
    hint: "remove that folder to begin anew; what is in it is lost then",
  });
}
