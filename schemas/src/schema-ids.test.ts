import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  catalogOf,
  recordOf,
  temporaryCatalog,
  type TemporaryCatalog,
} from "../fixtures/temporary-catalog.ts";
import {
  applyPush,
  createMemoryRegistry,
  loadCatalog,
  planPush,
  resolveSchemaIds,
  SchemaError,
  type Catalog,
  type Registry,
} from "./index.ts";

interface Bundle extends AsyncDisposable {
  readonly folder: TemporaryCatalog;
  readonly catalog: Catalog;
  readonly registry: Registry;
  readonly cacheFile: string;
}

async function setup(): Promise<Bundle> {
  const folder = await temporaryCatalog(catalogOf("A", "B"), {
    "A.avsc": recordOf("A"),
    "B.avsc": recordOf("B"),
  });
  const registry = createMemoryRegistry();
  const catalog = await loadCatalog(folder.path);
  const cacheFile = join(folder.folder, "cache/ids.json");
  const dispose = (): PromiseLike<void> => folder[Symbol.asyncDispose]();
  return { folder, catalog, registry, cacheFile, [Symbol.asyncDispose]: dispose };
}

/** The same registry, gone. */
const away = (registry: Registry): Registry => ({
  ...registry,
  url: registry.url,
  idOf: () => Promise.reject(new SchemaError("REGISTRY_UNREACHABLE", "away")),
});

const IDS = new Map([
  ["things.A", 1],
  ["things.B", 2],
]);

describe("the ids of a catalog's schemas", () => {
  it("come from the registry by type", async () => {
    await using bundle = await setup();
    const { catalog, registry } = bundle;
    await applyPush(await planPush(catalog, registry), registry);

    expect(await resolveSchemaIds(catalog, registry)).toEqual(IDS);
  });

  it("are all missing at once where they are not registered", async () => {
    await using bundle = await setup();
    const { catalog, registry } = bundle;

    await expect(resolveSchemaIds(catalog, registry)).rejects.toMatchObject({
      code: "SCHEMA_UNKNOWN",
      message:
        "schemas are not registered as the catalog has them: things-things.A, things-things.B (run millrace schemas push)",
    });
  });

  it("come from the cache while the registry is away", async () => {
    await using bundle = await setup();
    const { catalog, registry, cacheFile } = bundle;
    await applyPush(await planPush(catalog, registry), registry);
    await resolveSchemaIds(catalog, registry, { cacheFile });

    expect(await resolveSchemaIds(catalog, away(registry), { cacheFile })).toEqual(IDS);
  });

  it.each([
    ["another registry", async () => Promise.resolve({ url: "http://other" })],
    [
      "a damaged cache",
      async (cacheFile: string) => {
        await writeFile(cacheFile, (await readFile(cacheFile, "utf8")).slice(0, -5));
        return {};
      },
    ],
    [
      "a cache of other things",
      async (cacheFile: string) => {
        await writeFile(cacheFile, '{"a": "b", "c": 1.5}');
        return {};
      },
    ],
  ])("do not come from the cache of %s", async (_, change) => {
    await using bundle = await setup();
    const { catalog, registry, cacheFile } = bundle;
    await applyPush(await planPush(catalog, registry), registry);
    await resolveSchemaIds(catalog, registry, { cacheFile });
    const changed = await change(cacheFile);

    await expect(
      resolveSchemaIds(catalog, { ...away(registry), ...changed }, { cacheFile }),
    ).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
  });

  it("are not taken from the cache for a schema that changed", async () => {
    await using bundle = await setup();
    const { catalog, registry, cacheFile } = bundle;
    await applyPush(await planPush(catalog, registry), registry);
    await resolveSchemaIds(catalog, registry, { cacheFile });
    await bundle.folder.write("A.avsc", recordOf("A", [{ name: "n", type: "int", default: 0 }]));

    await expect(
      resolveSchemaIds(await loadCatalog(bundle.folder.path), away(registry), { cacheFile }),
    ).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
  });

  it("do not need the cache to be writable", async () => {
    await using bundle = await setup();
    const { catalog, registry } = bundle;
    await applyPush(await planPush(catalog, registry), registry);

    expect(
      await resolveSchemaIds(catalog, registry, { cacheFile: join(catalog.path, "ids.json") }),
    ).toEqual(IDS);
  });
});
