import { expect, it } from "vitest";
import { didYouMean, nearest } from "./suggestion.ts";

it("suggests the nearest word, and none where all are far", () => {
  expect(nearest("profileUpdted", ["ProfileUpdated", "ProfileDeleted"])).toBe("ProfileUpdated");
  expect(nearest("x", ["abc"])).toBeNull();
  expect(nearest("a".repeat(10_000), ["a".repeat(9_999)])).toBeNull();
  expect(didYouMean("usrs", ["users"])).toBe(" (did you mean users?)");
  expect(didYouMean("zzz", [])).toBe("");
});
