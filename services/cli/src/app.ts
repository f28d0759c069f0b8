/**
 * The long-running apps, started by name in this very process: ending it, even by SIGKILL, ends the work. They read their
 * own command line, so nothing of this program stands between an app and its arguments.
 */
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";

/** Each app, by the command that starts it. */
export const APPS = {
  gateway: "@millrace/gateway/main",
  deliver: "@millrace/delivery/main",
} as const;

/** A command that starts an app. */
export type AppName = keyof typeof APPS;

/** Whether a word of the command line starts an app. */
export function isApp(name: string): name is AppName {
  return Object.hasOwn(APPS, name);
}

/**
 * Starts an app; resolves when its main module has run, which is when the app has ended.
 * @throws CliError when the app is not installed.
 */
export async function runApp(name: AppName, args: readonly string[]): Promise<void> {
  const [node = process.execPath, script = "millrace"] = process.argv;
  process.argv = [node, script, ...args];
  await fillInLocalStack(process.env);
  const module: string = APPS[name];
  try {
    await import(module);
  } catch (error) {
    if (!isMissing(error, module)) throw error;
    throw new CliError(EXIT.precondition, `millrace ${name} is not installed here`, {
      hint: `install ${module.slice(0, module.lastIndexOf("/"))}`,
      cause: error,
    });
  }
}

/** Where the environment names no servers, the stack of `millrace up` is meant, on whatever ports it has. */
async function fillInLocalStack(env: NodeJS.ProcessEnv): Promise<void> {
  if (env["KAFKA_BROKERS"] !== undefined && env["SCHEMA_REGISTRY_URL"] !== undefined) return;
  const { resolveEndpoints } = await import("@millrace/local");
  const { brokers, registryUrl, from } = resolveEndpoints(env);
  if (from !== "stack") return;
  env["KAFKA_BROKERS"] ??= brokers.join(",");
  env["SCHEMA_REGISTRY_URL"] ??= registryUrl;
}

function isMissing(error: unknown, module: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  const isNotFound = error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND";
  return isNotFound && error.message.includes(module.slice(0, module.lastIndexOf("/")));
}
