import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import { laneOf, lanesOf, replayJobs } from "../ledger/lanes.ts";
import { type Attempt, type Channel, type Delivery, NONE } from "../ledger/rows.ts";

/** S9. */
export const oneInFlight: Invariant = {
  title: "a lane has one attempt in flight, and none while an earlier event of it is unsettled",
  needs: [["log"], ["attempt", "recv"]],
  judge(ledger, findings) {
    const replays = replayJobs(ledger);
    const isByAttempts = ledger.parties.has("attempt");
    for (const channel of channelsOf(ledger)) {
      const openUntil = settledBefore(channel);
      if (isByAttempts) judgeAttempts(channel, { openUntil, replays, findings });
      else judgeArrivals(channel, { openUntil, replays, findings });
    }
  },
};

interface Judging {
  readonly openUntil: ReadonlyMap<Delivery, Delivery>;
  readonly replays: ReadonlySet<number>;
  readonly findings: Findings;
}

/** For each delivery that has earlier ones in its lane: the one of these that settles last. */
function settledBefore(channel: Channel): Map<Delivery, Delivery> {
  const last = new Map<Delivery, Delivery>();
  for (const lane of lanesOf(channel)) {
    let latest: Delivery | null = null;
    for (const delivery of lane) {
      if (latest !== null) last.set(delivery, latest);
      if (latest === null || delivery.settledOrder > latest.settledOrder) latest = delivery;
    }
  }
  return last;
}

function judgeAttempts({ attempts }: Channel, { openUntil, replays, findings }: Judging): void {
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
    const earlier = openUntil.get(delivery);
    if (earlier !== undefined && earlier.settledOrder > sendOrder) {
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
function judgeArrivals({ arrivals }: Channel, { openUntil, replays, findings }: Judging): void {
  for (const { delivery, job, order } of arrivals) {
    if (laneOf(delivery) === NONE || replays.has(job)) continue;
    findings.judged();
    const earlier = openUntil.get(delivery);
    if (earlier !== undefined && earlier.settledOrder > order) {
      findings.breach(
        () => `arrives while ${earlier.offset} of its lane is unsettled`,
        delivery,
        earlier,
      );
    }
  }
}
