/** A world's configuration, changed as an operator changes the file. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./delivery-world.ts";

type Settings = Readonly<Record<string, unknown>>;

/** A configuration, as far as it is changed here. */
interface Configuration {
  readonly kafka: Settings;
  readonly targets: Readonly<Record<string, Settings>>;
}

/** Lays settings over those of a target; what runs goes by them after a restart. */
export function changeTarget(world: World, target: string, settings: Settings): void {
  const { targets, ...others } = read(world);
  const changed = { ...targets, [target]: { ...targets[target], ...settings } };
  writeFileSync(world.configPath, JSON.stringify({ ...others, targets: changed }));
}

/** Writes a copy of the configuration with other brokers, or with what is there now. @returns its path. */
export function copyOf(world: World, name: string, brokers?: readonly string[]): string {
  const configuration = read(world);
  const kafka = brokers === undefined ? configuration.kafka : { ...configuration.kafka, brokers };
  const path = join(world.folder, name);
  writeFileSync(path, JSON.stringify({ ...configuration, kafka }));
  return path;
}

function read({ configPath }: World): Configuration {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the world has written it
  return JSON.parse(readFileSync(configPath, "utf8")) as Configuration;
}
