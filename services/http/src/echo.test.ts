import { expect, test } from "vitest";
import { repeatsAny } from "./echo.ts";

const SECRET = "s3/cr+t=";

test.each([
  ["as it stands", `token ${SECRET}!`, true],
  ["with slashes as some write JSON", String.raw`{"a":"s3\/cr+t="}`, true],
  ["with code points as JSON may", String.raw`{"a":"\u0073\u0033/cr\u002bt="}`, true],
  ["as a URL has it", "a=s3%2Fcr%2bt%3D", true],
  ["in part only", "s3/cr", false],
  ["in no way", '{"error":"who are you?"}', false],
])("a body repeats a text %s", (_, body, expected) => {
  expect(repeatsAny(Buffer.from(body), ["other", SECRET])).toBe(expected);
});

test("nothing repeats what is empty", () => {
  expect(repeatsAny(Buffer.from("x"), [""])).toBe(false);
  expect(repeatsAny(Buffer.from("x"), [])).toBe(false);
});
