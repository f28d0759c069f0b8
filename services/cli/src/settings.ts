/**
 * What a command works on: the configuration (`--config`, else `millrace.yaml` in the current folder), and without one
 * the servers of the environment or of `millrace up`, with the catalogue that comes with Millrace.
 */
import { existsSync } from "node:fs";
import type { KafkaConfig, MillraceConfig, RegistryConfig, SecretMask } from "@millrace/config";
import { resolveEndpoints, type Endpoints } from "@millrace/local";
import {
  createRegistry,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  type Catalog,
  type Registry,
} from "@millrace/schemas";
import { CliError } from "./cli-error.ts";
import type { CommandContext } from "./context.ts";
import { EXIT } from "./exit-code.ts";

/** The configuration that is taken where none is named. */
const DEFAULT_CONFIG_PATH = "millrace.yaml";

/** Servers, contracts and targets. */
export interface Settings {
  readonly namespace: string;
  readonly kafka: KafkaConfig;
  readonly registry: RegistryConfig;
  readonly catalog: Catalog;
  readonly targets: MillraceConfig["targets"];
  /** Where all this comes from, for people. */
  readonly origin: string;
}

/** Settings of a configuration, with what takes its secrets out of what is shown. */
export interface MaskedSettings extends Settings {
  readonly secrets: SecretMask;
}

/** The configuration to use, or null where none is named and none is there. */
export function findConfig({ configPath }: Pick<CommandContext, "configPath">): string | null {
  if (configPath !== null) return configPath;
  return existsSync(DEFAULT_CONFIG_PATH) ? DEFAULT_CONFIG_PATH : null;
}

/** The configuration to use. @throws CliError where none is named and none is there. */
export function requireConfig(context: Pick<CommandContext, "configPath">): string {
  const path = findConfig(context);
  if (path !== null) return path;
  throw new CliError(EXIT.notFound, `no configuration: there is no ${DEFAULT_CONFIG_PATH} here`, {
    hint: "name one with --config FILE",
  });
}

/** The environment, with the addresses of the stack of `millrace up` where it names no servers itself. */
export function endpointEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { brokers, registryUrl, from } = resolveEndpoints(env);
  if (from === "default") return env;
  return { KAFKA_BROKERS: brokers.join(","), SCHEMA_REGISTRY_URL: registryUrl, ...env };
}

/**
 * Resolves the settings of a command.
 * @throws MillraceError `CONFIG_MISSING` or SchemaError `CATALOG_MISSING`; `CONFIG_INVALID` or `CATALOG_INVALID`, with all
 * problems.
 */
export async function loadSettings(
  context: Pick<CommandContext, "configPath" | "env">,
): Promise<Settings> {
  const path = findConfig(context);
  return path === null ? withoutConfig(context.env) : fromConfig(path, context.env);
}

/**
 * The settings of a command that looks at targets and calls none: the configuration has to be there, the targets' secrets
 * have not.
 * @throws CliError without a configuration; MillraceError `CONFIG_INVALID`, with all problems.
 */
export async function loadWithoutTargetSecrets(
  context: Pick<CommandContext, "configPath" | "env">,
): Promise<MaskedSettings> {
  const path = requireConfig(context);
  const { loadConfig, loadServers } = await import("@millrace/config");
  const env = endpointEnvironment(context.env);
  const config = await loadConfig(path, { env, secrets: "masked" });
  const { kafka, registry } = await loadServers(path, { env });
  return { ...config, kafka, registry, origin: path };
}

async function fromConfig(path: string, env: NodeJS.ProcessEnv): Promise<Settings> {
  const { loadConfig } = await import("@millrace/config");
  const config = await loadConfig(path, { env: endpointEnvironment(env) });
  return { ...config, origin: path };
}

const ORIGINS: Readonly<Record<Endpoints["from"], string>> = {
  environment: "servers of the environment",
  stack: "servers of millrace up",
  default: "servers on the usual ports",
};

async function withoutConfig(env: NodeJS.ProcessEnv): Promise<Settings> {
  const { brokers, registryUrl, from } = resolveEndpoints(env);
  return {
    namespace: "millrace",
    kafka: { brokers, clientId: "millrace", ssl: { kind: "off" }, sasl: { kind: "none" } },
    registry: { url: registryUrl, auth: { type: "none" } },
    catalog: await loadCatalog(DEFAULT_CATALOG_PATH),
    targets: new Map(),
    origin: `none, ${ORIGINS[from]}`,
  };
}

/** A client for the settings' registry; connects on use. */
export function registryOf({ registry }: Pick<Settings, "registry">): Registry {
  const { auth, url } = registry;
  return createRegistry(url, auth.type === "basic" ? { auth } : {});
}

/** The settings' brokers, as this program presents itself to them. */
export function connectionOf({ kafka }: Pick<Settings, "kafka">): KafkaConfig {
  return { ...kafka, clientId: `${kafka.clientId}-cli` };
}
