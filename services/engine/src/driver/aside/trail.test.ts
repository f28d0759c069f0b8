import { describe, expect, it } from "vitest";
import { Trail } from "./trail.ts";

function trailOf(...held: readonly string[]): Trail {
  const trail = new Trail();
  for (const key of held) {
    trail.begin(key);
    trail.keep(key);
  }
  return trail;
}

describe("a trail of entries", () => {
  it("lets an entry be deleted once a later one is known to hold", () => {
    expect(trailOf("a").replaced).toEqual([]);
    expect(trailOf("a", "b").replaced).toEqual(["a"]);
  });

  it("keeps an entry of which nobody knows until a later one is known to hold", () => {
    const trail = trailOf("a");
    trail.begin("lost");
    trail.begin("b");

    expect(trail.replaced).toEqual([]);
    trail.keep("b");
    expect(trail.replaced).toEqual(["lost", "a"]);
  });

  it("forgets what is deleted", () => {
    const trail = trailOf("a", "b", "c");
    trail.forget(["a"]);

    expect(trail.replaced).toEqual(["b"]);
  });
});
