import { channelsOf, type Invariant } from "../findings.ts";
import { appliedCommits, lastBefore } from "../ledger/commit-log.ts";
import { type Channel, type Commit, NONE } from "../ledger/rows.ts";
import { givenUpOrder } from "../ledger/settlement.ts";

/** S14. */
export const sendsBelowCommit: Invariant = {
  title: "nothing below the committed offset, or where a partition was begun, is sent, jobs aside",
  needs: [["attempt"], ["commit", "seen"]],
  judge(ledger, findings) {
    for (const channel of channelsOf(ledger)) {
      const applied = appliedCommits(ledger, channel);
      const begun = begunBefore(channel);
      for (const { delivery, job, sendOrder } of channel.attempts) {
        if (job !== NONE) continue;
        findings.judged();
        if (delivery.offset < begun)
          findings.breach(() => `is sent although ${begun} is begun with`, delivery);
        const committed = lastBefore(applied, sendOrder);
        if (committed === null || committed.offset <= delivery.offset) continue;
        // A key that was set aside for its slowness goes on from the parked topic.
        if (givenUpOrder(delivery, "park") < sendOrder) continue;
        findings.breach(() => `is sent while ${committed.offset} is committed`, delivery);
      }
    }
  },
};

/**
 * Where a partition was to be begun by what its first committer could read, of the latest owner that wrote so; 0: wherever
 * that found. What was written behind its claim, by one that came late and never owned the partition, binds nobody.
 */
function begunBefore({ beginnings, commits, seen: [first] }: Channel): number {
  if (first === undefined) return 0;
  const isFirst = ({ offset, metadata, sendOrder }: Commit): boolean =>
    offset === first.offset && metadata === first.metadata && sendOrder < first.sendOrder;
  const epoch = commits.findLast(isFirst)?.epoch ?? NONE;
  return beginnings.findLast(({ place }) => place < epoch)?.offset ?? 0;
}
