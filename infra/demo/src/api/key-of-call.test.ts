import { expect, it } from "vitest";
import { formatKeyLocation, keyOfCall, readKeyLocation } from "./key-of-call.ts";

it.each([
  ["path:/v1/users/", "/v1/users/a%2Fb", "", "a/b"],
  ["path:/v1/users/", "/v1/users/42/address", "", "42"],
  ["path:/v1/users/", "/v1/users/42?x=1", "", "42"],
  ["path:/v1/users/", "/v1/users/%zz", "", "%zz"],
  ["path:/v1/users/", "/v2/users/42", "", null],
  ["body:userId", "/", '{"userId":"42"}', "42"],
  ["body:userId", "/", '{"userId":42}', "42"],
  ["body:userId", "/", '{"other":42}', null],
  ["body:toString", "/", "{}", null],
  ["body:userId", "/", "no json", null],
  ["nowhere", "/v1/users/42", '{"userId":"42"}', null],
])("%s finds the key of %s %s", (...[location, path, body, key]) => {
  expect(keyOfCall(readKeyLocation(location), path, body)).toBe(key);
});

it.each(["path:/v1/a:b/", "body:userId", "nowhere"])("reads back %s as it formats it", (text) => {
  expect(formatKeyLocation(readKeyLocation(text))).toBe(text);
});

it.each(["", "path:", "header:x"])("refuses '%s'", (text) => {
  expect(() => readKeyLocation(text)).toThrow(RangeError);
});
