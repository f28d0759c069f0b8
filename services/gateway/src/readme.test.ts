import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HELP } from "./arguments.ts";
import { BATCH_EVENTS_MAX } from "./event-draft.ts";
import { BODY_BYTES_MAX, SINGLE_BYTES_MAX } from "./media-type.ts";
import { PROBLEMS } from "./problem.ts";
import { SERVER_LIMITS } from "./server.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const MIB = 1024 * 1024;

describe("the README", () => {
  it("has a row for each kind of problem, with its status and when to come again", () => {
    const rows = [...README.matchAll(/^\| `([a-z-]+)` +\| (\d{3}) +\|(.*)\|$/gmu)];
    const told = rows.map(([, kind, status, meaning = ""]) => {
      const seconds = /`retry-after: (\d+)`/u.exec(meaning)?.[1];
      return [kind, Number(status), seconds === undefined ? undefined : Number(seconds)];
    });

    expect(told).toEqual(
      Object.entries(PROBLEMS).map(([kind, fact]) => [
        kind,
        fact.status,
        "retryAfter" in fact ? fact.retryAfter : undefined,
      ]),
    );
  });

  it("tells the limits that hold", () => {
    expect([SINGLE_BYTES_MAX, BODY_BYTES_MAX.json, BATCH_EVENTS_MAX]).toEqual([
      MIB,
      5 * MIB,
      1_000,
    ]);
    expect(README).toContain("5 MiB and 1,000 events");
    expect([SERVER_LIMITS.headersTimeoutMs, SERVER_LIMITS.requestTimeoutMs]).toEqual([
      10_000, 30_000,
    ]);
    expect(README).toContain("headers did not come within 10 s, or the body within 30 s");
  });

  it("names no option that --help does not have", () => {
    const named = new Set([...README.matchAll(/ (--[a-z][a-z-]*)/gu)].map(([, option]) => option));

    for (const option of named) expect(HELP).toContain(option);
  });
});
