import { describe, expect, it } from "vitest";
import { maskedAlike } from "./masked-alike.ts";

describe("maskedAlike", () => {
  it.each<[string, readonly [unknown, unknown, unknown], unknown]>([
    ["keeps what comes out alike", [{ a: 1 }, { a: 1 }, { a: 1 }], { a: 1 }],
    ["masks what one stand-in changes", [{ a: 1 }, { a: 1 }, { a: 2 }], { a: "***" }],
    ["masks what both change", ["x", "y", "y"], "***"],
    [
      "looks into lists",
      [
        [1, 2],
        [1, 3],
        [1, 3],
      ],
      [1, "***"],
    ],
    ["masks a list of another length", [[1], [1, 1], [1]], "***"],
    [
      "masks a name that is made of data",
      [{ ada: 1 }, { "***": 1 }, { "###": 1 }],
      { "***": "***" },
    ],
    ["masks what is no list elsewhere", [[1], { 0: 1 }, [1]], "***"],
  ])("%s", (_, [value, one, other], expected) => {
    expect(maskedAlike(value, one, other)).toEqual(expected);
  });
});
