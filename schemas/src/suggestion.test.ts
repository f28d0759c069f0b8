import { expect, it } from "vitest";
import { didYouMean, nearest, nearestHint } from "./suggestion.ts";

it("takes two letters that are swapped for one mistake", () => {
  expect(nearest("cmr", ["crm", "audit"])).toBe("crm");
  expect(nearest("rcm", ["crm", "audit"])).toBe("crm");
  expect(nearest("mrc", ["crm", "audit"])).toBeNull();
});

it("suggests the nearest word, and none where all are far", () => {
  expect(nearest("profileUpdted", ["ProfileUpdated", "ProfileDeleted"])).toBe("ProfileUpdated");
  expect(nearest("x", ["abc"])).toBeNull();
  expect(nearest("a".repeat(10_000), ["a".repeat(9_999)])).toBeNull();
  expect(didYouMean("usrs", ["users"])).toBe(" (did you mean users?)");
  expect(didYouMean("zzz", [])).toBe("");
});

it("names the nearest that is there, else all of them, else that there is none", () => {
  expect(nearestHint("cmr", ["crm", "audit"], "none")).toBe("did you mean crm?");
  expect(nearestHint("warehouse", ["crm", "audit"], "none")).toBe("it has crm, audit");
  expect(nearestHint("crm", [], "none")).toBe("none");
});
