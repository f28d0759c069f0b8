import { describe, expect, it } from "vitest";
import { catalogOf, recordOf, temporaryCatalog } from "../fixtures/temporary-catalog.ts";
import {
  applyPush,
  createMemoryRegistry,
  loadCatalog,
  planPush,
  strengthened,
  type Catalog,
  type Registry,
} from "./index.ts";

const SUBJECT = "things-things.A";
const note = { name: "note", type: ["null", "string"], default: null };

/** The catalog of one event whose record has these fields. */
async function catalogWith(...fields: readonly object[]): Promise<Catalog> {
  await using folder = await temporaryCatalog(catalogOf("A"), { "A.avsc": recordOf("A", fields) });
  return await loadCatalog(folder.path);
}

const push = async (catalog: Catalog, registry: Registry): Promise<unknown> =>
  await applyPush(await planPush(catalog, registry), registry);

describe("a push", () => {
  it("creates a subject with its level, then keeps it", async () => {
    const [catalog, registry] = [await catalogWith(), createMemoryRegistry()];

    const plan = await planPush(catalog, registry);
    expect(plan.isPossible).toBe(true);
    expect(plan.steps).toMatchObject([
      {
        subject: SUBJECT,
        action: "create",
        id: null,
        setLevel: "BACKWARD_TRANSITIVE",
        problems: [],
      },
    ]);
    expect(await registry.versions(SUBJECT)).toEqual([]);

    expect(await applyPush(plan, registry)).toEqual([
      { subject: SUBJECT, action: "create", id: 1 },
    ]);
    expect(await registry.compatibility(SUBJECT)).toEqual({
      level: "BACKWARD_TRANSITIVE",
      isOwn: true,
    });

    expect((await planPush(catalog, registry)).steps).toMatchObject([
      { action: "keep", id: 1, setLevel: null, changes: [], problems: [] },
    ]);
    expect(await push(catalog, registry)).toEqual([{ subject: SUBJECT, action: "keep", id: 1 }]);
    expect(await registry.versions(SUBJECT)).toHaveLength(1);
  });

  it("adds a version and says what changes", async () => {
    const registry = createMemoryRegistry();
    await push(await catalogWith(), registry);

    const plan = await planPush(await catalogWith(note), registry);

    expect(plan.steps).toMatchObject([
      { action: "update", changes: [{ text: "+ note: string? = null" }], problems: [] },
    ]);
    expect(await applyPush(plan, registry)).toEqual([
      { subject: SUBJECT, action: "update", id: 2 },
    ]);
  });

  it("keeps a schema that is an older version", async () => {
    const registry = createMemoryRegistry();
    await push(await catalogWith(), registry);
    await push(await catalogWith(note), registry);

    expect((await planPush(await catalogWith(), registry)).steps).toMatchObject([
      { action: "keep", id: 1 },
    ]);
  });

  it("writes nothing when any schema cannot be registered, and names all reasons", async () => {
    const registry = createMemoryRegistry();
    await push(await catalogWith({ name: "age", type: "int" }), registry);
    const fields = [
      { name: "age", type: "string" },
      { name: "more", type: "int" },
    ];
    await using folder = await temporaryCatalog(catalogOf("New", "A"), {
      "New.avsc": recordOf("New"),
      "A.avsc": recordOf("A", fields),
    });

    const plan = await planPush(await loadCatalog(folder.path), registry);

    expect(plan.isPossible).toBe(false);
    await expect(applyPush(plan, registry)).rejects.toMatchObject({
      code: "SCHEMA_INCOMPATIBLE",
      message:
        "schemas cannot be registered:" +
        "\n  things-things.A: against version 1: age was int and is string" +
        "\n  things-things.A: against version 1: more is new and has no default: older things.A do not hold it",
    });
    expect(await registry.versions("things-things.New")).toEqual([]);
  });

  it("judges against every version, not only the newest", async () => {
    const registry = createMemoryRegistry();
    await push(await catalogWith({ name: "age", type: "int", default: 0 }), registry);
    await push(await catalogWith(), registry);

    const plan = await planPush(
      await catalogWith({ name: "age", type: "string", default: "" }),
      registry,
    );

    expect(plan.steps[0]?.problems).toEqual(["against version 1: age was int and is string"]);
  });

  it("makes a level stricter, never weaker", async () => {
    const registry = createMemoryRegistry({ level: "BACKWARD_TRANSITIVE" });
    const catalog = await catalogWith();
    await registry.setCompatibility(SUBJECT, "FULL");

    await push(catalog, registry);

    expect(await registry.compatibility(SUBJECT)).toMatchObject({ level: "FULL_TRANSITIVE" });
    expect(
      (
        [
          "NONE",
          "BACKWARD",
          "BACKWARD_TRANSITIVE",
          "FORWARD",
          "FORWARD_TRANSITIVE",
          "FULL",
        ] as const
      ).map(strengthened),
    ).toEqual([
      "BACKWARD_TRANSITIVE",
      "BACKWARD_TRANSITIVE",
      "BACKWARD_TRANSITIVE",
      "FULL_TRANSITIVE",
      "FULL_TRANSITIVE",
      "FULL_TRANSITIVE",
    ]);
  });

  it("sees beforehand what the stricter level would refuse", async () => {
    const registry = createMemoryRegistry({ level: "FORWARD" });
    await registry.register(SUBJECT, recordOf("A", [{ name: "age", type: "int" }]));

    const plan = await planPush(await catalogWith(), registry);

    expect(plan.steps[0]).toMatchObject({
      setLevel: "FULL_TRANSITIVE",
      problems: ["read as version 1: age is new and has no default: older things.A do not hold it"],
    });
  });
});
