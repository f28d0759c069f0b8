/** What a cell is measured in: a topic with its backlog, and a configuration with a target for each run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runMillrace } from "../../support/millrace-process.ts";
import { Emission, type BenchServers } from "./emission.ts";
import { BODY_MAPPING, EVENT_TYPE, FILLER_SCHEMA_FILE, FILLER_TYPE, SCHEMA_FILE } from "./event.ts";

/** What a world holds. */
export interface WorldShape {
  /** Names its topics and groups. */
  readonly namespace: string;
  readonly eventCount: number;
  readonly keyCount: number;
  readonly partitionCount: number;
  /** Attempts in flight of each target. */
  readonly inFlight: number;
  /** Targets, each for one run. */
  readonly targetNames: readonly string[];
  /** Where they are called. */
  readonly url: string;
  /** Records of another type behind each event; default: none. */
  readonly fillersPerEvent?: number;
  /** Laid over each target's settings; default: nothing. */
  readonly target?: Readonly<Record<string, unknown>>;
}

/** A world. */
export interface BenchWorld extends WorldShape {
  readonly folder: string;
  readonly catalogPath: string;
  readonly configPath: string;
  readonly topic: string;
}

/** Makes a world whose backlog is emitted. */
export async function createBacklogWorld(
  servers: BenchServers,
  shape: WorldShape,
  parent: string,
): Promise<BenchWorld> {
  const world = await createBenchWorld(servers, shape, parent);
  await using emission = await Emission.open(servers, world);
  await emission.all(shape.eventCount, shape.fillersPerEvent);
  return world;
}

/** Makes a world in which nothing is emitted yet. */
export async function createBenchWorld(
  servers: BenchServers,
  shape: WorldShape,
  parent: string,
): Promise<BenchWorld> {
  const folder = join(parent, shape.namespace);
  mkdirSync(folder, { recursive: true });
  const topic = `${shape.namespace}.events`;
  const catalogPath = join(folder, "catalog.yaml");
  const configPath = join(folder, "bench.yaml");
  writeFileSync(catalogPath, JSON.stringify(catalogOf(topic, shape), null, 2));
  writeFileSync(configPath, JSON.stringify(configOf(topic, shape, servers), null, 2));
  await runMillrace(["init", "-c", configPath], { folder, name: "init" });
  return { ...shape, folder, catalogPath, configPath, topic };
}

function catalogOf(topic: string, { partitionCount }: WorldShape): unknown {
  return {
    apiVersion: "millrace/v1",
    topics: { [topic]: { partitions: partitionCount, retention: "1d", key: "userId" } },
    events: {
      [EVENT_TYPE]: { topic, schema: SCHEMA_FILE, owner: "bench" },
      [FILLER_TYPE]: { topic, schema: FILLER_SCHEMA_FILE, owner: "bench" },
    },
  };
}

function configOf(topic: string, shape: WorldShape, servers: BenchServers): unknown {
  const target = {
    topics: [topic],
    startAt: "earliest",
    request: { method: "POST", url: shape.url, body: BODY_MAPPING },
    concurrency: { max: shape.inFlight },
    ...shape.target,
  };
  return {
    apiVersion: "millrace/v1",
    namespace: shape.namespace,
    catalog: "./catalog.yaml",
    kafka: { brokers: servers.brokers },
    registry: { url: servers.registryUrl },
    targets: Object.fromEntries(shape.targetNames.map((name) => [name, target])),
  };
}
