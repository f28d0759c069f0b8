import { describe, expect, it } from "vitest";
import { OffsetSet } from "./offset-set.ts";

describe("a set of offsets", () => {
  it("has those that were added, however far apart, and no others", () => {
    const set = new OffsetSet();
    const added = [0, 7, 8, 65_535, 65_536, 2 ** 40, 2 ** 53 - 1];
    for (const offset of added) set.add(offset);

    expect(added.every((offset) => set.has(offset))).toBe(true);
    expect([1, 6, 9, 65_534, 65_537, 2 ** 40 + 1, 2 ** 53 - 2].some((one) => set.has(one))).toBe(
      false,
    );
  });
});
