import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import { laneOf, replayJobs } from "../ledger/lanes.ts";
import { type Attempt, type Channel, NONE } from "../ledger/rows.ts";

/** S9. */
export const oneInFlight: Invariant = {
  title:
    "a lane has one attempt in flight, live or of a replay, and none while an earlier event is unsettled",
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

function judgeAttempts(channel: Channel, { replays, findings }: Judging): void {
  const lastByLane = new Map<number, Attempt>();
  const owner = new OwnerCursor(channel);
  for (const attempt of channel.attempts) {
    const { delivery, sendOrder, job, epoch } = attempt;
    if (channel.lateEpochs.has(epoch)) {
      findings.breach(() => `is sent in epoch ${epoch}, of a generation that was over`, delivery);
    }
    const current = owner.at(sendOrder);
    if (current !== null && current > epoch) {
      findings.breach(() => `is sent by epoch ${epoch} after epoch ${current} began`, delivery);
    }
    const lane = laneOf(delivery);
    if (lane === NONE) continue;
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
    // What a replay sends was settled before.
    const earlier = replays.has(job) ? null : delivery.gate;
    if (earlier !== null && earlier.settledOrder > sendOrder) {
      findings.breach(
        () => `is sent while ${earlier.offset} of its lane is unsettled`,
        delivery,
        earlier,
      );
    }
  }
}

/** Who owns a channel, asked for moments that ascend. */
class OwnerCursor {
  readonly #epochs: Channel["epochs"];
  #next = 0;

  constructor({ epochs }: Channel) {
    this.#epochs = epochs;
  }

  /** The epoch that began last before a moment; null before the first. */
  at(order: number): number | null {
    while ((this.#epochs[this.#next]?.startOrder ?? order) < order) this.#next += 1;
    return this.#epochs[this.#next - 1]?.number ?? null;
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
