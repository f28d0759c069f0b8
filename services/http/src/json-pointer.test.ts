import { expect, test } from "vitest";
import { jsonPointer } from "./json-pointer.ts";

const DOCUMENT: unknown = JSON.parse(
  '{"token":"t","a/b":{"m~n":[10,20]},"":{"":1},"__proto__":{"x":1}}',
);

test.each([
  ["/token", "t"],
  ["/a~1b/m~0n/1", 20],
  ["//", 1],
  ["", DOCUMENT],
  ["/__proto__/x", 1],
  ["/missing", undefined],
  ["/token/length", undefined],
  ["/a~1b/m~0n/2", undefined],
  ["/constructor/name", undefined],
])("%j points to %j", (pointer, expected) => {
  expect(jsonPointer(pointer)(DOCUMENT)).toEqual(expected);
});

test("a text that does not begin with a slash is no pointer", () => {
  expect(() => jsonPointer("token")).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});
