import { describe, expect, it } from "vitest";
import { JSON_DEPTH_MAX, JSON_VALUES_MAX, parseJsonBody } from "./json-body.ts";
import { Refusal } from "./problem.ts";

const parse = (text: string): unknown => parseJsonBody(Buffer.from(text));

function refusalOf(body: Uint8Array | string): string {
  try {
    parseJsonBody(typeof body === "string" ? Buffer.from(body) : body);
  } catch (error) {
    if (error instanceof Refusal) return `${error.kind}: ${error.message}`;
    throw error;
  }
  return "none";
}

describe("JSON of a body", () => {
  it.each([
    ['{"a":[1,{"b":"x:y{"}],"c":"\\":{"}', { a: [1, { b: "x:y{" }], c: '":{' }],
    ['"\\\\"', "\\"],
    [" [ true , null ] ", [true, null]],
    ['{"a":{"a":1},"b":[{"a":1},{"a":2}]}', { a: { a: 1 }, b: [{ a: 1 }, { a: 2 }] }],
    ['{"constructor":{"prototype":1}}', { constructor: { prototype: 1 } }],
    ["\ufeff{}", {}],
  ])("reads %s", (text, value) => {
    expect(parse(text)).toEqual(value);
  });

  it.each([
    ["", "the body is empty"],
    ["{", "the body is not JSON"],
    ["{a:1}", "the body is not JSON (line 1 column 2)"],
    ['{"a":1}{"b":2}', "the body is not JSON"],
    ["NaN", "the body is not JSON"],
    ['{"a":1,"a":2}', "an object has a member twice"],
    ['{"b":[{"a":1,"\\u0061":2}]}', "an object has a member twice"],
    ['{"a":{"__proto__":{"x":1}}}', "an object has a member that is named __proto__"],
    ['{"\\u005f_proto__":1}', "an object has a member that is named __proto__"],
  ])("refuses %s", (text, detail) => {
    expect(refusalOf(text)).toContain(`malformed-body: ${detail}`);
  });

  it("refuses what is not UTF-8", () => {
    expect(refusalOf(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toContain("not UTF-8");
    expect(refusalOf(Buffer.from("﻿{}", "utf16le"))).toContain("not UTF-8");
  });

  it("nests to the bound and no deeper", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

    expect(refusalOf(nested(JSON_DEPTH_MAX))).toBe("none");
    expect(refusalOf(nested(JSON_DEPTH_MAX + 1))).toContain("nests deeper");
    expect(refusalOf("[".repeat(1_000_000))).toContain("nests deeper");
  });

  it("holds values to the bound and no more", () => {
    const listed = (count: number): string => `[${Array(count).fill("1").join(",")}]`;

    expect(refusalOf(listed(JSON_VALUES_MAX))).toBe("none");
    expect(refusalOf(listed(JSON_VALUES_MAX + 1))).toContain("more than 250000 values");
  });

  it("quotes nothing of the body when it cannot be read", () => {
    expect(refusalOf('{"password":"hunter2" oops')).not.toContain("hunter2");
  });
});
