/** Lets a copy of the engine stand in for the workspace: `node --import ./engine-hook.mjs`, with its path in the environment. */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const copy = process.env["MILLRACE_SIM_ENGINE"];
if (copy !== undefined) {
  const url = pathToFileURL(`${copy}/src/index.ts`).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "@millrace/engine" ? { url, shortCircuit: true } : next(specifier, context),
  });
}
