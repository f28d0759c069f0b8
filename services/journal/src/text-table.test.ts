import { asTarget } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { delivered, T0 } from "../test-support/pages.ts";
import { DELIVERED_ID, openTables } from "./index-tables.ts";
import { IndexWriter } from "./index-writer.ts";
import { IN_MEMORY } from "./sqlite.ts";
import { TextTable } from "./text-table.ts";

function setup() {
  const database = openTables(IN_MEMORY, "ns.deliveries");
  const texts = new TextTable(database);
  const countAll = (): unknown =>
    database.prepare("SELECT count(*) AS count FROM texts").get()?.["count"];
  return { database, texts, countAll };
}

describe("texts", () => {
  it("have one id each, which outlasts what is in memory", () => {
    const { texts } = setup();
    const id = texts.idOf("crm");
    texts.forget();

    expect([texts.idOf("crm"), texts.find("crm"), texts.textOf(id)]).toEqual([id, id, "crm"]);
    expect(texts.idOf("audit")).not.toBe(id);
    expect(texts.idOf("delivered")).toBe(DELIVERED_ID);
  });

  it("that are only asked for get none", () => {
    const { texts, countAll } = setup();

    expect(texts.find("crm")).toBeNull();
    expect(countAll()).toBe(1);
  });

  it("that no row names are swept once they are many, and no others", () => {
    const { database, texts, countAll } = setup();
    const page = {
      target: asTarget("crm"),
      entries: [delivered({ source: "/kept" })],
      skipped: [],
    };
    const place = { partition: 0, offset: 0 };
    const reading = { kind: "page", page } as const;
    new IndexWriter(database, texts).write([{ place, takenAt: T0, reading }]);
    for (let index = 0; index < 5_000; index += 1) texts.idOf(`/few-${index}`);
    texts.sweep();
    expect(texts.find("/few-0")).not.toBeNull();

    for (let index = 0; index < 6_000; index += 1) texts.idOf(`/many-${index}`);
    texts.sweep();
    expect([texts.find("/few-0"), texts.find("/many-0")]).toEqual([null, null]);
    expect(texts.find("/kept")).not.toBeNull();
    expect(countAll()).toBe(7);
  });
});
