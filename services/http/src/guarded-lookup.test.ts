import type { LookupAddress, LookupOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import { describe, expect, test } from "vitest";
import { AddressGuard } from "./address-guard.ts";
import { guardedLookup } from "./guarded-lookup.ts";

type Found = string | LookupAddress[];

function resolve(
  answer: Found | NodeJS.ErrnoException,
  options: LookupOptions = { all: true },
): unknown {
  const lookup: LookupFunction = (_hostname, _options, callback) => {
    if (answer instanceof Error) callback(answer, "");
    else callback(null, answer);
  };
  const guarded = guardedLookup(lookup, new AddressGuard({ kind: "public" }));
  let outcome: unknown;
  guarded("api.example.com", options, (error, address, family) => {
    outcome = error ?? (family === undefined ? address : { address, family });
  });
  return outcome;
}

const PUBLIC = { address: "1.1.1.1", family: 4 };
const PUBLIC_TOO = { address: "2606:4700::1111", family: 6 };
const PRIVATE = { address: "10.0.0.1", family: 4 };

test("gives all addresses when all are allowed", () => {
  expect(resolve([PUBLIC, PUBLIC_TOO])).toEqual([PUBLIC, PUBLIC_TOO]);
});

test("gives the first to a caller that wants one", () => {
  expect(resolve([PUBLIC, PUBLIC_TOO], {})).toEqual(PUBLIC);
});

test("takes a bare address as an answer", () => {
  expect(resolve("1.1.1.1")).toEqual([PUBLIC]);
});

describe("refuses the name", () => {
  test.each([
    [[PRIVATE]],
    [[PUBLIC, PRIVATE]],
    [[PRIVATE, PUBLIC]],
    [[PUBLIC, { address: "::ffff:10.0.0.1", family: 6 }]],
    [[{ address: "not an address", family: 4 }]],
  ])("when it resolves to %j", (addresses) => {
    expect(resolve(addresses)).toMatchObject({ fault: "ADDRESS_BLOCKED" });
  });

  test.each([[[]], [""]])("when it resolves to %j", (nothing) => {
    expect(resolve(nothing)).toMatchObject({ fault: "DNS_FAILED" });
  });

  test("when it does not resolve, and says why", () => {
    const error = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });

    expect(resolve(error)).toMatchObject({
      fault: "DNS_FAILED",
      message: "api.example.com: getaddrinfo ENOTFOUND",
    });
  });
});
