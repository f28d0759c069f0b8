import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import { laneOf, replayJobs } from "../ledger/lanes.ts";
import { type Attempt, type Channel, NONE } from "../ledger/rows.ts";

/** S9. */
export const oneInFlight: Invariant = {
  title: "a lane has one attempt in flight, and none while an earlier event of it is unsettled",
  needs: [["log"], ["attempt", "recv"]],
  judge(ledger, findings) {
    const replays = replayJobs(ledger);
    const isByAttempts = ledger.parties.has("attempt");
    for (const channel of channelsOf(ledger)) {
      if (isByAttempts) judgeAttempts(channel, { replays, findings });
      else judgeArrivals(channel, { replays, findings });
    }
  },
};

interface Judging {
  readonly replays: ReadonlySet<number>;
  readonly findings: Findings;
}

function judgeAttempts({ attempts }: Channel, { replays, findings }: Judging): void {
  const lastByLane = new Map<number, Attempt>();
  for (const attempt of attempts) {
    const { delivery, sendOrder, job } = attempt;
    const lane = laneOf(delivery);
    if (lane === NONE || replays.has(job)) continue;
    findings.judged();
    const before = lastByLane.get(lane);
    lastByLane.set(lane, attempt);
    if (before !== undefined && isSameOwner(before, attempt) && before.endOrder > sendOrder) {
      const { offset } = before.delivery;
      findings.breach(
        () => `is sent while ${offset} of its lane is in flight`,
        delivery,
        before.delivery,
      );
    }
    const earlier = delivery.gate;
    if (earlier !== null && earlier.settledOrder > sendOrder) {
      findings.breach(
        () => `is sent while ${earlier.offset} of its lane is unsettled`,
        delivery,
        earlier,
      );
    }
  }
}

function isSameOwner(a: Attempt, b: Attempt): boolean {
  return a.epoch === b.epoch && a.process === b.process;
}

/** Without the senders' word: nothing arrives while an earlier event has not ended. */
function judgeArrivals({ arrivals }: Channel, { replays, findings }: Judging): void {
  for (const { delivery, job, order } of arrivals) {
    if (laneOf(delivery) === NONE || replays.has(job)) continue;
    findings.judged();
    const earlier = delivery.gate;
    if (earlier !== null && earlier.settledOrder > order) {
      findings.breach(
        () => `arrives while ${earlier.offset} of its lane is unsettled`,
        delivery,
        earlier,
      );
    }
  }
}
