import { covers, readCoverage } from "../done-set.ts";
import type { Findings } from "../findings.ts";
import type { Channel, Delivery } from "../ledger/rows.ts";
import type { Takeover } from "../ledger/takeovers.ts";

interface Settled {
  readonly order: number;
  readonly delivery: Delivery;
}

/**
 * A commit names all that its owner had settled before it asked for it: what is left out would be repeated by the next
 * owner. Each settlement is looked at once, with the first commit that must know of it.
 */
export function judgeWholeCommits({ deliveries, commits }: Channel, findings: Findings): void {
  const ofEpochs = settledByEpoch(deliveries);
  const seenOf = new Map<number, number>();
  for (const { epoch, offset, metadata, sendOrder } of commits) {
    const settled = ofEpochs.get(epoch) ?? [];
    const seen = seenOf.get(epoch) ?? 0;
    if ((settled[seen]?.order ?? Infinity) >= sendOrder) continue;
    const coverage = readCoverage(offset, metadata);
    let place = seen;
    for (; place < settled.length; place += 1) {
      const one = settled[place];
      if (one === undefined || one.order >= sendOrder) break;
      findings.judged();
      if (covers(coverage, one.delivery.offset)) continue;
      findings.breach(() => `is settled, and the commit of ${offset} leaves it out`, one.delivery);
    }
    seenOf.set(epoch, place);
  }
}

/** Nor does a commit leave out what its owner took over as settled. */
export function judgeCarried(
  { deliveries, commits }: Channel,
  { epoch, coverage, isCorrupted }: Takeover,
  findings: Findings,
): void {
  if (isCorrupted || coverage.runs.length === 0) return;
  const carried = deliveries.filter(({ offset }) => {
    return offset >= coverage.offset && covers(coverage, offset);
  });
  for (const commit of commits) {
    if (commit.epoch !== epoch.number) continue;
    findings.judged();
    const known = readCoverage(commit.offset, commit.metadata);
    const lost = carried.find(({ offset }) => !covers(known, offset));
    if (lost === undefined) continue;
    findings.breach(
      () => `was settled before, and the commit of ${commit.offset} leaves it out`,
      lost,
    );
  }
}

/** In the order in which their owners took them in. */
function settledByEpoch(deliveries: readonly Delivery[]): ReadonlyMap<number, readonly Settled[]> {
  const ofEpochs = new Map<number, Settled[]>();
  for (const delivery of deliveries) {
    for (let one = delivery.firstSettle; one !== null; one = one.next) {
      const known = ofEpochs.get(one.epoch);
      const settled = { order: one.order, delivery };
      if (known === undefined) ofEpochs.set(one.epoch, [settled]);
      else known.push(settled);
    }
  }
  for (const settled of ofEpochs.values()) settled.sort((one, other) => one.order - other.order);
  return ofEpochs;
}
