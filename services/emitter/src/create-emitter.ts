import { NO_TELEMETRY, systemClock, systemEntropy } from "@millrace/engine";
import { createRecordSink } from "@millrace/kafka";
import {
  createEncoder,
  createRegistry,
  loadCatalog,
  resolveSchemaIds,
  type EventContracts,
} from "@millrace/schemas";
import { BufferedEmitter } from "./buffered-emitter.ts";
import { defaultCacheFile } from "./cache-file.ts";
import { fromSchemaError } from "./emit-error.ts";
import type { Emitter } from "./emitter.ts";
import { resolveLimits, type EmitterOptions } from "./options.ts";

/**
 * Makes an emitter, ready to emit: the catalog is read and the schemas' ids are known. Brokers are connected to by the
 * first event; they may be away. Type it with the catalog's generated map: `createEmitter<EventMap>(...)`.
 * @throws MillraceError `CONFIG_INVALID` (the catalog, with file and line), `REGISTRY_UNREACHABLE` (retry; only when the
 *   ids are not in the cache file either), `SCHEMA_UNKNOWN` (a schema is not registered).
 */
export async function createEmitter<Events extends EventContracts>(
  options: EmitterOptions,
): Promise<Emitter<Events>> {
  const limits = resolveLimits(options);
  const telemetry = options.telemetry ?? NO_TELEMETRY;
  const { catalog, encoder } = await readContracts(options);
  return new BufferedEmitter<Events>({
    catalog,
    encoder,
    sink: options.sink ?? createRecordSink({ connection: options.connection, telemetry }),
    clock: options.clock ?? systemClock,
    entropy: options.entropy ?? systemEntropy(),
    telemetry,
    limits,
    source: options.source ?? null,
  });
}

async function readContracts(
  options: EmitterOptions,
): Promise<Pick<ConstructorParameters<typeof BufferedEmitter>[0], "catalog" | "encoder">> {
  try {
    const { catalog: given, registry: named } = options;
    const catalog = typeof given === "string" ? await loadCatalog(given) : given;
    const registry = typeof named === "string" ? createRegistry(named) : named;
    const of = { registryUrl: registry.url, catalogPath: catalog.path };
    const cache = options.idCache ?? { kind: "file", path: defaultCacheFile(of) };
    const ids = await resolveSchemaIds(
      catalog,
      registry,
      cache.kind === "off" ? {} : { cacheFile: cache.path },
    );
    return { catalog, encoder: createEncoder(catalog, ids, { registryUrl: registry.url }) };
  } catch (error) {
    throw fromSchemaError(error);
  }
}
