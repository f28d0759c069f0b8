import type { KafkaConfig, RegistryConfig } from "./config.ts";
import type { KafkaOptions, RegistryOptions } from "./options/file-options.ts";
import type { Path } from "./source/source-node.ts";

/** Where the broker of a local stack listens. */
const LOCAL_BROKERS = "127.0.0.1:9092";
/** Where the registry of a local stack is. */
const LOCAL_REGISTRY = "http://127.0.0.1:8081/apis/ccompat/v7";

/** What servers are resolved with. */
export interface ServerContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes what is wrong; paths from the file's root. */
  readonly problem: (path: Path, message: string) => void;
}

/** The brokers: the file's, else `KAFKA_BROKERS`, else the local stack's. Each entry may be a list with commas. */
export function resolveKafka(options: KafkaOptions, context: ServerContext): KafkaConfig {
  const { clientId = "millrace", ssl = false, sasl } = options;
  return {
    brokers: brokersOf(options.brokers ?? [valueOf("KAFKA_BROKERS", context) ?? LOCAL_BROKERS], {
      ...context,
      path: options.brokers === undefined ? ["kafka"] : ["kafka", "brokers"],
    }),
    clientId,
    ssl:
      ssl === false
        ? { kind: "off" }
        : {
            kind: "on",
            ca: ssl === true ? null : (ssl.ca ?? null),
            cert: ssl === true ? null : (ssl.cert ?? null),
            key: ssl === true ? null : (ssl.key ?? null),
          },
    sasl: sasl === undefined ? { kind: "none" } : { kind: "password", ...sasl },
  };
}

/** The schema registry: the file's, else `SCHEMA_REGISTRY_URL`, else the local stack's. */
export function resolveRegistry(options: RegistryOptions, context: ServerContext): RegistryConfig {
  const url = options.url ?? valueOf("SCHEMA_REGISTRY_URL", context) ?? LOCAL_REGISTRY;
  const path = options.url === undefined ? ["registry"] : ["registry", "url"];
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    context.problem(path, "must be an absolute http or https URL");
  } else if (parsed.username !== "" || parsed.password !== "") {
    context.problem(path, "user and password belong in registry.auth, not in the URL");
  }
  return { url, auth: options.auth ?? { type: "none" } };
}

function brokersOf(
  entries: readonly string[],
  context: ServerContext & { readonly path: Path },
): readonly string[] {
  const brokers = entries.flatMap((entry) => entry.split(",")).map((broker) => broker.trim());
  for (const broker of brokers) {
    const [, port] = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(broker) ?? [];
    if (port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) continue;
    context.problem(context.path, `"${broker}" is no host:port`);
  }
  return [...new Set(brokers)];
}

function valueOf(name: string, { env }: ServerContext): string | undefined {
  const value = env[name];
  return value === "" ? undefined : value;
}
