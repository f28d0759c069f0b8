import { describe, expect, it } from "vitest";
import { ShadowGroups, SHAPES_MAX, type ShadowSample } from "./shadow-groups.ts";
import type { Shape } from "./shape.ts";

const FILTERED = { outcome: "filtered" } as const;

function sampleAt(offset: number): ShadowSample {
  const place = { topic: "t", partition: 0, offset, id: null, type: null };
  return { ...place, before: FILTERED, after: FILTERED };
}

function shapeOf(name: string): Shape {
  const change = { part: "body", kind: "changed", path: [name] } as const;
  const texts = { before: "sent", after: "sent" };
  return { change: "request-changed", changes: [change], isCut: false, ...texts };
}

/** Adds records of shapes by name, at offsets from 0 on; tells how many were looked at closer. */
function add(groups: ShadowGroups, names: readonly string[], shownAs = (name: string) => name) {
  let lookedAt = 0;
  for (const [offset, name] of names.entries()) {
    groups.add({
      shape: shapeOf(name),
      shown: () => ({ change: "request-changed", text: shownAs(name), changes: [], isCut: false }),
      sample: () => {
        lookedAt += 1;
        return sampleAt(offset);
      },
    });
  }
  return lookedAt;
}

describe("ShadowGroups", () => {
  it("counts by shape, the most first, and keeps the first samples of each", () => {
    const groups = new ShadowGroups({ groupsMax: 10, samplesMax: 2 });

    const lookedAt = add(groups, ["a", "b", "b", "a", "b", "b"]);

    expect(
      groups.groups.map(({ text, count, samples }) => [
        text,
        count,
        samples.map(({ offset }) => offset),
      ]),
    ).toEqual([
      ["b", 4, [1, 2]],
      ["a", 2, [0, 3]],
    ]);
    expect(lookedAt).toBe(4);
    expect(groups.leftOut).toEqual({ groupCount: 0, recordCount: 0 });
  });

  it("counts the shapes and records that no group was left for", () => {
    const groups = new ShadowGroups({ groupsMax: 2, samplesMax: 1 });

    add(groups, ["a", "b", "c", "d", "c", "a"]);

    expect(groups.groups.map(({ text, count }) => [text, count])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    expect(groups.leftOut).toEqual({ groupCount: 2, recordCount: 3 });
  });

  it("takes shapes for one that look alike", () => {
    const groups = new ShadowGroups({ groupsMax: 2, samplesMax: 1 });

    add(groups, ["a1", "a2", "b"], (name) => name.slice(0, 1));

    expect(groups.groups.map(({ text, count }) => [text, count])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    expect(groups.leftOut.groupCount).toBe(0);
  });

  it("remembers so many shapes, whatever comes", () => {
    const groups = new ShadowGroups({ groupsMax: 1, samplesMax: 0 });
    const names = Array.from({ length: SHAPES_MAX + 500 }, (_, index) => `n${index}`);

    add(groups, names);

    expect(groups.leftOut).toEqual({ groupCount: SHAPES_MAX - 1, recordCount: names.length - 1 });
  });
});
