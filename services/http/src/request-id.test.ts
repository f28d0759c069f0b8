import { expect, test } from "vitest";
import { REQUEST_ID_MAX, requestIdText } from "./request-id.ts";

test.each([
  ["7f3a-01", "7f3a-01"],
  ["Root=1-67891233-abcdef012345678912345678", "Root=1-67891233-abcdef012345678912345678"],
  ["a\u001b[2Jb\u0000", "a?[2Jb?"],
  ["schlüssel", "schl?ssel"],
  ["x".repeat(REQUEST_ID_MAX + 1), "x".repeat(REQUEST_ID_MAX)],
])("tells the id %j as %j", (value, expected) => {
  expect(requestIdText(value)).toBe(expected);
});
