import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where the schema ids of a catalog at a registry are kept by default: one file for each pair in the user's cache
 * folder (`XDG_CACHE_HOME`, else `~/.cache`). A temporary folder would let anyone on the machine plant ids.
 */
export function defaultCacheFile(
  of: { readonly registryUrl: string; readonly catalogPath: string },
  env: NodeJS.ProcessEnv = process.env,
): string {
  const given = env["XDG_CACHE_HOME"];
  const folder = given === undefined || given === "" ? join(homedir(), ".cache") : given;
  const parts = JSON.stringify([of.registryUrl, of.catalogPath]);
  const name = createHash("sha256").update(parts).digest("hex").slice(0, 16);
  return join(folder, "millrace", `schema-ids-${name}.json`);
}
