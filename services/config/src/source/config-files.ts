import { createHash } from "node:crypto";
import { glob, readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Larger ones are no configuration. */
const FILE_BYTES_MAX = 4_194_304;

/** Where configuration files, secrets and modules come from. Paths are relative to the working directory. */
export interface ConfigFiles {
  /** The file's text. Rejects with a system error (`code`). */
  read(path: string): Promise<string>;
  /** The files that match a glob inside a folder, as paths relative to it, sorted. */
  list(pattern: string, folder: string): Promise<readonly string[]>;
  /** The exports of a JavaScript or TypeScript module, as it is on disk now. */
  load(path: string): Promise<unknown>;
}

/** The files of this machine. */
export const diskFiles: ConfigFiles = {
  async read(path) {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX) throw Object.assign(new Error("file too large"), { code: "EFBIG" });
    return await readFile(path, "utf8");
  },

  async list(pattern, folder) {
    const found: string[] = [];
    for await (const path of glob(pattern, { cwd: folder })) found.push(path);
    return found.sort();
  },

  async load(path) {
    const url = pathToFileURL(resolve(path));
    // Node keeps modules by URL; a changed file must be a new one.
    url.searchParams.set(
      "content",
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    );
    return (await import(url.href)) as unknown;
  },
};

/** The system's code of a file error, e.g. ENOENT. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
