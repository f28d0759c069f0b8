import { createHash } from "node:crypto";
import { dirname, isAbsolute, join } from "node:path";
import type { ModuleFile } from "./mapping/mapping-parts.ts";
import { targetModuleOf } from "./mapping/target-module.ts";
import type { TargetScope } from "./mapping/target-scope.ts";
import { codeOf, type ConfigFiles } from "./source/config-files.ts";

/** Loads what a target's `module` names; null, with the problem reported, when it holds no target module. */
export async function loadTargetModule(
  path: string,
  from: { readonly file: string; readonly files: ConfigFiles },
  scope: TargetScope,
): Promise<ModuleFile | null> {
  const full = isAbsolute(path) ? path : join(dirname(from.file), path);
  let text: string;
  try {
    text = await from.files.read(full);
  } catch (error) {
    scope.problem(["module"], `${path} cannot be read (${codeOf(error)})`);
    return null;
  }
  try {
    const module = targetModuleOf(await from.files.load(full));
    if (module !== null) {
      return { module, path, sha256: createHash("sha256").update(text).digest("hex") };
    }
    scope.problem(
      ["module"],
      `${path} has no target module`,
      "export default defineTarget({ map: (event) => ({ url, body }) })",
    );
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    scope.problem(["module"], `${path} cannot be loaded: ${reason}`);
  }
  return null;
}
