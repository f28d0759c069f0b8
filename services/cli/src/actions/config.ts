import { configJsonSchema, loadConfig, printableConfig } from "@millrace/config";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { API_VERSION } from "../output/document.ts";
import { endpointEnvironment, requireConfig } from "../settings.ts";

/** Checks a configuration. @throws MillraceError with all problems. */
export async function configValidate(
  context: CommandContext,
  file: string | undefined,
  secrets: "read" | "masked",
): Promise<ExitCode> {
  const path = file ?? requireConfig(context);
  const { targets, catalog } = await loadConfig(path, {
    env: endpointEnvironment(context.env),
    secrets,
  });
  const targetText = targets.size === 1 ? "1 target" : `${targets.size} targets`;
  context.terminal.note(`${path}: valid (${targetText}, ${catalog.types.size} event types)`);
  return EXIT.ok;
}

/** Prints a configuration as it is understood; YAML unless JSON is asked for. */
export async function configPrint(
  context: CommandContext,
  file: string | undefined,
): Promise<ExitCode> {
  const path = file ?? requireConfig(context);
  const { terminal, env, output } = context;
  const config = await loadConfig(path, { env: endpointEnvironment(env), secrets: "masked" });
  const document = {
    apiVersion: API_VERSION,
    kind: "Configuration",
    items: [printableConfig(config)],
  };
  if (output === "json") terminal.write(`${JSON.stringify(document, null, 2)}\n`);
  else if (output === "ndjson") terminal.write(`${JSON.stringify(document.items[0])}\n`);
  else {
    const { stringify } = await import("yaml");
    terminal.write(stringify(output === "yaml" ? document : document.items[0]));
  }
  return EXIT.ok;
}

/** Prints the JSON Schema. */
export function configSchema({ terminal }: CommandContext): Promise<ExitCode> {
  terminal.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return Promise.resolve(EXIT.ok);
}
