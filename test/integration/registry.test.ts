import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { gunzipSync } from "node:zlib";
import {
  applyPush,
  createDecoder,
  createEncoder,
  createRegistry,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  planPush,
  resolveSchemaIds,
  type Catalog,
  type LocatedRecord,
  type Registry,
} from "@millrace/schemas";
import { describe, expect, it } from "vitest";

const FLIGHTS = join(import.meta.dirname, "../../infra/examples/flights/flights-2013-01.ndjson.gz");

/** The registry of the stack. */
const registryUrl = (): string => process.env["SCHEMA_REGISTRY_URL"] ?? "";

/** The package's catalog on topics, hence subjects, that no other test has. */
async function ownCatalog(): Promise<Catalog> {
  const catalog = await loadCatalog(DEFAULT_CATALOG_PATH);
  const prefix = `it-${randomUUID().slice(0, 8)}`;
  const types = [...catalog.types.values()].map((type) => ({
    ...type,
    subject: `${prefix}-${type.subject}`,
  }));
  return { ...catalog, types: new Map(types.map((type) => [type.type, type])) };
}

/** A catalog of one event whose record has these fields besides its id. */
async function catalogOf(name: string, fields: readonly object[]): Promise<Catalog> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-registry-"));
  const id = { name: "id", type: "string" };
  const avro = { type: "record", name, namespace: "it", fields: [id, ...fields] };
  await writeFile(join(folder, "event.avsc"), JSON.stringify(avro));
  await writeFile(
    join(folder, "catalog.yaml"),
    `apiVersion: millrace/v1
topics: { it: { partitions: 1, retention: 1d, key: id } }
events: { it.${name}: { topic: it, schema: event.avsc, owner: us } }
`,
  );
  const catalog = await loadCatalog(join(folder, "catalog.yaml"));
  await rm(folder, { recursive: true });
  return catalog;
}

const push = async (catalog: Catalog, registry: Registry): Promise<readonly string[]> => {
  const pushed = await applyPush(await planPush(catalog, registry), registry);
  return pushed.map(({ action }) => action);
};

describe("pushing to a real registry", () => {
  it("creates every subject under BACKWARD_TRANSITIVE, and does nothing the second time", async () => {
    const [catalog, registry] = [await ownCatalog(), createRegistry(registryUrl())];

    expect(await push(catalog, registry)).toEqual(Array.from({ length: 9 }, () => "create"));
    const ids = await resolveSchemaIds(catalog, registry);
    expect(await push(catalog, registry)).toEqual(Array.from({ length: 9 }, () => "keep"));

    expect(await resolveSchemaIds(catalog, registry)).toEqual(ids);
    for (const { subject } of catalog.types.values()) {
      expect(await registry.compatibility(subject)).toEqual({
        level: "BACKWARD_TRANSITIVE",
        isOwn: true,
      });
      expect(await registry.versions(subject)).toHaveLength(1);
    }
  });

  it("adds a version, and refuses one that could not read the first", async () => {
    const registry = createRegistry(registryUrl());
    const name = `R${randomUUID().slice(0, 8)}`;
    await push(await catalogOf(name, []), registry);
    const next = await catalogOf(name, [{ name: "age", type: "int", default: 1 }]);
    const broken = await catalogOf(name, [{ name: "age", type: "string" }]);

    expect(await push(next, registry)).toEqual(["update"]);
    await expect(push(broken, registry)).rejects.toMatchObject({
      code: "SCHEMA_INCOMPATIBLE",
      problems: [
        { detail: expect.stringContaining("against version 1: age is new") as unknown },
        { detail: "against version 2: age was int and is string" },
      ],
    });
    expect(await registry.versions(`it-it.${name}`)).toHaveLength(2);
  });
});

describe("the real flights", () => {
  it("come back equal through ids and schemas of a real registry, all 53,247", async () => {
    const [catalog, registry] = [await ownCatalog(), createRegistry(registryUrl())];
    await push(catalog, registry);
    const encoder = createEncoder(catalog, await resolveSchemaIds(catalog, registry));
    const decoder = createDecoder(createRegistry(registryUrl()));
    const lines = gunzipSync(await readFile(FLIGHTS))
      .toString("utf8")
      .trimEnd()
      .split("\n");
    const aircraft = new Set<string>();

    for (const [offset, line] of lines.entries()) {
      const { type, time, ...data } = lineOf(JSON.parse(line));
      const event = encoder.encode({ type: `flights.${type}`, time, source: "urn:flights", data });
      const record: LocatedRecord = { ...event, partition: 0, offset, timestampMs: 0 };
      let result = decoder.decode(record);
      if (result.kind === "schema-needed") {
        await decoder.load(result.schemaId);
        result = decoder.decode(record);
      }
      const read = result.kind === "event" ? result.event : null;
      const isSame = read?.time === time && isDeepStrictEqual({ ...Object(read.data) }, data);
      if (!isSame) throw new Error(`line ${offset + 1} came back as ${JSON.stringify(result)}`);
      aircraft.add(Buffer.from(event.key ?? []).toString("utf8"));
    }

    expect(lines).toHaveLength(53_247);
    expect(aircraft.size).toBe(3_148);
  });
});

interface Line {
  readonly type: string;
  readonly time: string;
}

function lineOf(json: unknown): Line {
  const isLine = (value: unknown): value is Line =>
    typeof value === "object" && value !== null && "type" in value && "time" in value;
  if (isLine(json)) return json;
  throw new Error("a line of the flights has a type and a time");
}
