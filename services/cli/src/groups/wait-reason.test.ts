import { expect, it } from "vitest";
import { waitReason, type HeadSituation, type WaitReason } from "./wait-reason.ts";

const OWNED: HeadSituation = {
  state: "behind",
  aside: null,
  groupState: "Stable",
  owner: { member: "m", host: "h", process: "p" },
};

const CASES: readonly (readonly [why: string, of: Partial<HeadSituation>, WaitReason])[] = [
  ["an owner has it", {}, "in-work"],
  ["nobody has it", { owner: null }, "no-owner"],
  ["nobody is there", { owner: null, groupState: "Empty" }, "no-owner"],
  ["the group is unknown", { owner: null, groupState: "Dead" }, "no-owner"],
  ["the group forms", { owner: null, groupState: "PreparingRebalance" }, "rebalance"],
  ["the group divides", { owner: null, groupState: "CompletingRebalance" }, "rebalance"],
  ["its key is in quarantine", { aside: "quarantine" }, "quarantined"],
  ["its key is deferred, and nobody has it", { aside: "deferred", owner: null }, "deferred"],
  ["its key is blocked", { aside: "block", owner: null }, "blocked"],
  ["records before it are gone", { state: "retention-passed", aside: "block" }, "retention"],
];

it.each(CASES)("where %s", (_, situation, reason) => {
  expect(waitReason({ ...OWNED, ...situation })).toBe(reason);
});
