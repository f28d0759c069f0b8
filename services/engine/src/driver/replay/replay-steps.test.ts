import { describe, expect, it } from "vitest";
import { MemoryStateLog } from "../../../testing/memory-ports.ts";
import { asEpoch, asOffset, asPartition, asTarget, asTopic } from "../../core/lanes/identity.ts";
import { judgeReplays } from "./replay-steps.ts";

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

const claim = (name: string): Entry => ({ key: `claim/crm/users/0/${name}`, value: { v: 1 } });
const step = (name: string, sent: number): Entry => ({
  key: `replay/crm/users/0/${name}`,
  value: {
    ...{ v: 1, mode: "repair", from: 0, to: 9, next: sent, done: "", failedLanes: [], end: null },
    counts: { sent, skipped: {}, failed: {} },
  },
});

/** How far the jobs came for who finds these entries, and which of them are left. */
async function judge(...entries: Entry[]) {
  const stateLog = new MemoryStateLog([...entries]);
  await stateLog.readTo(asOffset(entries.length));
  const place = { topic: asTopic("users"), partition: asPartition(0) };
  const claimed = [{ ...place, epoch: asEpoch(entries.length) }];
  const steps = await judgeReplays(claimed, { target: asTarget("crm"), stateLog });
  const sent = [...(steps.get("users/0") ?? [])].map(([job, { step: known }]) => {
    return [job, known.counts.sent];
  });
  const isLive = ({ key }: Entry): boolean => stateLog.latest(key) !== null;
  return { sent, left: entries.filter(isLive).map(({ key }) => key) };
}

describe("the steps of replays at a takeover", () => {
  it.each([
    ["in order", [step("0/job-1/1", 4), step("0/job-1/2", 4)]],
    ["late", [step("0/job-1/2", 4), step("0/job-1/1", 4)]],
  ])("are those written last, whose owner may delete those before: %s", async (_, entries) => {
    const { sent, left } = await judge(claim("p1"), ...entries, step("0/job-2/3", 1));

    expect(sent).toEqual([
      ["job-1", 4],
      ["job-2", 1],
    ]);
    expect(left).not.toContain("replay/crm/users/0/0/job-1/1");
    expect(left).toContain("replay/crm/users/0/0/job-1/2");
  });

  it("are void when a claim came between their epoch and them", async () => {
    const { sent, left } = await judge(
      ...[claim("p1"), step("0/job-1/1", 3), claim("p2"), step("0/job-1/2", 9)],
    );

    expect(sent).toEqual([["job-1", 3]]);
    expect(left).not.toContain("replay/crm/users/0/0/job-1/2");
  });

  it("are not guessed from what is no step", async () => {
    const { sent } = await judge(claim("p1"), {
      key: "replay/crm/users/0/0/job-1/1",
      value: { v: 2, next: 3 },
    });

    expect(sent).toEqual([]);
  });
});
