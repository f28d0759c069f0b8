import { describe, expect, it } from "vitest";
import { requireOneMeaning, type RewindFlags } from "./rewind-flags.ts";

const TOPIC = [{ topic: "users", partitions: [3] }];

describe("the flags of a rewind", () => {
  it.each<readonly [string, Partial<RewindFlags>]>([
    ["--dry-run", { dryRun: true }],
    ["--to", { to: { kind: "earliest" } }],
    ["--topic", { topic: TOPIC }],
    ["--wait", { wait: 90_000 }],
    ["--yes-i-mean", { yesIMean: "crm" }],
  ])("let nothing be taken back where %s says another thing", (flag, extra) => {
    const flags = { cancel: true as const, topic: [], ...extra };

    expect(() => requireOneMeaning(flags)).toThrow(`${flag} cannot go with it`);
    expect(() => requireOneMeaning({ ...flags, cancel: undefined, to: "earliest" })).not.toThrow();
  });

  it("name no topics of a rewind that stands, which goes on in all of them", () => {
    expect(() => requireOneMeaning({ topic: TOPIC })).toThrow("--topic goes with --to");
  });

  it("may be none, to go on with it or to take it back", () => {
    expect(() => requireOneMeaning({ topic: [] })).not.toThrow();
    expect(() => requireOneMeaning({ topic: [], cancel: true })).not.toThrow();
  });
});
