import { channelsOf, type Invariant } from "../findings.ts";
import { appliedCommits, lastBefore } from "../ledger/commit-log.ts";
import { NONE } from "../ledger/rows.ts";
import { givenUpOrder } from "../ledger/settlement.ts";

/** S14. */
export const sendsBelowCommit: Invariant = {
  title: "nothing below the committed offset is sent again, jobs aside",
  needs: [["attempt"], ["commit", "seen"]],
  judge(ledger, findings) {
    for (const channel of channelsOf(ledger)) {
      const applied = appliedCommits(ledger, channel);
      for (const { delivery, job, sendOrder } of channel.attempts) {
        if (job !== NONE) continue;
        findings.judged();
        const committed = lastBefore(applied, sendOrder);
        if (committed === null || committed.offset <= delivery.offset) continue;
        // A key that was set aside for its slowness goes on from the parked topic.
        if (givenUpOrder(delivery, "park") < sendOrder) continue;
        findings.breach(() => `is sent while ${committed.offset} is committed`, delivery);
      }
    }
  },
};
