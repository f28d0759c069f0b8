import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogOf, recordOf, temporaryCatalog } from "../fixtures/temporary-catalog.ts";
import { DEFAULT_CATALOG_PATH, loadCatalog, SchemaError } from "./index.ts";

const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (text: RegExp): unknown => expect.stringMatching(text);

/** What a catalog says against its files, as `<file>:<line>: <detail>`. */
async function problemsOf(
  yaml: string,
  files: Readonly<Record<string, unknown>> = {},
): Promise<readonly string[]> {
  await using folder = await temporaryCatalog(yaml, files);
  const error = await loadCatalog(folder.path).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error === null) return [];
  if (!(error instanceof SchemaError)) throw new Error("not refused", { cause: error });
  expect(error.code).toBe("CATALOG_INVALID");
  return error.message
    .split("\n")
    .slice(1)
    .map((line) => line.trim().replace(join(folder.folder, "/"), ""));
}

const topic = "topics: { t: { partitions: 1, retention: 1d } }";

describe("the catalog of this package", () => {
  it("has three topics and nine types, each with its subject, key and owner", async () => {
    const { topics, types } = await loadCatalog(DEFAULT_CATALOG_PATH);

    expect([...topics.keys()]).toEqual(["users", "orders", "flights"]);
    expect(topics.get("users")).toEqual({
      name: "users",
      partitions: 12,
      retentionMs: 7 * 86_400_000,
      keyField: "userId",
      cleanupPolicy: "delete",
    });
    expect(topics.get("flights")?.retentionMs).toBeNull();
    expect(types.size).toBe(9);
    expect(types.get("orders.OrderPlaced")).toMatchObject({
      subject: "orders-orders.OrderPlaced",
      keyField: "orderId",
      owner: "checkout",
      piiFields: ["shippingAddress"],
    });
  });
});

describe("a catalog", () => {
  it("is read with schemas relative to itself, and keys that override the topic's", async () => {
    const yaml = `${catalogOf("A")}  things.B: { topic: things, schema: deep/B.avsc, owner: us, key: other }\n`;
    await using folder = await temporaryCatalog(yaml, {
      "A.avsc": recordOf("A"),
      "deep/B.avsc": recordOf("B", [{ name: "other", type: ["null", "long"] }]),
    });

    const { types } = await loadCatalog(folder.path);

    expect(types.get("things.A")?.keyField).toBe("id");
    expect(types.get("things.B")).toMatchObject({
      keyField: "other",
      schemaPath: join(folder.folder, "deep/B.avsc"),
    });
  });

  it("lists personal data wherever it is nested", async () => {
    const street = { name: "street", type: "string", pii: "mask" };
    const address = { type: "record", name: "Address", fields: [street] };
    const fields = [
      { name: "home", type: ["null", address] },
      { name: "others", type: { type: "array", items: "Address" } },
      { name: "named", type: { type: "map", values: "Address" } },
      { name: "mail", type: "string", pii: "drop" },
    ];
    await using folder = await temporaryCatalog(catalogOf("A"), {
      "A.avsc": recordOf("A", fields),
    });

    const { types } = await loadCatalog(folder.path);

    expect(types.get("things.A")?.piiFields).toEqual([
      "home.street",
      "others[].street",
      "named{}.street",
      "mail",
    ]);
  });
});

