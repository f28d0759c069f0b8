/**
 * A small world for a test: a topic and targets of its own, demo APIs that record what arrives, an emitter, and
 * delivery processes that the test starts and ends. Everything is real and everything is unique to the test.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startDemoApiProcess, type ApiScript, type DemoApi } from "@millrace/demo";
import { createEmitter, type Emitter } from "@millrace/emitter";
import { plainConnection } from "@millrace/kafka";
import { freePort } from "@millrace/local";
import type { EventMap } from "@millrace/schemas";
import { onTestFinished } from "vitest";
import { readArrivals, type Arrival } from "./arrivals.ts";
import {
  runMillrace,
  startMillrace,
  untilAnswers,
  type MillraceProcess,
} from "./millrace-process.ts";
import { until } from "./until.ts";
import { metricSum } from "./metric-sum.ts";

const SCHEMAS = fileURLToPath(new URL("../../schemas/", import.meta.url));
const USER_TYPES = ["users.UserSignedUp", "users.ProfileUpdated", "users.PasswordChanged"];

/** How a world is made. */
export interface WorldOptions {
  /** Demo APIs by name, with what they do at first. */
  readonly apis: Readonly<Record<string, Partial<ApiScript>>>;
  /** Default 6. */
  readonly partitions?: number;
  /** Topics of the world, by event type, for types that are not on its one topic; a target takes them where it is told to. */
  readonly topicOf?: Readonly<Record<string, string>>;
  /** What is laid over the standard target of each API. */
  readonly target?: Readonly<Record<string, unknown>>;
  /** Laid over the environment of the world's processes. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: the test project's own servers. */
  readonly servers?: { readonly brokers: readonly string[]; readonly registryUrl: string };
}

/** A delivery process. */
export interface Deliverer extends MillraceProcess {
  readonly adminUrl: string;
  /** Resolves when it owns its share of every target. */
  ready(): Promise<void>;
}

/** The world. */
export interface World {
  readonly folder: string;
  readonly namespace: string;
  readonly topic: string;
  readonly configPath: string;
  readonly catalogPath: string;
  readonly servers: { readonly brokers: readonly string[]; readonly registryUrl: string };
  readonly emitter: Emitter<EventMap>;
  api(name: string): DemoApi;
  arrivals(name: string): Arrival[];
  /** Starts a delivery process; it is ended with the test. */
  deliver(...args: readonly string[]): Promise<Deliverer>;
  /** Emits `count` profile updates over `keyCount` users, in turn; those before `from` were emitted already. */
  emitUpdates(count: number, keyCount: number, from?: number): Promise<void>;
  /** Resolves when an API has had so many effects. */
  untilEffects(name: string, count: number, deadlineMs?: number): Promise<void>;
  /** Records behind, by target, as a process's metrics tell. */
  lag(deliverer: Deliverer): Promise<number>;
}

/** Events emitted in one call. */
const BATCH = 1_000;

let worldCount = 0;

