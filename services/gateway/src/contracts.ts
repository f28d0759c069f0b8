import { existsSync } from "node:fs";
import { loadServers } from "@millrace/config";
import { plainConnection, type KafkaConnection } from "@millrace/kafka";
import {
  createRegistry,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  type Catalog,
  type Registry,
} from "@millrace/schemas";
import type { GatewayArguments } from "./arguments.ts";

/** Servers and contracts that a gateway works with. */
export interface Contracts {
  readonly connection: KafkaConnection;
  readonly registry: Registry;
  readonly catalog: Catalog;
}

const CONFIG_PATH = "millrace.yaml";
const BROKERS = "127.0.0.1:9092";
const REGISTRY_URL = "http://127.0.0.1:8081/apis/ccompat/v7";

/**
 * What the command line names: from a configuration, or from the environment.
 * @throws MillraceError or SchemaError with every problem of the file that does not hold.
 */
export async function readContracts(
  args: Pick<GatewayArguments, "configPath" | "catalogPath">,
  env: NodeJS.ProcessEnv,
): Promise<Contracts> {
  const path =
    args.configPath ?? (args.catalogPath === null && existsSync(CONFIG_PATH) ? CONFIG_PATH : null);
  if (path !== null) return fromConfig(path, args.catalogPath, env);
  const brokers = (env["KAFKA_BROKERS"] ?? BROKERS).split(",").map((broker) => broker.trim());
  return {
    connection: plainConnection(brokers, "millrace-gateway"),
    registry: createRegistry(env["SCHEMA_REGISTRY_URL"] ?? REGISTRY_URL),
    catalog: await loadCatalog(args.catalogPath ?? DEFAULT_CATALOG_PATH),
  };
}

async function fromConfig(
  path: string,
  catalogPath: string | null,
  env: NodeJS.ProcessEnv,
): Promise<Contracts> {
  const { kafka, registry, catalog } = await loadServers(path, { env });
  const { auth, url } = registry;
  return {
    connection: { ...kafka, clientId: `${kafka.clientId}-gateway` },
    registry: createRegistry(url, auth.type === "basic" ? { auth } : {}),
    catalog: catalogPath === null ? catalog : await loadCatalog(catalogPath),
  };
}
