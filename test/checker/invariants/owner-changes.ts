import { covers } from "../done-set.ts";
import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Takeover, takeoversOf } from "../ledger/takeovers.ts";
import {
  type Arrival,
  type Attempt,
  type Channel,
  type Commit,
  type Delivery,
  NEVER,
  NONE,
} from "../ledger/rows.ts";
import { givenUpOrder } from "../ledger/settlement.ts";
import { judgeCarried, judgeWholeCommits } from "./whole-commits.ts";

/**
 * What settled less than this before a commit was asked for may not be in it, where only others than the deliverer wrote
 * when it did, ms.
 */
const SNAPSHOT_SLACK_MS = 1_000;

const OUTAGES: ReadonlySet<string> = new Set([
  ...["broker-kill", "disk-full", "network", "stop", "rebalance"],
]);

/** S13. */
export const ownerChanges: Invariant = {
  title: "a change of owner repeats what was open or not yet committed, a clean one what was open",
  needs: [
    ["recv", "attempt"],
    ["commit", "seen"],
    ["ops", "state"],
  ],
  judge(ledger, findings) {
    for (const channel of channelsOf(ledger)) {
      judgeWholeCommits(channel, findings);
      if (channel.epochs.length < 2) continue;
      const takeovers = takeoversOf(ledger, channel);
      for (const takeover of takeovers) judgeCarried(channel, takeover, findings);
      const changes = takeovers.map((takeover) => describe(ledger, channel, takeover));
      for (const delivery of channel.deliveries) {
        if (delivery.firstArrival?.next === null) continue;
        if (ledger.parties.has("attempt")) {
          judgeAttempts(delivery, { ledger, changes, findings });
          judgeJobs(delivery, { changes, findings });
        } else if (ledger.parties.has("recv"))
          judgeArrivals(delivery, { ledger, changes, findings });
      }
    }
  },
};

/** A takeover, and what its last commit could not know yet. */
interface Change extends Takeover {
  /** The order and `at` before which a settled delivery must be in the base. */
  readonly knownOrder: number;
  readonly knownAt: number;
  readonly isClean: boolean;
  /** When offsets were set back last before it; NONE for never. */
  readonly rewoundOrder: number;
}

interface Judging {
  readonly ledger: Ledger;
  readonly changes: readonly Change[];
  readonly findings: Findings;
}

function describe(ledger: Ledger, channel: Channel, takeover: Takeover): Change {
  const { base, before } = takeover;
  const asked = base === null ? null : requestOf(base, channel);
  const isUndisturbed = ledger.parties.has("commit")
    ? hasCommittedLast(channel, takeover, asked)
    : !hasOutage(ledger, takeover);
  const isClean = before?.end === "revoked" && isUndisturbed;
  const rewind = channel.operations.findLast(({ line, order }) => {
    return line.f === "rewind" && order < takeover.epoch.startOrder;
  });
  return {
    ...takeover,
    rewoundOrder: rewind?.order ?? NONE,
    ...{ knownOrder: asked?.sendOrder ?? NONE, knownAt: asked?.sendAt ?? NONE, isClean },
  };
}

function hasOutage({ operations }: Ledger, { before, epoch }: Takeover): boolean {
  const since = before?.startOrder ?? NONE;
  return operations.some(
    ({ line, order }) => OUTAGES.has(line.f) && order > since && order < epoch.startOrder,
  );
}

/** The request behind a commit that was seen. */
function requestOf(base: Commit, { commits }: Channel): Commit {
  const request = commits.findLast(
    ({ sendOrder, offset, metadata }) =>
      sendOrder < base.endOrder && offset === base.offset && metadata === base.metadata,
  );
  return request ?? base;
}

/**
 * Whether no commit of the last owner failed or stayed open, from the one that counted on: of whichever partitions, since
 * after one without an answer its generation commits nothing more.
 */
function hasCommittedLast(
  { target }: Channel,
  { before, epoch }: Takeover,
  base: Commit | null,
): boolean {
  return !target.channels.some(({ commits }) =>
    commits.some(
      ({ process, sendOrder, result }) =>
        process === before?.process &&
        result !== "ok" &&
        sendOrder >= (base?.sendOrder ?? NONE) &&
        sendOrder < epoch.startOrder,
    ),
  );
}

function judgeAttempts(delivery: Delivery, { ledger, changes, findings }: Judging): void {
  let last: Attempt | null = null;
  for (let one = delivery.firstAttempt; one !== null; one = one.next) {
    if (one.job !== NONE) continue;
    const before: Attempt | null = last;
    last = one;
    if (before === null || before.epoch === one.epoch) continue;
    const change = changes.find(({ epoch }) => epoch.number === one.epoch);
    if (change === undefined || before.sendOrder > change.epoch.startOrder) continue;
    findings.judged();
    const owner = changes.find(({ epoch }) => epoch.number === before.epoch);
    const end = Math.min(change.epoch.startOrder, owner?.epoch.endOrder ?? NEVER);
    if (before.outcome !== "delivered" || before.endOrder > end) continue;
    const settled = settledOrder(delivery, before, ledger);
    const loss = firstLoss(changes, { from: before.epoch, to: one.epoch, offset: delivery.offset });
    if (loss !== null) judgeRepeat(delivery, { change: loss, findings, ...settled });
  }
}

