import type { Catalog } from "@millrace/schemas";
import { EventModels } from "./cel/event-model.ts";
import type { TargetConfig } from "./config.ts";
import { loadTargetModule } from "./load-target-module.ts";
import { TargetScope } from "./mapping/target-scope.ts";
import { readOptions } from "./options/read-options.ts";
import { targetOptions } from "./options/target-options.ts";
import type { Position, ProblemList } from "./problems.ts";
import { resolveTarget } from "./resolve-target.ts";
import type { ConfigFiles } from "./source/config-files.ts";
import type { ConfigFile } from "./source/included-files.ts";
import { nodeAt, pathText, type SourceEntry } from "./source/source-node.ts";

/** What targets are read with. */
export interface TargetsContext {
  /** Null where it does not hold; expressions are then checked as far as they can be. */
  readonly catalog: Catalog | null;
  readonly files: ConfigFiles;
  readonly problems: ProblemList;
}

/** What stands in for the required fields of a target while the rest of it is checked. */
const STAND_INS = { topics: ["?"], startAt: "latest", request: { url: "?" } };

/** The targets of all files, by name, in order; those that do not hold are missing, their problems reported. */
export async function readTargets(
  configFiles: readonly ConfigFile[],
  context: TargetsContext,
): Promise<ReadonlyMap<string, TargetConfig>> {
  const models = new EventModels(schemasOf(context.catalog));
  const places = new Map<string, Position>();
  const targets = new Map<string, TargetConfig>();
  for (const configFile of configFiles) {
    for (const { key: name, keyPosition } of targetEntries(configFile)) {
      const earlier = places.get(name);
      if (earlier !== undefined) {
        const message = `there is a target of this name already, at ${earlier.file}:${earlier.line}`;
        context.problems.add({ ...keyPosition, path: pathText(["targets", name]), message });
      } else places.set(name, keyPosition);
      const target = await readTarget(name, configFile, { ...context, models });
      if (target !== null) targets.set(name, target);
    }
  }
  return targets;
}

function schemasOf(catalog: Catalog | null): ReadonlyMap<string, unknown> {
  const types = catalog === null ? [] : [...catalog.types.values()];
  return new Map(types.map(({ type, avro }) => [type, avro]));
}

function targetEntries({ root }: ConfigFile): readonly SourceEntry[] {
  const targets = nodeAt(root, ["targets"]);
  return targets?.kind === "map" ? targets.entries : [];
}

async function readTarget(
  name: string,
  { file, root }: ConfigFile,
  context: TargetsContext & { readonly models: EventModels },
): Promise<TargetConfig | null> {
  const { problems, models, catalog, files } = context;
  const part = { root, path: ["targets", name] };
  const read = readOptions(targetOptions, part, { problems, standIns: STAND_INS });
  if (read === null) return null;
  const { options, refused } = read;
  const scope = new TargetScope(name, { models, met: [], root, problems, refused });
  const module =
    options.module === undefined
      ? null
      : await loadTargetModule(options.module, { file, files }, scope);
  return resolveTarget({ options, catalog, module }, scope);
}
