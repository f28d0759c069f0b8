import { expect, it } from "vitest";
import { nearName } from "./near-name.ts";

it.each([
  ["user", "users"],
  ["Orders", "orders"],
  ["on-call", "oncall"],
  ["fligths", "flights"],
  ["moon", null],
  ["", null],
  ["o".repeat(10_000), null],
])("takes %s for %s", (word, name) => {
  expect(nearName(word, ["users", "orders", "flights", "oncall"])).toBe(name);
});
