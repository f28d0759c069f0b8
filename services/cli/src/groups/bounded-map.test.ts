import { describe, expect, it } from "vitest";
import { boundedMap } from "./bounded-map.ts";

describe("boundedMap", () => {
  it("keeps the items' order and runs no more than its limit at once", async () => {
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 20 }, (_, index) => index);

    const results = await boundedMap(items, 3, async (item) => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < 20 - item; turn += 1) await Promise.resolve();
      running -= 1;
      return item * 2;
    });

    expect(results).toEqual(items.map((item) => item * 2));
    expect(most).toBe(3);
  });

  it("begins nothing more once one has failed", async () => {
    const begun: number[] = [];

    const mapped = boundedMap([1, 2, 3, 4], 1, async (item) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 2) throw new Error("no");
    });

    await expect(mapped).rejects.toThrow("no");
    expect(begun).toEqual([1, 2]);
  });

  it("has nothing to do for no items", async () => {
    expect(await boundedMap([], 3, () => Promise.resolve(1))).toEqual([]);
  });
});
