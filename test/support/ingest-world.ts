/**
 * What events go into, for a test: a topic of its own with the users' event types, on real servers, and gateways that
 * the test starts.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { asTopic } from "@millrace/engine";
import { createTopicAdmin, plainConnection } from "@millrace/kafka";
import { freePort, startStack, type Stack } from "@millrace/local";
import { createRegistry, loadCatalog } from "@millrace/schemas";
import { onTestFinished } from "vitest";
import { startMillrace, untilAnswers, type MillraceProcess } from "./millrace-process.ts";

const SCHEMAS = fileURLToPath(new URL("../../schemas/", import.meta.url));
const TYPES = ["users.UserSignedUp", "users.ProfileUpdated", "users.PasswordChanged"];

/** Kafka and a registry. */
export interface Servers {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

/** A gateway of a test. */
export interface TestGateway extends MillraceProcess {
  readonly url: string;
  /** Resolves when `/readyz` answers 200. */
  ready(): Promise<void>;
  /** The status of `/readyz`, and its reasons. */
  readiness(): Promise<{ readonly status: number; readonly reasons: readonly string[] }>;
  /** Posts JSON to `/v1/events`; null when no answer came. */
  post(body: unknown): Promise<Response | null>;
}

/** The world. */
export interface IngestWorld {
  readonly folder: string;
  readonly topic: string;
  readonly catalogPath: string;
  readonly servers: Servers;
  /** Starts a gateway on a free port; it is ended with the test. Does not wait for it. */
  startGateway(...args: readonly string[]): Promise<TestGateway>;
  registerSchemas(): Promise<void>;
  /** Makes the topic and registers the schemas. */
  init(): Promise<void>;
}

/** The servers of the test run. */
export function testServers(): Servers {
  return {
    brokers: (process.env["KAFKA_BROKERS"] ?? "").split(","),
    registryUrl: process.env["SCHEMA_REGISTRY_URL"] ?? "",
  };
}

/** Servers that the test may kill; they go with it. */
export async function ownStack(): Promise<{ readonly stack: Stack; readonly servers: Servers }> {
  const stack = await startStack({ ephemeral: true });
  onTestFinished(() => stack.stop());
  const { brokers, registryUrl } = stack.state;
  return { stack, servers: { brokers, registryUrl } };
}

let worldCount = 0;

/** A world whose topic and schemas are not there until `init`. */
export function ingestWorld(servers: Servers = testServers()): IngestWorld {
  worldCount += 1;
  const topic = `i${Date.now().toString(36)}${process.pid.toString(36)}n${worldCount}.users`;
  const folder = mkdtempSync(join(tmpdir(), "millrace-ingest-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const catalogPath = writeCatalog(folder, topic);
  let gatewayCount = 0;
  return {
    folder,
    topic,
    catalogPath,
    servers,
    registerSchemas: () => registerSchemas(catalogPath, servers),
    async init() {
      await registerSchemas(catalogPath, servers);
      await createTopics(catalogPath, servers);
    },
    async startGateway(...args) {
      gatewayCount += 1;
      const port = await freePort();
      const command = ["gateway", "--port", String(port), "--catalog", catalogPath, ...args];
      const env = {
        KAFKA_BROKERS: servers.brokers.join(","),
        SCHEMA_REGISTRY_URL: servers.registryUrl,
        XDG_CACHE_HOME: join(folder, "cache"),
      };
      const running = startMillrace(command, { folder, name: `gateway-${gatewayCount}`, env });
      onTestFinished(async () => {
        if (running.isRunning) await running.end("SIGKILL");
      });
      return Object.assign(running, calls(`http://127.0.0.1:${port}`, running));
    },
  };
}

function calls(url: string, running: MillraceProcess): Omit<TestGateway, keyof MillraceProcess> {
  return {
    url,
    ready: () => untilAnswers(`${url}/readyz`, running),
    async readiness() {
      await untilAnswers(`${url}/livez`, running);
      const response = await fetch(`${url}/readyz`);
      // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the gateway's own answer
      const { reasons } = (await response.json()) as { reasons: string[] };
      return { status: response.status, reasons };
    },
    post: (body) =>
      fetch(`${url}/v1/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }).catch(() => null),
  };
}

async function registerSchemas(catalogPath: string, { registryUrl }: Servers): Promise<void> {
  const catalog = await loadCatalog(catalogPath);
  const registry = createRegistry(registryUrl);
  for (const { subject, avro } of catalog.types.values()) await registry.register(subject, avro);
}

async function createTopics(catalogPath: string, { brokers }: Servers): Promise<void> {
  const catalog = await loadCatalog(catalogPath);
  const admin = createTopicAdmin({ connection: plainConnection(brokers, "millrace-test") });
  await admin.createTopics(
    [...catalog.topics.values()].map(({ name, partitions }) => ({
      topic: asTopic(name),
      partitionCount: partitions,
    })),
  );
  await admin.close();
}

function writeCatalog(folder: string, topic: string): string {
  const path = join(folder, "catalog.yaml");
  const events = TYPES.map((type) => {
    const schema = join(SCHEMAS, `${type.replace(".", "/")}.avsc`);
    return [type, { topic, schema, owner: "test" }] as const;
  });
  const topics = { [topic]: { partitions: 6, retention: "1d", key: "userId" } };
  const catalog = { apiVersion: "millrace/v1", topics, events: Object.fromEntries(events) };
  writeFileSync(path, JSON.stringify(catalog));
  return path;
}
