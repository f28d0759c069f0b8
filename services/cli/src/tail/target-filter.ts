/** `--filter` over the events of a target: compiled as the target's own would be, and decoded as they were for it. */
import type { TargetConfig, TargetFilter } from "@millrace/config";
import { createTargetDecoder } from "@millrace/preparer";
import type { Decoder } from "@millrace/schemas";
import { clusterIdOf } from "../cluster-id.ts";
import { registryOf, type Settings } from "../settings.ts";
import { compileFilter } from "./event-filter.ts";

/** Whose events are filtered. */
export interface FilteredTarget {
  readonly target: Pick<TargetConfig, "input">;
  /** Topics that they come from. */
  readonly topics: readonly string[];
  readonly settings: Settings;
}

/** A filter, and what decodes the events for it. */
export interface DecodingFilter {
  readonly filter: TargetFilter;
  readonly decoder: Decoder;
}

/**
 * Compiles the filter; brokers are asked only where events may lack an envelope.
 * @throws CliError usage, with all that is wrong with the filter; MillraceError of the brokers.
 */
export async function targetFilter(
  source: string,
  { target, topics, settings }: FilteredTarget,
): Promise<DecodingFilter> {
  const { catalog } = settings;
  const { envelope } = target.input;
  const filter = await compileFilter(source, { topics, catalogPath: catalog.path, envelope });
  const decoder = createTargetDecoder(target, {
    catalog,
    registry: registryOf(settings),
    // Stands in the source of events without an envelope.
    clusterId: envelope === "derive" ? await clusterIdOf(settings) : "",
    // Who looks on is told at once what the registry does not know.
    unknownGraceMs: 0,
  });
  return { filter, decoder };
}
