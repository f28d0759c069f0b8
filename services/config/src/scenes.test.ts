import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { loadText } from "../test/load-text.ts";
import { anyEventOf } from "../test/target-of.ts";
import type { MillraceConfig } from "./config.ts";

const SCENES = new URL("../../../infra/demo/scenes/", import.meta.url);

/** A demo's scene as its run fills it in, but for the catalog: the one that comes with Millrace. */
async function loadScene(name: string, topic: string): Promise<MillraceConfig> {
  const template = await readFile(new URL(`${name}.yaml`, SCENES), "utf8");
  const values: Readonly<Record<string, string>> = {
    namespace: "demo-run",
    topic,
    brokers: "127.0.0.1:9092",
    registry: "http://127.0.0.1:8081",
  };
  const text = template
    .replaceAll(/\{\{([a-z-]+)\}\}/g, (_, key: string) => values[key] ?? `http://127.0.0.1/${key}`)
    .replace(/^catalog:.*\n/m, "");
  return await loadText(text);
}

describe("the demo's scene", () => {
  test.each([
    ["users", "users"],
    ["orders", "orders"],
    ["flights", "flights"],
    ["oncall", "users"],
  ])("%s loads, and maps each event it lets through", async (name, topicName) => {
    const { targets, catalog } = await loadScene(name, topicName);

    expect(targets.size).toBeGreaterThanOrEqual(2);
    for (const target of targets.values()) {
      const calls = [...catalog.types.values()]
        .filter(({ topic }) => topic.name === topicName)
        .map(anyEventOf)
        .filter((event) => target.filter.matches(event))
        .map((event) => target.mapping.map(event));

      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) {
        expect(call.url.startsWith(target.urlPrefix)).toBe(true);
        expect(JSON.parse(call.body ?? "")).toBeTypeOf("object");
      }
    }
  });
});
