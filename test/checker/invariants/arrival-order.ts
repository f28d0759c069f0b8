import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import { dropsOf, isDropForgotten } from "../ledger/drops.ts";
import { laneOf, replayJobs } from "../ledger/lanes.ts";
import { type Arrival, type Channel, NONE } from "../ledger/rows.ts";
import { givenUpOrder } from "../ledger/settlement.ts";

/** S8. */
export const arrivalOrder: Invariant = {
  title: "first arrivals of a lane come in the order of the log, live and for each job apart",
  needs: [["recv"], ["log"]],
  judge(ledger, findings) {
    const replays = replayJobs(ledger);
    for (const channel of channelsOf(ledger)) judgeChannel(channel, replays, findings);
  },
};

function judgeChannel(channel: Channel, replays: ReadonlySet<number>, findings: Findings): void {
  const drops = dropsOf(channel);
  const highestByJob = new Map<number, Map<number, Arrival>>();
  for (const arrival of channel.arrivals) {
    const { delivery, job, order } = arrival;
    const lane = laneOf(delivery);
    if (lane === NONE || !isFirst(arrival, replays)) continue;
    if (isGhost(arrival) || isTriedAnew(arrival)) continue;
    if (isDropForgotten(drops, delivery, order)) continue;
    findings.judged();
    let highest = highestByJob.get(job);
    if (highest === undefined) highestByJob.set(job, (highest = new Map<number, Arrival>()));
    const before = highest.get(lane);
    if (before === undefined || before.delivery.offset < delivery.offset) {
      highest.set(lane, arrival);
    } else {
      const { offset } = before.delivery;
      findings.breach(
        () => `arrives first after ${offset} of its lane has arrived`,
        delivery,
        before.delivery,
      );
    }
  }
}

/**
 * What was taken, live or on a way back, comes again when a key that was taken over is set aside, and goes on its way by
 * another wish; only a replay sends it on purpose.
 */
function isFirst({ delivery, job, order }: Arrival, replays: ReadonlySet<number>): boolean {
  for (let one = delivery.firstArrival; one !== null; one = one.next) {
    if (one.order >= order) return true;
    const wasTaken = !replays.has(one.job) && one.isAccepted && !replays.has(job);
    if (one.job === job || wasTaken) return false;
  }
  return true;
}

/** A request that was on its way until its event had been dead-lettered, or deferred, for its silence. */
function isGhost({ delivery, order, job }: Arrival): boolean {
  return job === NONE && delivery.firstGivenUp !== null && givenUpOrder(delivery, "any") < order;
}

/**
 * Where keys go on behind an event that failed, one that failed in a replay may still be on its way, or be tried again by
 * the job's next owner, who may not know of its end yet. A live one has its dead letter for that.
 */
function isTriedAnew({ delivery, order, job }: Arrival): boolean {
  if (job === NONE || delivery.channel.target.terms.onDeadLetter !== "skip") return false;
  const epochs = new Set<number>();
  for (let one = delivery.firstAttempt; one !== null && one.sendOrder < order; one = one.next) {
    if (one.job !== job) continue;
    if (one.endOrder < order && one.outcome !== "delivered") return true;
    epochs.add(one.epoch);
  }
  return epochs.size > 1;
}
