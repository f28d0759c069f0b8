import type { TargetConfig } from "@millrace/config";
import { CliError } from "../cli-error.ts";
import { clusterIdOf } from "../cluster-id.ts";
import { EXIT } from "../exit-code.ts";
import type { Settings } from "../settings.ts";
import { changedParts, plannedConfig, type PlannedConfig } from "./plan-basis.ts";

/** What a target would be planned with, on the cluster that the settings name. @throws MillraceError of the brokers. */
export async function configOf(target: TargetConfig, settings: Settings): Promise<PlannedConfig> {
  const clusterId = await clusterIdOf(settings);
  return plannedConfig(target, { namespace: settings.namespace, clusterId });
}

/**
 * Other requests would be sent than those that were planned, or to another place.
 * @throws CliError precondition, with what has changed.
 */
export function requireUnchanged(target: string, plan: PlannedConfig, now: PlannedConfig): void {
  const changed = changedParts(plan, now);
  if (changed.length === 0) return;
  throw new CliError(
    EXIT.precondition,
    `the configuration of ${target} has changed since the plan was made: ${changed.join(", ")}`,
    { hint: "make the plan anew, and look at it" },
  );
}
