import { loadCatalog, type Catalog, type Registry } from "@millrace/schemas";
import type { CommandContext } from "./context.ts";
import { loadSettings, registryOf } from "./settings.ts";

/** A catalogue and the registry it belongs to. */
export interface Contracts {
  readonly catalog: Catalog;
  readonly registry: Registry;
}

/** The catalogue named with `--catalog`, else the configuration's; the configuration's registry either way. */
export async function loadContracts(
  context: CommandContext,
  catalogPath: string | undefined,
): Promise<Contracts> {
  const settings = await loadSettings(context);
  const catalog = catalogPath === undefined ? settings.catalog : await loadCatalog(catalogPath);
  return { catalog, registry: registryOf(settings) };
}
