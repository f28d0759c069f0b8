import { channelsOf, type Invariant } from "../findings.ts";
import { lanesOf } from "../ledger/lanes.ts";
import { NEVER } from "../ledger/rows.ts";

/** S10. */
export const explainedGaps: Invariant = {
  title: "a gap in a key's sequence is dead-lettered, parked or filtered",
  needs: [["log"], ["recv", "attempt"]],
  judge(ledger, findings) {
    for (const channel of channelsOf(ledger)) {
      for (const lane of lanesOf(channel)) {
        const last = lane.findLastIndex(({ firstArrival, firstAttempt, endedOrder }) => {
          return endedOrder !== NEVER && (firstArrival !== null || firstAttempt !== null);
        });
        for (const delivery of lane.slice(0, Math.max(0, last))) {
          findings.judged();
          if (delivery.endedOrder !== NEVER) continue;
          const later = lane[last] ?? delivery;
          findings.breach(
            () => `never came, though ${later.offset} of its lane did`,
            delivery,
            later,
          );
        }
      }
    }
  },
};
