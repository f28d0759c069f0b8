import { DEFAULT_CATALOG_PATH } from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { compileFilter, type FilteredEvents } from "./event-filter.ts";

const compile = (source: string, of: Partial<FilteredEvents> = {}) =>
  compileFilter(source, { topics: ["users"], catalogPath: DEFAULT_CATALOG_PATH, ...of });

describe("--filter", () => {
  it("is refused for a field that is not there, with its place and what may be meant", async () => {
    const source = 'event.type == "users.ProfileUpdated" && event.data.revison > 1';

    await expect(compile(source)).rejects.toMatchObject({
      exitCode: 2,
      message:
        "--filter does not hold:\n" +
        '  users.ProfileUpdated has no field revison at character 52 (did you mean "revision"?)',
    });
  });

  it("may name types of any of its topics, and of no other one", async () => {
    const source = 'event.type == "orders.OrderPlaced"';

    await expect(compile(source, { topics: ["users", "orders"] })).resolves.toBeDefined();
    await expect(compile(source)).rejects.toThrow("has the event type orders.OrderPlaced");
  });

  it("may name any type where events without an envelope have types of their own", async () => {
    const source = 'event.type == "legacy.Thing"';

    await expect(compile(source, { envelope: "derive" })).resolves.toBeDefined();
    await expect(compile(source)).rejects.toMatchObject({ exitCode: 2 });
  });
});
