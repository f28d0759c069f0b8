import { describe, expect, it } from "vitest";
import { IN_MEMORY, inTransaction, openDatabase } from "./sqlite.ts";

describe("a database", () => {
  it("is opened without a word, and leaves others their warnings", () => {
    const { emitWarning } = Object.getOwnPropertyDescriptors(process);
    openDatabase(IN_MEMORY).close();

    expect(Object.getOwnPropertyDescriptor(process, "emitWarning")).toEqual(emitWarning);
  });
});

describe("a transaction", () => {
  it("that fails leaves nothing behind, and the next one goes on", () => {
    const database = openDatabase(IN_MEMORY);
    database.exec("CREATE TABLE numbers (number)");
    const insert = (): unknown => database.prepare("INSERT INTO numbers VALUES (1)").run();
    const failing = (): never => {
      insert();
      throw new Error("as a test wants it");
    };

    expect(() => inTransaction(database, "write", failing)).toThrow("as a test wants it");
    inTransaction(database, "write", insert);

    expect(database.prepare("SELECT count(*) AS count FROM numbers").get()).toMatchObject({
      count: 1,
    });
  });
});
