import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createMemoryRegistry,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  SchemaError,
  type EventMap,
  type Registry,
} from "@millrace/schemas";
import { ScriptedSink } from "../test-support/scripted-sink.ts";
import { createEmitter } from "./create-emitter.ts";

const catalog = await loadCatalog(DEFAULT_CATALOG_PATH);
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "millrace-emitter-"))));
afterEach(() => rmSync(folder, { recursive: true }));

async function filledRegistry(): Promise<Registry> {
  const registry = createMemoryRegistry();
  for (const { subject, avro } of catalog.types.values()) await registry.register(subject, avro);
  return registry;
}

function away({ url }: Registry): Registry {
  const refuse = (): Promise<never> =>
    Promise.reject(new SchemaError("REGISTRY_UNREACHABLE", "away"));
  return { ...createMemoryRegistry(), url, idOf: refuse };
}

const optionsFor = (registry: Registry) => ({
  sink: new ScriptedSink(),
  registry,
  catalog,
  source: "/tests",
  idCache: { kind: "file", path: join(folder, "ids.json") } as const,
});

describe("making an emitter", () => {
  it("starts without the registry once the ids have been seen", async () => {
    const registry = await filledRegistry();
    await (await createEmitter<EventMap>(optionsFor(registry))).close();
    const options = optionsFor(away(registry));

    const emitter = await createEmitter<EventMap>(options);
    const emitted = emitter.emit("users.PasswordChanged", { userId: "u", changedAt: 0 });
    const append = await options.sink.next();
    append.acknowledge();

    expect([(await emitted).id]).toEqual(append.ids);
    await emitter.close();
  });

  it("fails retryably when the registry is away and no id is known", async () => {
    const made = createEmitter<EventMap>(optionsFor(away(createMemoryRegistry())));

    await expect(made).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE", retryable: true });
  });

  it("names the schemas that are not registered", async () => {
    const made = createEmitter<EventMap>(optionsFor(createMemoryRegistry()));

    await expect(made).rejects.toMatchObject({ code: "SCHEMA_UNKNOWN" });
    await expect(made).rejects.toThrow("users-users.ProfileUpdated");
  });

  it("says what is wrong with a catalog, and where", async () => {
    const options = { ...optionsFor(createMemoryRegistry()), catalog: join(folder, "none.yaml") };

    await expect(createEmitter<EventMap>(options)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});