/** Makes a world; all of it goes with the test. */
export async function createWorld(options: WorldOptions): Promise<World> {
  worldCount += 1;
  const run = `t${Date.now().toString(36)}${process.pid.toString(36)}n${worldCount}`;
  const folder = mkdtempSync(join(tmpdir(), "millrace-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const servers = options.servers ?? {
    brokers: (process.env["KAFKA_BROKERS"] ?? "").split(","),
    registryUrl: process.env["SCHEMA_REGISTRY_URL"] ?? "",
  };
  const topic = `${run}.users`;
  const apis = await startApis(folder, options.apis);
  const catalogPath = writeCatalog(folder, { run, topic, options });
  const configPath = writeConfig(folder, { run, topic, servers, apis, options });
  await runMillrace(["init", "-c", configPath], { folder, name: "init" });
  const emitter = await createEmitter<EventMap>({
    connection: plainConnection(servers.brokers, "millrace-test"),
    registry: servers.registryUrl,
    catalog: catalogPath,
    source: "urn:millrace:test",
  });
  onTestFinished(() => emitter.close());
  const world = { folder, namespace: run, topic, configPath, catalogPath, servers, emitter };
  return { ...world, ...actions({ ...world, env: options.env ?? {} }, apis) };
}

type Ground = Pick<World, "folder" | "configPath" | "emitter"> & {
  readonly env: NodeJS.ProcessEnv;
};

function actions(
  { folder, configPath, emitter, env }: Ground,
  apis: ReadonlyMap<string, DemoApi>,
): Omit<World, keyof Ground | "namespace" | "topic" | "catalogPath" | "servers"> {
  let delivererCount = 0;
  const api = (name: string): DemoApi => {
    const found = apis.get(name);
    if (found === undefined) throw new Error(`no such API in this world: ${name}`);
    return found;
  };
  return {
    api,
    arrivals: (name) => readArrivals(join(folder, `${name}.ndjson`)),
    async deliver(...args) {
      delivererCount += 1;
      const port = await freePort();
      const command = ["deliver", "-c", configPath, "--admin-port", String(port), ...args];
      const name = `deliver-${delivererCount}`;
      const running = startMillrace(command, { folder, name, env });
      onTestFinished(async () => {
        if (running.isRunning) await running.end("SIGKILL");
      });
      const adminUrl = `http://127.0.0.1:${port}`;
      await untilAnswers(`${adminUrl}/livez`, running);
      const ready = (): Promise<void> => untilAnswers(`${adminUrl}/readyz`, running);
      return Object.assign(running, { adminUrl, ready });
    },
    async emitUpdates(count, keyCount, from = 0) {
      const end = from + count;
      for (let start = from; start < end; start += BATCH) {
        const length = Math.min(BATCH, end - start);
        await emitter.emitBatch(
          Array.from({ length }, (_, index) => profileUpdate(start + index, keyCount)),
        );
      }
    },
    async untilEffects(name, count, deadlineMs = 90_000) {
      let effects = 0;
      await until(
        `${count} effects at ${name}`,
        async () => {
          effects = (await api(name).report()).effects;
          return effects >= count;
        },
        { deadlineMs, seen: () => `there were ${effects}` },
      );
    },
    lag: ({ adminUrl }) => metricSum(adminUrl, "millrace_consumer_lag"),
  };
}

function profileUpdate(index: number, keyCount: number) {
  const user = `user-${index % keyCount}`;
  const data = {
    userId: user,
    display_name: `Name ${index}`,
    email: `${user}@example.com`,
    revision: Math.floor(index / keyCount) + 1,
  };
  return { type: "users.ProfileUpdated", data } as const;
}

async function startApis(
  folder: string,
  scripts: WorldOptions["apis"],
): Promise<ReadonlyMap<string, DemoApi>> {
  const apis = new Map<string, DemoApi>();
  for (const [name, script] of Object.entries(scripts)) {
    const logPath = join(folder, `${name}.ndjson`);
    const keyIn = { in: "body", field: "userId" } as const;
    const api = await startDemoApiProcess({ name, logPath, keyIn, script });
    onTestFinished(() => api.stop());
    apis.set(name, api);
  }
  return apis;
}

function writeCatalog(
  folder: string,
  of: { readonly run: string; readonly topic: string; readonly options: WorldOptions },
): string {
  const { partitions = 6, topicOf = {} } = of.options;
  const path = join(folder, "catalog.yaml");
  const topics: Record<string, object> = {};
  const events: Record<string, object> = {};
  for (const type of USER_TYPES) {
    const name = topicOf[type];
    const topic = name === undefined ? of.topic : `${of.run}.${name}`;
    const schema = join(SCHEMAS, `${type.replace(".", "/")}.avsc`);
    events[type] = { topic, schema, owner: "test" };
    topics[topic] = { partitions, retention: "1d", key: "userId" };
  }
  writeFileSync(path, JSON.stringify({ apiVersion: "millrace/v1", topics, events }));
  return path;
}

function writeConfig(
  folder: string,
  of: {
    readonly run: string;
    readonly topic: string;
    readonly servers: World["servers"];
    readonly apis: ReadonlyMap<string, DemoApi>;
    readonly options: WorldOptions;
  },
): string {
  const targets = [...of.apis].map(([name, { url }]) => [
    name,
    { ...standardTarget(of.topic, url), ...of.options.target },
  ]);
  const config = {
    apiVersion: "millrace/v1",
    namespace: of.run,
    catalog: "./catalog.yaml",
    kafka: { brokers: of.servers.brokers },
    registry: { url: of.servers.registryUrl },
    targets: Object.fromEntries(targets) as unknown,
  };
  const path = join(folder, "millrace.yaml");
  writeFileSync(path, JSON.stringify(config, null, 2));
  return path;
}

/** A target that a test can lay its own settings over. */
function standardTarget(topic: string, url: string): Record<string, unknown> {
  return {
    topics: [topic],
    startAt: "earliest",
    request: {
      method: "POST",
      url: `${url}/v1/updates`,
      body: { userId: "= event.data.userId", event: "= event.id", type: "= event.type" },
      timeout: "5s",
    },
    retry: { base: "50ms", cap: "500ms" },
  };
}
