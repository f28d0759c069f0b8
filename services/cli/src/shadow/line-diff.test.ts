import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DIFF_LINES_MAX, diffLines } from "./line-diff.ts";

const MARKS = { same: " ", removed: "-", added: "+" } as const;

function marked(before: string, after: string): string {
  return diffLines(before.split(" "), after.split(" "))
    .map(({ kind, text }) => `${MARKS[kind]}${text}`)
    .join("");
}

describe("diffLines", () => {
  it("keeps what both have, removed lines before added ones", () => {
    expect(marked("a b c d", "a b c d")).toBe(" a b c d");
    expect(marked("a b c d", "a x c d")).toBe(" a-b+x c d");
    expect(marked("a b c", "c a b")).toBe("+c a b-c");
    expect(marked("a b", "x")).toBe("-a-b+x");
    expect(diffLines([], ["a"])).toEqual([{ kind: "added", text: "a" }]);
  });

  it("is the way from one text to the other", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffLines(before, after);
        const textsBut = (left: string): readonly string[] =>
          diff.filter(({ kind }) => kind !== left).map(({ text }) => text);

        expect(textsBut("added")).toEqual(before);
        expect(textsBut("removed")).toEqual(after);
      }),
    );
  });

  it("looks at so many lines of each", () => {
    const lines = Array.from({ length: DIFF_LINES_MAX + 100 }, (_, index) => String(index));

    expect(diffLines(lines, lines)).toHaveLength(DIFF_LINES_MAX);
  });
});
