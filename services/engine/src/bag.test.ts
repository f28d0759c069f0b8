import { describe, expect, it } from "vitest";
import { SeededDraws } from "../testing/seeded-draws.ts";
import { Bag } from "./bag.ts";

const item = (name: string) => ({ name, place: -1 });

describe("a bag", () => {
  it("holds what was put in and not taken out, like a set", () => {
    const draws = new SeededDraws(7);
    const bag = new Bag<ReturnType<typeof item>>();
    const set = new Set<ReturnType<typeof item>>();
    const items = Array.from({ length: 20 }, (_, index) => item(String(index)));
    for (let turn = 0; turn < 2_000; turn += 1) {
      const one = draws.pick(items);
      if (set.has(one) || draws.chance(0.3)) {
        set.delete(one);
        bag.delete(one);
      } else {
        set.add(one);
        bag.add(one);
      }
      expect(bag.size).toBe(set.size);
      expect(new Set(bag)).toEqual(set);
    }
  });

  it("can be gone through while it is emptied", () => {
    const bag = new Bag<ReturnType<typeof item>>();
    for (const name of "abc") bag.add(item(name));
    const seen: string[] = [];

    for (const one of bag) {
      bag.delete(one);
      seen.push(one.name);
    }

    expect(seen).toEqual(["a", "b", "c"]);
    expect(bag.size).toBe(0);
  });
});