describe("a catalog that does not hold", () => {
  it("shows all problems of all files at once, each with its line", async () => {
    const yaml = `apiVersion: millrace/v2
topics:
  users: { partitions: 0, retention: 7 days, keey: userId }
  "no/topic": { partitions: 3, retention: 0d }
  third: 5
events:
  users.A: { topic: usrs, schema: A.avsc, owner: us }
  users.B: { topic: users, schema: missing.avsc, owner: us }
  users.C: { topic: users, schema: C.avsc }
  users.D: { topic: users, schema: D.avsc, owner: us, key: usrId }
  users.E: { topic: users, schema: E.avsc, owner: us }
  users.F: { topic: users, schema: F.avsc, owner: us, key: list }
  users.G: { topic: users, schema: G.avsc, owner: us }
extra: 1
`;
    const record = (name: string, ...fields: object[]): object => ({
      type: "record",
      name: `users.${name}`,
      fields,
    });
    const problems = await problemsOf(yaml, {
      "A.avsc": record("A"),
      "C.avsc": record("C"),
      "D.avsc": record("D", { name: "userId", type: "string" }),
      "E.avsc": '{\n  "type": "record",\n  oops\n}',
      "F.avsc": record("F", { name: "list", type: { type: "array", items: "int" } }),
      "G.avsc": record("Other"),
    });

    expect(problems.map((line) => line.replace(/ENOENT.*/, "ENOENT)"))).toEqual([
      "catalog.yaml:1: apiVersion must be millrace/v1",
      "catalog.yaml:3: partitions must be a whole number from 1 to 10000",
      "catalog.yaml:3: retention must be forever, or a duration such as 7d or 12h",
      "catalog.yaml:3: unknown key keey (did you mean key?)",
      'catalog.yaml:4: "no/topic" is no name that Kafka takes for a topic',
      "catalog.yaml:4: retention must be forever, or a duration such as 7d or 12h",
      "catalog.yaml:5: must be a mapping",
      "catalog.yaml:7: no such topic in this catalog: usrs (did you mean users?)",
      "catalog.yaml:8: cannot read the schema (ENOENT)",
      "catalog.yaml:9: owner is missing",
      "catalog.yaml:10: users.D has no field usrId to be its key (did you mean userId?)",
      "catalog.yaml:12: the key field list must be a string, int, long or enum",
      "catalog.yaml:14: unknown key extra",
      matching(/^E\.avsc:3: .*JSON/),
      "G.avsc:1: the record is named users.Other, the catalog says users.G",
    ]);
  });

  it.each([
    ["", ["catalog.yaml:1: the file must be a mapping"]],
    ["- a\n- b\n", ["catalog.yaml:1: the file must be a mapping"]],
    [
      "apiVersion: millrace/v1\n",
      ["catalog.yaml:1: topics must be a mapping", "catalog.yaml:1: events must be a mapping"],
    ],
    [
      `apiVersion: millrace/v1\n${topic}\nevents: {}\nevents: {}\n`,
      ["catalog.yaml:4: Map keys must be unique"],
    ],
    [
      `apiVersion: millrace/v1\ntopics: { t: { partitions: 1, retention: 1d, cleanup: shred } }\nevents: {}\n`,
      ["catalog.yaml:2: cleanup must be one of delete | compact | compact,delete"],
    ],
  ])("%j", async (yaml, problems) => {
    expect(await problemsOf(yaml)).toEqual(problems);
  });

  it("points at what is wrong", async () => {
    await using folder = await temporaryCatalog("apiVersion: millrace/v1\nevents: 5\n");

    await expect(loadCatalog(folder.path)).rejects.toMatchObject({
      problems: [
        { pointer: "/topics", line: 1 },
        { pointer: "/events", line: 2, column: 9 },
      ],
    });
  });

  it("is one that cannot be read", async () => {
    await expect(loadCatalog("/")).rejects.toMatchObject({
      code: "CATALOG_INVALID",
      message: containing("cannot read the catalog: / (EISDIR"),
    });
  });

  it("is one that is not there", async () => {
    await expect(loadCatalog("/nowhere/catalog.yaml")).rejects.toMatchObject({
      code: "CATALOG_MISSING",
      message: containing("cannot read the catalog: /nowhere/catalog.yaml"),
    });
  });

  it.each([
    ["reveal", "the pii of mail must be one of mask | drop | encrypt"],
    [true, "the pii of mail must be one of mask | drop | encrypt"],
  ])("asks for the handling %s of personal data", async (pii, detail) => {
    const field = { name: "mail", type: "string", pii };

    expect(await problemsOf(catalogOf("A"), { "A.avsc": recordOf("A", [field]) })).toEqual([
      `A.avsc:1: ${detail}`,
    ]);
  });

  it("names its records in more ways than anybody could look at", async () => {
    let type: unknown = { type: "record", name: "R0", fields: [{ name: "a", type: "int" }] };
    for (let level = 1; level <= 30; level++) {
      const fields = [
        { name: "a", type },
        { name: "b", type: `R${level - 1}` },
      ];
      type = { type: "record", name: `R${level}`, fields };
    }

    expect(
      await problemsOf(catalogOf("A"), { "A.avsc": recordOf("A", [{ name: "deep", type }]) }),
    ).toEqual(["A.avsc:1: things.A has more than 10000 fields"]);
  });
});
