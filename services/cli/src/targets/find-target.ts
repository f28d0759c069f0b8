import type { TargetConfig } from "@millrace/config";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Settings } from "../settings.ts";

/**
 * The target of this name.
 * @throws CliError not found, with the names that there are.
 */
export function findTarget(
  { targets, origin }: Pick<Settings, "origin" | "targets">,
  name: string,
): TargetConfig {
  const target = targets.get(name);
  if (target !== undefined) return target;
  const known = [...targets.keys()];
  const hint =
    known.length === 0
      ? "name a configuration that has targets with --config"
      : `there are: ${known.join(", ")}`;
  throw new CliError(EXIT.notFound, `no such target: ${name} (settings of ${origin})`, { hint });
}
