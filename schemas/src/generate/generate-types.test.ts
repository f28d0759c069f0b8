import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, expectTypeOf, it } from "vitest";
import { EVERY_TYPE } from "../../fixtures/every-type.ts";
import { catalogOf, recordOf, temporaryCatalog } from "../../fixtures/temporary-catalog.ts";
import {
  DEFAULT_CATALOG_PATH,
  generateTypes,
  loadCatalog,
  type EventContracts,
  type EventMap,
} from "../index.ts";

const GENERATED = join(import.meta.dirname, "../generated");

/** The text of one generated file for a catalog of these records. */
async function generated(
  file: string,
  records: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const files = Object.entries(records).map(([name, record]): readonly [string, unknown] => [
    `${name}.avsc`,
    record,
  ]);
  await using folder = await temporaryCatalog(
    catalogOf(...Object.keys(records)),
    Object.fromEntries(files),
  );
  return generateTypes(await loadCatalog(folder.path)).get(file);
}

describe("the checked-in types", () => {
  it("are those of the catalog (npm run -w schemas generate)", async () => {
    const files = generateTypes(await loadCatalog(DEFAULT_CATALOG_PATH));

    expect((await readdir(GENERATED)).sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files) {
      expect(await readFile(join(GENERATED, name), "utf8")).toBe(text);
    }
  });

  it("say what each event may hold", () => {
    expectTypeOf<EventMap>().toExtend<EventContracts>();
    expectTypeOf<EventMap["users.UserSignedUp"]["write"]>().toEqualTypeOf<{
      readonly userId: string;
      readonly email: string;
      readonly display_name: string;
      readonly channel?: "UNKNOWN" | "WEB" | "APP" | "INVITE" | undefined;
    }>();
    expectTypeOf<EventMap["orders.OrderPaid"]["read"]>().toEqualTypeOf<{
      readonly orderId: string;
      readonly paymentId: string;
      readonly amount: string;
      readonly currency: string;
      readonly paidAt: number | bigint;
    }>();
    expectTypeOf<EventMap["flights.FlightArrived"]["keyField"]>().toEqualTypeOf<"tailNumber">();
  });

  it("let what was read be written", () => {
    type Types = keyof EventMap;
    expectTypeOf<{ [Type in Types]: EventMap[Type]["read"] }>().toExtend<{
      [Type in Types]: EventMap[Type]["write"];
    }>();
  });
});

describe("generated types", () => {
  it("know every Avro type in both forms", async () => {
    const fields = [{ name: "all", type: EVERY_TYPE }];

    const text = await generated("synthetic.ts", { A: recordOf("A", fields) });

    expect(text).toBe(`// Generated from the event catalog; do not edit.

export interface Everything {
  readonly nothing: null;
  readonly truth: boolean;
  readonly int: number;
  readonly long: number | bigint;
  readonly float: number;
  readonly double: number;
  readonly bytes: Uint8Array;
  readonly string: string;
  readonly fixed: Uint8Array;
  readonly colour: Colour;
  readonly uuid: string;
  readonly date: number;
  readonly millis: number | bigint;
  readonly micros: number | bigint;
  readonly price: string;
  readonly balance: string;
  readonly list: readonly (number | bigint | null)[];
  readonly table: Readonly<Record<string, readonly number[]>>;
  readonly optional: string | null;
  readonly bare: boolean | string | number | bigint | null;
  readonly wrapped: { readonly int: number } | { readonly long: number | bigint } | { readonly "synthetic.Colour": Colour } | { readonly string: string } | null;
  readonly tree: Node;
}

/** {@link Everything} as it is written. */
export interface EverythingInput {
  readonly nothing: null;
  readonly truth: boolean;
  readonly int: number;
  readonly long: number | bigint;
  readonly float: number;
  readonly double: number;
  readonly bytes: Uint8Array;
  readonly string: string;
  readonly fixed: Uint8Array;
  readonly colour: Colour;
  readonly uuid: string;
  readonly date: string | number;
  readonly millis: Date | string | number | bigint;
  readonly micros: Date | string | number | bigint;
  readonly price: string;
  readonly balance: string;
  readonly list: readonly (number | bigint | null)[];
  readonly table: Readonly<Record<string, readonly number[]>>;
  /** Default: \`null\`. */
  readonly optional?: string | null | undefined;
  /** Default: \`null\`. */
  readonly bare?: boolean | string | number | bigint | null | undefined;
  /** Default: \`null\`. */
  readonly wrapped?: { readonly int: number } | { readonly long: number | bigint } | { readonly "synthetic.Colour": Colour } | { readonly string: string } | null | undefined;
  readonly tree: NodeInput;
}

export type Colour = "RED" | "GREEN";

export interface Node {
  readonly value: number;
  readonly children: readonly Node[];
  readonly next: Node | null;
}

/** {@link Node} as it is written. */
export interface NodeInput {
  readonly value: number;
  /** Default: \`[]\`. */
  readonly children?: readonly NodeInput[] | undefined;
  /** Default: \`null\`. */
  readonly next?: NodeInput | null | undefined;
}
`);
  });

  it("name other namespaces, and get out of the way of TypeScript's names", async () => {
    const fields = [
      { name: "date", type: { type: "record", name: "Date", fields: [] } },
      { name: "other", type: { type: "record", name: "a.default.X", fields: [] } },
      { name: "bare", type: { type: "record", name: "Y", namespace: "", fields: [] } },
      { name: "taken", type: { type: "record", name: "AInput", fields: [] } },
    ];

    const text = await generated("things.ts", { A: recordOf("A", fields) });

    expect(text).toContain('import type * as a_default from "./a.default.ts";');
    expect(text).toContain('import type * as no_namespace from "./no-namespace.ts";');
    expect(text).toContain("readonly date: Date_;");
    expect(text).toContain("readonly other: a_default.X;");
    expect(text).toContain("readonly bare: no_namespace.Y;");
    expect(text).toContain("export interface AInput {");
    expect(text).toContain("export interface AInput_ {");
  });

  it("keep what docs say within their comments", async () => {
    const doc = "Ends here: */ const x = 1;\nsecond line";

    const text = await generated("things.ts", { A: { ...recordOf("A"), doc } });

    expect(text).toContain("/**\n * Ends here: *\\/ const x = 1;\n * second line\n */\n");
  });

  it("write long enums one symbol a line", async () => {
    const symbols = Array.from({ length: 20 }, (_, index) => `SYMBOL_${index}`);
    const fields = [{ name: "e", type: { type: "enum", name: "E", symbols } }];

    const text = await generated("things.ts", { A: recordOf("A", fields) });

    expect(text).toContain('export type E =\n  | "SYMBOL_0"\n  | "SYMBOL_1"\n');
  });

  it("share a type that two events define alike, and refuse one that differs", async () => {
    const shared = (type: string): object => ({
      name: "where",
      type: { type: "record", name: "geo.Place", fields: [{ name: "x", type }] },
    });

    expect(
      await generated("geo.ts", {
        A: recordOf("A", [shared("int")]),
        B: recordOf("B", [shared("int")]),
      }),
    ).toContain("export interface Place {");
    await expect(
      generated("geo.ts", {
        A: recordOf("A", [shared("int")]),
        B: recordOf("B", [shared("long")]),
      }),
    ).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      message:
        "geo.Place is not the same in things.A and in things.B: give one of them another name",
    });
  });
});
