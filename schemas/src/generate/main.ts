/** Writes the types of this package's catalog to `src/generated`, and removes those it no longer has. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_CATALOG_PATH, loadCatalog } from "../catalog.ts";
import { generateTypes } from "./generate-types.ts";

const folder = join(import.meta.dirname, "../generated");
const files = generateTypes(await loadCatalog(DEFAULT_CATALOG_PATH));
await mkdir(folder, { recursive: true });
for (const name of await readdir(folder)) if (!files.has(name)) await rm(join(folder, name));
for (const [name, text] of files) await writeFile(join(folder, name), text);
