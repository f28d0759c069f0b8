/** The world of a run: servers, topic, configuration, targets behind proxies, gateway. All of it goes with `close`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, startGuard, type Guard } from "@millrace/local";
import type { TargetTerms } from "../checker/history.ts";
import {
  runMillrace,
  startMillrace,
  untilAnswers,
  type MillraceProcess,
} from "../support/millrace-process.ts";
import { BODY_MAPPING, EVENT_TYPE, FILTER } from "./contract.ts";
import { planFaults } from "./fault-plan.ts";
import type { Profile } from "./profile.ts";
import { startServers, type Servers, type ServersOptions } from "./servers.ts";
import { startProxy, type Proxy } from "./proxy/proxy-process.ts";
import { startTarget, type Target } from "./target/target-process.ts";

const SCHEMAS = fileURLToPath(new URL("../../schemas/", import.meta.url));

/** What every target of a run is promised. */
const TERMS = {
  order: "key",
  onDeadLetter: "quarantine",
  concurrencyMax: 64,
  rate: null,
  maxAgeMs: 86_400_000,
  maxAttempts: null,
  backoffCapMs: 1_000,
  sessionTimeoutMs: 10_000,
} as const;

/** A target and the network before it. */
export interface WorldTarget {
  readonly target: Target;
  readonly proxy: Proxy;
  readonly terms: TargetTerms;
  readonly hasFilter: boolean;
}

/** The world. */
export interface World {
  /** Of the run: history, raw records, outputs. */
  readonly folder: string;
  readonly rawFolder: string;
  readonly namespace: string;
  readonly topic: string;
  readonly configPath: string;
  readonly servers: Servers;
  readonly guard: Guard;
  readonly gatewayUrl: string;
  /** Of the events' schema, as the registry says. */
  readonly schemaId: number;
  readonly targets: readonly WorldTarget[];
  /** SIGKILL to the gateway. */
  killGateway(): Promise<void>;
  /** Starts it again, on the same port; resolves when it takes events. */
  startGateway(): Promise<void>;
  /** Opens ports for a delivery process; the environment that leads to them. */
  environmentFor(name: string): Promise<NodeJS.ProcessEnv>;
  close(): Promise<void>;
}

