import { randomUUID } from "node:crypto";
import { createMemoryRegistry, createRegistry, type Registry } from "@millrace/schemas";
import { describe, expect, it } from "vitest";

/** What every registry that Millrace talks to must do; the real one is that of `SCHEMA_REGISTRY_URL`. */
const REGISTRIES: readonly (readonly [string, () => Registry])[] = [
  ["in memory", () => createMemoryRegistry()],
  ["of SCHEMA_REGISTRY_URL", () => createRegistry(process.env["SCHEMA_REGISTRY_URL"] ?? "")],
];

interface Bundle {
  readonly registry: Registry;
  readonly subject: string;
  /** A schema that no other test has. */
  readonly schema: (...fields: readonly object[]) => object;
}

function setup(create: () => Registry): Bundle {
  const unique = randomUUID().replaceAll("-", "");
  const id = { name: "id", type: "string" };
  return {
    registry: create(),
    subject: `conformance-x.R${unique}`,
    schema: (...fields) => ({
      type: "record",
      name: `R${unique}`,
      namespace: "x",
      doc: "A record.",
      fields: [id, ...fields],
    }),
  };
}

const age = { name: "age", type: "int", default: 0 };
const required = { name: "more", type: "string" };

describe.each(REGISTRIES)("a registry %s", (_, create) => {
  it("gives a registered schema an id under which it is found again", async () => {
    const { registry, subject, schema } = setup(create);

    const id = await registry.register(subject, schema());

    expect(await registry.idOf(subject, schema())).toBe(id);
    expect(await registry.schemaById(id)).toEqual(schema());
  });

  it("keeps the id and the versions of a schema that is registered again", async () => {
    const { registry, subject, schema } = setup(create);
    const first = await registry.register(subject, schema());
    const second = await registry.register(subject, schema(age));

    expect(second).not.toBe(first);
    expect(await registry.register(subject, schema())).toBe(first);
    expect(await registry.register(subject, schema(age))).toBe(second);
    expect(await registry.versions(subject)).toHaveLength(2);
  });

  it("gives one schema one id in all subjects", async () => {
    const { registry, subject, schema } = setup(create);

    const id = await registry.register(subject, schema());

    expect(await registry.register(`${subject}-other`, schema())).toBe(id);
  });

  it("lists versions oldest first, and knows the newest", async () => {
    const { registry, subject, schema } = setup(create);
    const ids = [
      await registry.register(subject, schema()),
      await registry.register(subject, schema(age)),
    ];

    expect(await registry.versions(subject)).toEqual([
      { id: ids[0], version: 1, avro: schema() },
      { id: ids[1], version: 2, avro: schema(age) },
    ]);
    expect(await registry.latest(subject)).toEqual({ id: ids[1], version: 2, avro: schema(age) });
  });

  it("has nothing of a subject that does not exist", async () => {
    const { registry, subject, schema } = setup(create);

    expect(await registry.versions(subject)).toEqual([]);
    expect(await registry.latest(subject)).toBeNull();
    expect((await registry.compatibility(subject)).isOwn).toBe(false);
    expect(await registry.accepts(subject, schema())).toEqual({ accepted: true, messages: [] });
  });

  it("says of an id, a subject or a schema that it does not know it", async () => {
    const { registry, subject, schema } = setup(create);
    const unknown = { code: "SCHEMA_UNKNOWN" };

    await expect(registry.schemaById(2_000_000_000)).rejects.toMatchObject(unknown);
    await expect(registry.idOf(subject, schema())).rejects.toMatchObject(unknown);
    await registry.register(subject, schema());
    await expect(registry.idOf(subject, schema(age))).rejects.toMatchObject(unknown);
  });

  it("takes a level before the first version, and registering leaves it alone", async () => {
    const { registry, subject, schema } = setup(create);
    const level = { level: "BACKWARD_TRANSITIVE", isOwn: true };

    await registry.setCompatibility(subject, "BACKWARD_TRANSITIVE");
    await registry.register(subject, schema());

    expect(await registry.compatibility(subject)).toEqual(level);
    const before = await registry.compatibility(`${subject}-other`);
    expect(before.isOwn).toBe(false);
    await registry.register(`${subject}-other`, schema());
    // Apicurio calls a level its own once the subject exists.
    expect((await registry.compatibility(`${subject}-other`)).level).toBe(before.level);
  });

  it("refuses what could not read older events, and says so when asked", async () => {
    const { registry, subject, schema } = setup(create);
    await registry.setCompatibility(subject, "BACKWARD_TRANSITIVE");
    await registry.register(subject, schema());

    expect((await registry.accepts(subject, schema(age))).accepted).toBe(true);
    expect((await registry.accepts(subject, schema(required))).accepted).toBe(false);
    await expect(registry.register(subject, schema(required))).rejects.toMatchObject({
      code: "SCHEMA_INCOMPATIBLE",
      retryable: false,
    });
    expect(await registry.versions(subject)).toHaveLength(1);
  });

  it("judges against versions before the newest too", async () => {
    const { registry, subject, schema } = setup(create);
    await registry.setCompatibility(subject, "BACKWARD_TRANSITIVE");
    await registry.register(subject, schema(age));
    await registry.register(subject, schema());

    const { accepted } = await registry.accepts(
      subject,
      schema({ name: "age", type: "string", default: "" }),
    );

    expect(accepted).toBe(false);
  });

  it("takes anything at the level NONE", async () => {
    const { registry, subject, schema } = setup(create);
    await registry.setCompatibility(subject, "NONE");
    await registry.register(subject, schema());

    expect((await registry.accepts(subject, schema(required))).accepted).toBe(true);
    expect(await registry.register(subject, schema(required))).toBeGreaterThan(0);
  });
});
