import { DEFAULT_CATALOG_PATH, loadCatalog, SchemaError, type Catalog } from "@millrace/schemas";
import { dirname, resolve } from "node:path";
import type { MainFileOptions } from "./options/file-options.ts";
import type { ProblemList } from "./problems.ts";
import type { ConfigFile } from "./source/included-files.ts";
import { positionAt } from "./source/source-node.ts";

/** The catalog that a file names, or the one that comes with Millrace; null, with its problems reported. */
export async function readCatalog(
  { file, root }: ConfigFile,
  options: Pick<MainFileOptions, "catalog">,
  problems: ProblemList,
): Promise<Catalog | null> {
  const { catalog } = options;
  try {
    return await loadCatalog(
      catalog === undefined ? DEFAULT_CATALOG_PATH : resolve(dirname(file), catalog),
    );
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    for (const problem of error.problems) {
      if (!("file" in problem)) continue;
      const { pointer, detail, ...position } = problem;
      const path = pointer.slice(1).replaceAll("/", ".");
      problems.add({ ...position, path, message: detail });
    }
    if (error.problems.length === 0) {
      problems.add({ ...positionAt(root, ["catalog"]), path: "catalog", message: error.message });
    }
    return null;
  }
}
