import { expect, test } from "vitest";
import { parseRetryAfter } from "./retry-after.ts";

const NOW = Date.UTC(1994, 10, 6, 8, 49, 7);
const QUARTER_HOUR_MS = 900_000;

test.each([
  ["0", 0],
  ["30", 30_000],
  [" 7 ", 7_000],
  ["-5", 0],
  ["900", QUARTER_HOUR_MS],
  ["901", QUARTER_HOUR_MS],
  ["31536000", QUARTER_HOUR_MS],
  ["99999999999999999999999999", QUARTER_HOUR_MS],
])("reads the seconds of %j as %d ms", (value, expected) => {
  expect(parseRetryAfter(value, NOW)).toBe(expected);
});

test.each([
  ["Sun, 06 Nov 1994 08:49:37 GMT", 30_000],
  ["Sunday, 06-Nov-94 08:49:37 GMT", 30_000],
  ["Sun Nov  6 08:49:37 1994", 30_000],
  ["Sun, 06 Nov 1994 08:00:00 GMT", 0],
  ["Sun, 06 Nov 2994 08:49:37 GMT", QUARTER_HOUR_MS],
])("reads the date %j as %d ms from now", (value, expected) => {
  expect(parseRetryAfter(value, NOW)).toBe(expected);
});

test.each([null, "", "soon", "1.5", "1e3", "0x10", "+5", "Infinity", "1994-11-06T08:49:37Z"])(
  "takes %j as no wish to wait",
  (value) => {
    expect(parseRetryAfter(value, NOW)).toBeNull();
  },
);
