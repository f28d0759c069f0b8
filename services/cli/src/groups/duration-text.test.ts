import { expect, it } from "vitest";
import { durationText } from "./duration-text.ts";

it.each([
  [0, "0s"],
  [0.9, "0s"],
  [12.4, "12s"],
  [60, "1m00s"],
  [192, "3m12s"],
  [7_500, "2h05m"],
  [86_400, "1d00h"],
  [1_000_000, "11d13h"],
])("writes %d seconds as %s", (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
