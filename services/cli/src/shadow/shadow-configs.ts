/** The two configurations of a shadow replay: the one in force, and the changed one. */
import { resolve } from "node:path";
import { loadConfig, type TargetConfig } from "@millrace/config";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { EXIT } from "../exit-code.ts";
import {
  endpointEnvironment,
  findConfig,
  loadWithoutTargetSecrets,
  type Settings,
} from "../settings.ts";
import { chooseTarget } from "../target-choice.ts";
import type { SideConfig } from "./shadow-side.ts";

/** A configuration's target, and where it comes from. */
export interface NamedSide extends SideConfig {
  readonly file: string;
}

/** What is compared, and whose servers are asked. */
export interface ShadowConfigs {
  /** Of the configuration in force: its brokers have the events, and its registry their schemas. */
  readonly settings: Settings;
  readonly before: NamedSide;
  readonly after: NamedSide;
}

/** What is compared. */
export interface ConfigChoice {
  readonly target: string;
  /** The configuration in force; null: `millrace.yaml`. */
  readonly against: string | null;
}

/**
 * Reads both; secrets of the targets need not be here.
 * @throws CliError where one is not named, both are one, or one has no such target; MillraceError `CONFIG_INVALID`.
 */
export async function loadShadowConfigs(
  context: CommandContext,
  { target: name, against }: ConfigChoice,
): Promise<ShadowConfigs> {
  const { changed, inForce } = filesOf(context, against);
  const settings = await loadWithoutTargetSecrets({ ...context, configPath: inForce });
  const env = endpointEnvironment(context.env);
  const config = await loadConfig(changed, { env, secrets: "masked" });
  const targetIn = (targets: ReadonlyMap<string, TargetConfig>, origin: string): TargetConfig =>
    chooseTarget({ targets, origin }, name);
  return {
    settings,
    before: { ...settings, file: inForce, target: targetIn(settings.targets, inForce) },
    after: { ...config, file: changed, target: targetIn(config.targets, changed) },
  };
}

function filesOf(
  { configPath: changed }: CommandContext,
  against: string | null,
): { readonly changed: string; readonly inForce: string } {
  if (changed === null) {
    throw new CliError(EXIT.usage, "replay shadow: name the changed configuration", {
      hint: "with --config FILE; the one in force is millrace.yaml, or what --against names",
    });
  }
  const inForce = findConfig({ configPath: against });
  if (inForce === null) {
    throw new CliError(EXIT.notFound, "no configuration in force: there is no millrace.yaml here", {
      hint: "name it with --against FILE",
    });
  }
  if (resolve(changed) === resolve(inForce)) {
    throw new CliError(EXIT.usage, `replay shadow: ${changed} is compared with itself`, {
      hint: "name the changed configuration with --config, the one in force with --against",
    });
  }
  return { changed, inForce };
}
