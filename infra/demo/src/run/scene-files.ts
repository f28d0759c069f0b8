import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Scene } from "../scene/scene.ts";

const SCENES = fileURLToPath(new URL("../../scenes/", import.meta.url));
const SCHEMAS = fileURLToPath(new URL("../../../../schemas/", import.meta.url));
const PARTITIONS = 12;

/** What a scene's configuration is filled in with. */
export interface SceneValues {
  readonly namespace: string;
  readonly topic: string;
  readonly brokers: string;
  readonly registry: string;
  /** Origin of each target. */
  readonly urls: Readonly<Record<string, string>>;
}

/** Writes a run's own `millrace.yaml` and `catalog.yaml`, with topics no other run uses; returns the former's path. */
export function writeSceneFiles(folder: string, scene: Scene, values: SceneValues): string {
  const { urls, ...rest } = values;
  const template = readFileSync(join(SCENES, `${scene.name}.yaml`), "utf8");
  const configPath = join(folder, "millrace.yaml");
  writeFileSync(configPath, fillIn(template, { ...rest, ...urls }));
  const catalog = sceneCatalog(scene, values.topic, relative(folder, SCHEMAS));
  writeFileSync(join(folder, "catalog.yaml"), `${JSON.stringify(catalog, null, 2)}\n`);
  return configPath;
}

/**
 * Puts a value in place of each `{{name}}`.
 * @throws RangeError naming a placeholder that has no value.
 */
export function fillIn(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{\{([a-z-]+)\}\}/gu, (_placeholder, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new RangeError(`scene file: nothing to put for {{${name}}}`);
    return value;
  });
}

/** The scene's part of the catalogue, on the run's own topic; JSON is YAML too. */
function sceneCatalog({ types, keyField }: Scene, topic: string, schemas: string): object {
  const schemaOf = (type: string): string => join(schemas, `${type.replace(".", "/")}.avsc`);
  return {
    apiVersion: "millrace/v1",
    topics: { [topic]: { partitions: PARTITIONS, retention: "7d", key: keyField } },
    events: Object.fromEntries(
      types.map((type) => [type, { topic, schema: schemaOf(type), owner: "demo" }]),
    ),
  };
}
