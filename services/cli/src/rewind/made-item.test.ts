import { asOffset, asPartition, asTarget, asTopic } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { madeItem } from "./made-item.ts";

describe("what was done in a partition", () => {
  it("is printed with its offsets as text", () => {
    const move = { topic: asTopic("users"), partition: asPartition(3), to: asOffset(40) };

    expect(madeItem(asTarget("crm"), { ...move, committed: asOffset(90), end: "set" })).toEqual({
      ...{ target: "crm", topic: "users", partition: 3, committed: "90", to: "40", end: "set" },
    });
    expect(
      madeItem(asTarget("crm"), { ...move, committed: null, end: "set" }).committed,
    ).toBeNull();
  });
});