/** What a world is made from. */
export interface WorldOptions {
  readonly profile: Profile;
  readonly seed: number;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

/** Makes it. @throws StackError, or Error with what a process said that could not start. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const { profile, seed, folder, signal, onProgress } = options;
  await using cleanup = new AsyncDisposableStack();
  const rawFolder = join(folder, "raw");
  mkdirSync(rawFolder, { recursive: true });
  const guard = startGuard();
  cleanup.defer(() => guard.end());
  const { brokerCount } = profile;
  const disk = planFaults(profile, seed).includes("disk-full") ? "small" : "large";
  const started: ServersOptions = { brokerCount, disk, rawFolder, seed, guard, signal, onProgress };
  const servers = await startServers(started);
  cleanup.defer(() => servers.close());
  const { registryUrl } = servers.cluster;
  const targets: WorldTarget[] = [];
  for (const [index, name] of profile.targets.entries()) {
    const made = await makeTarget(name, { rawFolder, seed: seed * 100 + index, guard });
    cleanup.defer(async () => {
      await made.proxy.stop();
      await made.target.stop();
    });
    targets.push({
      ...made,
      terms: { ...TERMS, timeoutMs: profile.targetTimeoutMs, target: name, topics: [TOPIC] },
      hasFilter: index === 1,
    });
  }
  const namespace = "chaos";
  writeCatalog(folder, profile.partitionCount);
  const configPath = writeConfig(folder, { namespace, registryUrl, targets });
  const nowhere = profile.targets.map((name) => [urlVariable(name), "http://127.0.0.1:9"] as const);
  const directly = {
    ...Object.fromEntries(nowhere),
    [BROKERS_VARIABLE]: servers.addresses.join(","),
  };
  await runMillrace(["init", "-c", configPath], { folder, name: "init", env: directly });
  const port = await freePort();
  const gatewayUrl = `http://127.0.0.1:${port}`;
  const env = { ...directly, XDG_CACHE_HOME: join(folder, "cache") };
  let gateway: MillraceProcess;
  const startGateway = async (): Promise<void> => {
    const command = ["gateway", "-c", configPath, "--port", String(port)];
    gateway = startMillrace(command, { folder, name: "gateway", env });
    guard.watch(gateway);
    await untilAnswers(`${gatewayUrl}/readyz`, gateway);
  };
  await startGateway();
  cleanup.defer(async () => {
    if (gateway.isRunning) await gateway.end("SIGTERM");
  });
  const schemaId = await readSchemaId(registryUrl, TOPIC);
  const moved = cleanup.move();
  return {
    ...{ folder, rawFolder, namespace, topic: TOPIC, configPath, servers, guard },
    ...{ gatewayUrl, schemaId, targets, startGateway },
    async killGateway() {
      await gateway.end("SIGKILL");
    },
    async environmentFor(name) {
      const env: NodeJS.ProcessEnv = {
        [BROKERS_VARIABLE]: servers.addressesBehindNetwork.join(","),
      };
      for (const { target, proxy } of targets) {
        const behind = await target.listenFor(name);
        const port = await proxy.route({ port: 0, behind });
        env[urlVariable(target.name)] = `http://127.0.0.1:${port}`;
      }
      return env;
    },
    close: () => moved.disposeAsync(),
  };
}

const TOPIC = "users";
const BROKERS_VARIABLE = "CHAOS_BROKERS";

async function makeTarget(
  name: string,
  of: { readonly rawFolder: string; readonly seed: number; readonly guard: Guard },
): Promise<Pick<WorldTarget, "proxy" | "target">> {
  const { rawFolder, seed, guard } = of;
  const watch: Guard["watch"] = (child) => guard.watch(child);
  const logPath = join(rawFolder, `recv-${name}.jsonl`);
  const target = await startTarget({ name, logPath, seed }, watch);
  const proxy = await startProxy({ logPath: join(rawFolder, `cuts-${name}.jsonl`), seed }, watch);
  return { target, proxy };
}

function writeCatalog(folder: string, partitions: number): void {
  const schema = join(SCHEMAS, `${EVENT_TYPE.replace(".", "/")}.avsc`);
  const catalog = {
    apiVersion: "millrace/v1",
    topics: { [TOPIC]: { partitions, retention: "7d", key: "userId" } },
    events: { [EVENT_TYPE]: { topic: TOPIC, schema, owner: "chaos" } },
  };
  writeFileSync(join(folder, "catalog.yaml"), JSON.stringify(catalog, null, 2));
}

function writeConfig(
  folder: string,
  of: Pick<World, "namespace" | "targets"> & { readonly registryUrl: string },
): string {
  const targets = of.targets.map(({ terms, hasFilter }) => {
    const { target, timeoutMs, backoffCapMs, concurrencyMax, onDeadLetter, order } = terms;
    return [
      target,
      {
        ...{ topics: terms.topics, startAt: "earliest", order, onDeadLetter },
        ...(hasFilter ? { filter: FILTER } : {}),
        request: {
          method: "POST",
          url: `\${env:${urlVariable(target)}}/v1/profiles`,
          body: BODY_MAPPING,
          timeout: `${timeoutMs}ms`,
        },
        concurrency: { max: concurrencyMax },
        retry: { base: "50ms", cap: `${backoffCapMs}ms` },
        breaker: { halfOpenAfter: "2s" },
      },
    ] as const;
  });
  const config = {
    apiVersion: "millrace/v1",
    namespace: of.namespace,
    catalog: "./catalog.yaml",
    kafka: { brokers: [`\${env:${BROKERS_VARIABLE}}`] },
    registry: { url: of.registryUrl },
    targets: Object.fromEntries(targets),
  };
  const path = join(folder, "millrace.yaml");
  writeFileSync(path, JSON.stringify(config, null, 2));
  return path;
}

function urlVariable(target: string): string {
  return `CHAOS_URL_${target.toUpperCase()}`;
}

async function readSchemaId(registryUrl: string, topic: string): Promise<number> {
  const subject = encodeURIComponent(`${topic}-${EVENT_TYPE}`);
  const response = await fetch(`${registryUrl}/subjects/${subject}/versions/latest`);
  const answer: unknown = await response.json();
  if (typeof answer === "object" && answer !== null && "id" in answer) return Number(answer.id);
  throw new Error(`the registry has no schema of ${subject}: ${JSON.stringify(answer)}`);
}
