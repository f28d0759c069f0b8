import type { MillraceConfig, TargetConfig } from "./config.ts";

/** The configuration as people may see it: secrets masked, defaults filled in, code left out. */
export function printableConfig(config: MillraceConfig): object {
  const { namespace, catalogPath, kafka, registry, files, secrets } = config;
  const targets = Object.fromEntries(
    Array.from(config.targets, ([name, target]) => [name, printableTarget(target)]),
  );
  return {
    namespace,
    files,
    catalog: catalogPath,
    ...masked(secrets, { kafka, registry, targets }),
  };
}

function printableTarget(target: TargetConfig): object {
  const { source, ...shown } = target;
  return { ...shown, name: undefined, mapping: undefined, ...source };
}

function masked(secrets: MillraceConfig["secrets"], value: object): object {
  const copy = secrets.mask(value);
  return typeof copy === "object" && copy !== null ? copy : {};
}
