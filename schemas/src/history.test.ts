import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogOf, recordOf, temporaryCatalog } from "../fixtures/temporary-catalog.ts";
import {
  checkCompatibility,
  createMemoryRegistry,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  releaseCatalog,
  releasedVersions,
} from "./index.ts";

const containing = (text: string): unknown => expect.stringContaining(text);

const SUBJECT = "things-things.A";
const files = (...fields: readonly object[]): Record<string, unknown> => ({
  "A.avsc": recordOf("A", fields),
});

describe("the history of this package's catalog", () => {
  it("holds every schema as it is now, and every version can be read by it", async () => {
    const report = await checkCompatibility(await loadCatalog(DEFAULT_CATALOG_PATH));

    expect(report.unreleased).toEqual([]);
    expect(report.isCompatible).toBe(true);
    expect(report.items.length).toBeGreaterThanOrEqual(9);
  });
});

describe("releasing", () => {
  it("records each changed schema once, as the next version", async () => {
    await using folder = await temporaryCatalog(catalogOf("A"), files());
    const first = await loadCatalog(folder.path);

    expect(await releaseCatalog(first)).toEqual([{ subject: SUBJECT, version: 1 }]);
    expect(await releaseCatalog(first)).toEqual([]);
    await folder.write("A.avsc", recordOf("A", [{ name: "n", type: "int", default: 1 }]));
    const second = await loadCatalog(folder.path);
    expect((await checkCompatibility(second)).unreleased).toEqual([SUBJECT]);
    expect(await releaseCatalog(second)).toEqual([{ subject: SUBJECT, version: 2 }]);

    expect(await releasedVersions(second, SUBJECT)).toEqual([
      { version: 1, avro: recordOf("A") },
      { version: 2, avro: recordOf("A", [{ name: "n", type: "int", default: 1 }]) },
    ]);
    expect(await readFile(join(folder.folder, "history", SUBJECT, "1.avsc"), "utf8")).toMatch(
      /\n$/,
    );
  });

  it("keeps the order of versions beyond nine", async () => {
    await using folder = await temporaryCatalog(catalogOf("A"), files());
    for (let version = 1; version <= 11; version++) {
      await folder.write(`history/${SUBJECT}/${version}.avsc`, { v: version });
    }

    const versions = await releasedVersions(await loadCatalog(folder.path), SUBJECT);

    expect(versions.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});

describe("a check", () => {
  it("names what older events would lose, against history and registry", async () => {
    await using folder = await temporaryCatalog(catalogOf("A"), {
      ...files({ name: "n", type: "string" }),
      [`history/${SUBJECT}/1.avsc`]: recordOf("A", [{ name: "n", type: "int" }]),
    });
    const registry = createMemoryRegistry();
    await registry.register(SUBJECT, recordOf("A"));

    const report = await checkCompatibility(await loadCatalog(folder.path), registry);

    expect(report).toEqual({
      isCompatible: false,
      unreleased: [SUBJECT],
      items: [
        {
          subject: SUBJECT,
          against: "history",
          version: 1,
          problems: ["n was int and is string"],
        },
        {
          subject: SUBJECT,
          against: "registry",
          version: 1,
          problems: ["n is new and has no default: older things.A do not hold it"],
        },
      ],
    });
  });

  it.each([
    ["a version that is no JSON", `history/${SUBJECT}/1.avsc`, "{"],
    ["a history that is no folder", `history/${SUBJECT}`, "x"],
  ])("fails on %s", async (...[, name, content]) => {
    await using folder = await temporaryCatalog(catalogOf("A"), { ...files(), [name]: content });

    await expect(checkCompatibility(await loadCatalog(folder.path))).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      message: containing(SUBJECT),
    });
  });
});
