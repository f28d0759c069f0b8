import { asOffset, asPartition, asTarget, asTopic } from "@millrace/engine";
import type { Pause, Rewind } from "@millrace/control";
import { describe, expect, it } from "vitest";
import { wantedOf } from "./target-item.ts";

const target = asTarget("crm");
const wish = { by: "dana", reason: "restored", at: 0 };
const pauses: readonly Pause[] = [{ target, pauser: "operator", wish }];
const place = { topic: asTopic("users"), partition: asPartition(0) };
const moves = [{ ...place, committed: asOffset(9), to: asOffset(4) }];
const rewind: Rewind = { target, moves, wish };

describe("what is wanted of a target", () => {
  it("is to run, to pause, or to keep out of its group, which comes first", () => {
    expect(wantedOf({ pauses: [], rewind: null })).toBe("running");
    expect(wantedOf({ pauses, rewind: null })).toBe("paused");
    expect(wantedOf({ pauses, rewind })).toBe("rewinding");
  });
});
