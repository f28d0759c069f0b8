import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHANGES_MAX, DEPTH_MAX, diffJson, type ChangeKind, type JsonDiff } from "./json-diff.ts";

const json = fc.jsonValue({ maxDepth: 4 });
const MIRRORED: Readonly<Record<ChangeKind, ChangeKind>> = {
  added: "removed",
  removed: "added",
  changed: "changed",
};

function textsOf({ changes }: JsonDiff): readonly string[] {
  return changes.map(({ kind, path }) => `${kind} ${JSON.stringify(path)}`);
}

describe("diffJson", () => {
  it("names what was added, removed and changed, in this order, and by path", () => {
    const before = { kept: 1, gone: { deep: true }, other: "a", list: [1, { x: 1 }] };
    const after = { other: 5, kept: 1, fresh: null, list: [1, { x: 2 }] };

    expect(textsOf(diffJson(before, after))).toEqual([
      'added ["fresh"]',
      'removed ["gone"]',
      'changed ["list",null,"x"]',
      'changed ["other"]',
    ]);
  });

  it("takes all items of a list for one", () => {
    const items = (count: number, price: number) =>
      Array.from({ length: count }, () => ({ price }));

    expect(textsOf(diffJson(items(3, 1), items(3, 2)))).toEqual(['changed [null,"price"]']);
    expect(textsOf(diffJson(items(3, 1), items(5, 1)))).toEqual(["added [null]"]);
    expect(textsOf(diffJson(items(3, 1), []))).toEqual(["removed [null]"]);
  });

  it("says of values of different kinds that they changed, and looks no deeper", () => {
    for (const [before, after] of [
      [{ a: 1 }, [1]],
      [{ a: 1 }, null],
      ["1", 1],
    ]) {
      expect(textsOf(diffJson({ x: before }, { x: after }))).toEqual(['changed ["x"]']);
    }
  });

  it("knows members whose names objects have anyway", () => {
    const before: unknown = JSON.parse('{"__proto__":1}');

    expect(textsOf(diffJson(before, {}))).toEqual(['removed ["__proto__"]']);
    expect(textsOf(diffJson({}, { constructor: 1 }))).toEqual(['added ["constructor"]']);
  });

  it("tells so many changes apart, and that there are more", () => {
    const object = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, index]));

    expect(diffJson({}, object(CHANGES_MAX))).toMatchObject({ isCut: false });
    expect(diffJson({}, object(CHANGES_MAX)).changes).toHaveLength(CHANGES_MAX);
    expect(diffJson({}, object(CHANGES_MAX + 1)).isCut).toBe(true);
    expect(diffJson({}, object(10_000)).changes).toHaveLength(CHANGES_MAX);
  });

  it("ends at values that are nested too deep", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 10 * DEPTH_MAX; depth += 1) deep = { deep };

    const { changes } = diffJson(deep, deep);

    expect(changes).toHaveLength(1);
    expect(changes[0]?.path).toHaveLength(DEPTH_MAX + 1);
  });

  it("finds no difference exactly where there is none", () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(diffJson(before, structuredClone(before)).changes).toEqual([]);
        const isSame = isDeepStrictEqual(before, after);
        expect(diffJson(before, after).changes.length === 0).toBe(isSame);
      }),
    );
  });

  it("says the mirrored of two values exchanged", () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const there = diffJson(before, after);
        fc.pre(!there.isCut);
        const back = diffJson(after, before).changes.map(({ kind, path }) => {
          return { kind: MIRRORED[kind], path };
        });
        expect(new Set(textsOf({ changes: back, isCut: false }))).toEqual(new Set(textsOf(there)));
      }),
    );
  });

  it("finds exactly the members that are put in, taken out and replaced", () => {
    const members = fc.dictionary(
      fc.string(),
      fc.tuple(json, fc.constantFrom("a", "r", "c", "k")),
      {
        maxKeys: 10,
      },
    );
    fc.assert(
      fc.property(members, (object) => {
        const before: [string, unknown][] = [];
        const after: [string, unknown][] = [];
        const expected = new Set<string>();
        for (const [name, [value, choice]] of Object.entries(object)) {
          if (choice !== "a") before.push([name, value]);
          if (choice !== "r") after.push([name, choice === "c" ? { was: value } : value]);
          const path = JSON.stringify([name]);
          if (choice === "a") expected.add(`added ${path}`);
          if (choice === "r") expected.add(`removed ${path}`);
          if (choice === "c") expected.add(path);
        }
        const found = diffJson(Object.fromEntries(before), Object.fromEntries(after));
        // Of a member that is replaced by an object around it, it is the inside that differs where it was an object.
        const seen = found.changes.map(({ kind, path }) =>
          path.length > 1 || kind === "changed"
            ? JSON.stringify(path.slice(0, 1))
            : `${kind} ${JSON.stringify(path)}`,
        );
        fc.pre(!found.isCut);
        expect(new Set(seen)).toEqual(expected);
      }),
    );
  });
});