/** What a redrive or replay had delivered is not sent for it again where each owner since then let go in order. */
function judgeJobs(
  delivery: Delivery,
  { changes, findings }: Pick<Judging, "changes" | "findings">,
): void {
  const lastByJob = new Map<number, Attempt>();
  for (let one = delivery.firstAttempt; one !== null; one = one.next) {
    if (one.job === NONE) continue;
    const before = lastByJob.get(one.job);
    lastByJob.set(one.job, one);
    if (before === undefined || before.epoch === one.epoch) continue;
    const { epoch: from, endOrder } = before;
    const { epoch: to } = one;
    const passed = changesBetween(changes, { from, to });
    const [next] = passed;
    const owner = changes.find(({ epoch }) => epoch.number === from);
    if (owner === undefined || next === undefined) continue;
    findings.judged();
    const end = Math.min(next.epoch.startOrder, owner.epoch.endOrder);
    if (before.outcome !== "delivered" || endOrder >= end) continue;
    const isKept = (change: Change): boolean =>
      change.isClean && !change.isCorrupted && change.rewoundOrder < endOrder;
    if (!passed.every(isKept)) continue;
    findings.breach(
      () => `is sent again for its job by epoch ${to}, after a clean change`,
      delivery,
    );
  }
}

function changesBetween(
  changes: readonly Change[],
  { from, to }: { readonly from: number; readonly to: number },
): readonly Change[] {
  const begin = changes.findIndex(({ epoch }) => epoch.number === from) + 1;
  return changes.slice(begin, changes.findIndex(({ epoch }) => epoch.number === to) + 1);
}

/** The change of owner at which it was no longer known that an offset had settled in epoch `from`: all later ones only pass that on. */
function firstLoss(
  changes: readonly Change[],
  { from, to, offset }: { readonly from: number; readonly to: number; readonly offset: number },
): Change | null {
  return (
    changesBetween(changes, { from, to }).find(({ isCorrupted, coverage }) => {
      return isCorrupted || !covers(coverage, offset);
    }) ?? null
  );
}

/** When the owner took an end in: by its own word where it gave one, else soon after. */
function settledOrder(
  { firstSettle }: Delivery,
  { endOrder, endAt, epoch }: Attempt,
  { parties }: Ledger,
): { readonly order: number; readonly at: number } {
  if (!parties.has("settle")) return { order: endOrder, at: endAt + SNAPSHOT_SLACK_MS };
  for (let one = firstSettle; one !== null; one = one.next) {
    if (one.epoch === epoch) return { order: one.order, at: one.at };
  }
  return { order: NEVER, at: NEVER };
}

function judgeArrivals(delivery: Delivery, { changes, findings }: Judging): void {
  const first = firstAccepted(delivery);
  if (first === null) return;
  for (let one = first.next; one !== null; one = one.next) {
    if (one.job !== NONE || one.process === first.process) continue;
    const change = changes.findLast(({ epoch }) => epoch.startOrder <= one.order);
    if (change === undefined || first.answerOrder > change.epoch.startOrder) continue;
    findings.judged();
    if (change.epoch.process !== one.process && one.process !== NONE) continue;
    const at = first.answerAt + SNAPSHOT_SLACK_MS;
    const from = ownerAt(changes, first)?.epoch.number;
    const { number: to } = change.epoch;
    const { offset } = delivery;
    const loss = from === undefined ? change : firstLoss(changes, { from, to, offset });
    const settled = { order: first.answerOrder, at };
    if (loss !== null) judgeRepeat(delivery, { change: loss, findings, ...settled });
    return;
  }
}

/** The owner that a call came from: by its process where the target was told it. */
function ownerAt(changes: readonly Change[], call: Arrival): Change | undefined {
  return changes.findLast(
    ({ epoch }) => epoch.startOrder <= call.order && [epoch.process, NONE].includes(call.process),
  );
}

function firstAccepted({ firstArrival }: Delivery): Arrival | null {
  for (let one = firstArrival; one !== null; one = one.next) {
    if (one.job === NONE && one.isAccepted) return one;
  }
  return null;
}

interface Repeat {
  readonly change: Change;
  readonly findings: Findings;
  /** When its last owner had settled it. */
  readonly order: number;
  readonly at: number;
}

function judgeRepeat(delivery: Delivery, { change, findings, order, at }: Repeat): void {
  const { epoch, coverage, isClean, isCorrupted, knownOrder, knownAt } = change;
  if (isCorrupted || order < change.rewoundOrder || covers(coverage, delivery.offset)) return;
  if (givenUpOrder(delivery, "park") < epoch.startOrder) return;
  if (isClean && order !== NEVER) {
    findings.breach(() => `is repeated by epoch ${epoch.number} after a clean change`, delivery);
  } else if (order < knownOrder && at <= knownAt) {
    findings.breach(
      () => `is repeated by epoch ${epoch.number}, though settled before the last commit`,
      delivery,
    );
  }
}
