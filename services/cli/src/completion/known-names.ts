import { DEFAULT_CATALOG_PATH, loadCatalog, type Catalog } from "@millrace/schemas";
import { endpointEnvironment, findConfig } from "../settings.ts";
import type { KnownNames } from "./complete-words.ts";

/**
 * The names that a configuration has: `configPath`, else `millrace.yaml` where there is one, else the catalogue that comes with
 * Millrace. No server is asked, and secrets of targets need not be here.
 * @throws MillraceError `CONFIG_INVALID`, SchemaError `CATALOG_INVALID`.
 */
export async function knownNames(
  configPath: string | null,
  env: NodeJS.ProcessEnv,
): Promise<KnownNames> {
  const path = findConfig({ configPath });
  if (path === null) return namesOf(await loadCatalog(DEFAULT_CATALOG_PATH), []);
  const { loadConfig } = await import("@millrace/config");
  const config = await loadConfig(path, { env: endpointEnvironment(env), secrets: "masked" });
  return namesOf(config.catalog, [...config.targets.keys()]);
}

function namesOf({ topics, types }: Catalog, targets: readonly string[]): KnownNames {
  return { targets, topics: [...topics.keys()], types: [...types.keys()] };
}
