import { posix } from "node:path";
import type { ConfigFiles } from "../src/source/config-files.ts";

/** Files that live in memory, by path; a value that is no text is what a module exports. */
export function memoryFiles(files: Readonly<Record<string, unknown>>): ConfigFiles {
  const at = (path: string): unknown => {
    const found = Object.entries(files).find(([name]) => posix.normalize(name) === path);
    if (found !== undefined) return found[1];
    throw Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
  };
  return {
    async read(path) {
      const text = await Promise.resolve(at(path));
      return typeof text === "string" ? text : "// a module";
    },
    list(pattern, folder) {
      const paths = Object.keys(files).map((path) => posix.relative(folder, path));
      return Promise.resolve(paths.filter((path) => posix.matchesGlob(path, pattern)).sort());
    },
    load: (path) => Promise.resolve(at(path)),
  };
}
