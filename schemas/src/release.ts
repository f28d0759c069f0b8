/** Records the catalog's new or changed schemas under `history/`, and says which. */
import { DEFAULT_CATALOG_PATH, loadCatalog } from "./catalog.ts";
import { releaseCatalog } from "./history.ts";

for (const { subject, version } of await releaseCatalog(await loadCatalog(DEFAULT_CATALOG_PATH))) {
  process.stdout.write(`${subject} version ${version}\n`);
}
