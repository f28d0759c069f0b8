import { channelsOf, type Findings, type Invariant } from "../findings.ts";
import { appliedCommits } from "../ledger/commit-log.ts";
import { type Hold, holdsOf } from "../ledger/holds.ts";
import { hasLost, isHaltedAt } from "../ledger/halts.ts";
import { lanesOf } from "../ledger/lanes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import {
  type Channel,
  type Commit,
  type Delivery,
  NEVER,
  NONE,
  type Operation,
  type SourceRecord,
} from "../ledger/rows.ts";
import { acceptedOrder, deliveredOrder, givenUpOrder } from "../ledger/settlement.ts";

/** Longest a partition may stand still, ms. */
const STILL_MAX_MS = 30_000;

/** L1. */
export const lagReturns: Invariant = {
  title: "after faults heal, lag returns to 0",
  needs: [["log"], ["commit", "seen"], ["ops"]],
  judge(ledger, findings) {
    const rest = lastOf(ledger, "rest");
    if (rest === null) {
      findings.cannotJudge("nobody waited for the run");
      return;
    }
    for (const channel of channelsOf(ledger)) {
      judgeHalts(ledger, channel, findings);
      const last = channel.stream.logged.at(-1);
      if (last === undefined || last.offset < channel.floor || isStandingAt(channel, NEVER)) {
        continue;
      }
      findings.judged();
      if (ledger.parties.has("recv") || ledger.parties.has("attempt")) {
        judgeDeferred(ledger, channel, findings);
      }
      const committed = committedBefore(ledger, channel, rest.order)?.offset ?? channel.floor;
      if (committed > last.offset) continue;
      const { topic, partition } = channel.stream;
      const head = deliveryFrom(channel, committed);
      findings.breach(
        () => `${topic}/${partition} rests at ${committed} of ${last.offset + 1}`,
        head,
      );
    }
  },
};

/** What was parked without a dead letter in front of it was set aside for its slowness, and goes on by itself. */
function judgeDeferred(ledger: Ledger, channel: Channel, findings: Findings): void {
  if (channel.givenUps.length === 0) return;
  for (const lane of lanesOf(channel)) {
    for (const delivery of lane) {
      if (delivery.firstGivenUp === null) continue;
      if (givenUpOrder(delivery, "dlq") !== NEVER) break;
      const parkedOrder = givenUpOrder(delivery, "park");
      if (parkedOrder === NEVER) continue;
      findings.judged();
      const isByTarget = ledger.parties.has("recv");
      const end = isByTarget ? acceptedOrder(delivery, NONE) : deliveredOrder(delivery, NONE);
      if (end === NEVER) findings.breach(() => "was set aside and never went on", delivery);
    }
  }
}

/** L2. */
export const noStandstill: Invariant = {
  title: "no partition stands still for 30 s with work to do, once faults have healed",
  needs: [["log"], ["commit", "seen"], ["ops"]],
  judge(ledger, findings) {
    const heal = lastOf(ledger, "heal");
    const rest = lastOf(ledger, "rest");
    if (heal === null || rest === null) {
      findings.cannotJudge("no time without faults");
      return;
    }
    const holds = holdsOf(ledger);
    for (const channel of channelsOf(ledger)) {
      judgeChannel(ledger, { channel, heal, rest, holds, findings });
    }
  },
};

interface Judging {
  readonly channel: Channel;
  readonly heal: Operation;
  readonly rest: Operation;
  readonly holds: readonly Hold[];
  readonly findings: Findings;
}

/** Walks from commit to commit after the healing; between two, the head must be at work now and then. */
function judgeChannel(ledger: Ledger, { channel, heal, rest, holds, findings }: Judging): void {
  const last = channel.stream.logged.at(-1);
  if (last === undefined || isStandingAt(channel, rest.order)) return;
  let committed = committedBefore(ledger, channel, heal.order)?.offset ?? channel.floor;
  let since = heal.at;
  const applied = appliedCommits(ledger, channel);
  const later = applied.filter(({ endOrder }) => endOrder > heal.order && endOrder < rest.order);
  for (const commit of [...later.map(timed), { offset: NEVER, at: rest.at }]) {
    if (commit.offset <= committed) continue;
    findings.judged();
    const from = since;
    const head = commit.at - from > STILL_MAX_MS ? recordFrom(channel, committed) : null;
    since = commit.at;
    committed = commit.offset;
    if (head === null) continue;
    const marks = [...marksOf(channel, head), ...marksOfHolds(holds, channel)];
    const span = { from: Math.max(from, head.at), to: commit.at };
    const patience = { ...span, ...patienceWith(channel, head) };
    if (longestStill(marks, patience) <= stillMaxMs(ledger, channel)) continue;
    const still = longestStill([...marks, ...marksOfWaiting(channel, span.from)], patience);
    if (still > stillMaxMs(ledger, channel)) {
      const seconds = Math.round(still / 1_000);
      findings.breach(() => `stands still for ${seconds} s`, head.deliveryAt(channel));
    }
  }
}

/** Where every slot is taken, a replay takes its fifth of them. */
function stillMaxMs({ operations }: Ledger, { target }: Channel): number {
  const isReplay = ({ line }: Operation): boolean =>
    line.f === "replay" && line.target === target.terms.target;
  return operations.some(isReplay) ? STILL_MAX_MS * 1.25 : STILL_MAX_MS;
}

/** A commit took effect when it was answered; its request is at most a moment older. */
function timed({ offset, sendAt: at }: Commit): { readonly offset: number; readonly at: number } {
  return { offset, at };
}

/** From its first try on, a head may rest for a call and its backoff. */
function patienceWith(channel: Channel, head: SourceRecord): Patience {
  const { target } = channel;
  const delivery = head.deliveryAt(channel);
  const firstAt = delivery?.firstAttempt?.sendAt ?? delivery?.firstArrival?.at ?? NEVER;
  return { triedAt: firstAt, restMs: target.terms.backoffCapMs + target.terms.timeoutMs };
}

interface Patience {
  readonly triedAt: number;
  readonly restMs: number;
}

/** Longest time between two signs of work in a span, ms, less what a head may rest. */
function longestStill(
  marks: readonly number[],
  { from, to, triedAt, restMs }: Patience & { readonly from: number; readonly to: number },
): number {
  const inside = marks.filter((at) => at > from && at < to).sort((a, b) => a - b);
  let longest = 0;
  let before = from;
  for (const at of [...inside, to]) {
    longest = Math.max(longest, at - before - (triedAt <= before ? restMs : 0));
    before = at;
  }
  return longest;
}

/** Signs of work on a lane's head: its calls, its end, and changes of owner. */
function marksOf(channel: Channel, head: SourceRecord): number[] {
  const { epochs, operations } = channel;
  const marks = epochs.map(({ startAt }) => startAt);
  for (const { line, at } of operations) if (CHANGES.has(line.f)) marks.push(at);
  const delivery = head.deliveryAt(channel);
  if (delivery === null) return marks;
  for (let one = delivery.firstAttempt; one !== null; one = one.next) {
    marks.push(one.sendAt, one.endAt);
  }
  for (let one = delivery.firstArrival; one !== null; one = one.next) {
    marks.push(one.at, one.answerAt);
  }
  for (let one = delivery.firstGivenUp; one !== null; one = one.next) marks.push(one.at);
  return marks;
}

/** Calls of the target for what was in its logs by then: whoever takes its turn behind these waits for them. */
function marksOfWaiting({ target }: Channel, by: number): readonly number[] {
  return target.channels.flatMap(({ arrivals }) =>
    arrivals.flatMap(({ delivery, at }) => (delivery.record.at <= by ? [at] : [])),
  );
}

const CHANGES: ReadonlySet<string> = new Set(["revoked", "fenced", "drained", "resolved"]);

/** While a target is held nothing is due: one sign a second. */
function marksOfHolds(holds: readonly Hold[], { target }: Channel): number[] {
  const marks: number[] = [];
  for (const hold of holds) {
    if (hold.target !== target.terms.target) continue;
    const to = Math.min(hold.to, hold.from + 86_400_000);
    for (let at = hold.from; at < to; at += STILL_MAX_MS / 2) marks.push(at);
    marks.push(to);
  }
  return marks;
}

/** Nothing stands but for want of records. */
function judgeHalts(ledger: Ledger, channel: Channel, findings: Findings): void {
  const { topic, partition } = channel.stream;
  for (const { line, order } of channel.operations) {
    if (line.f !== "halted" || hasLost(ledger, channel, order)) continue;
    findings.breach(() => `${topic}/${partition} is stopped, though nothing of it is gone`);
  }
}

/** Whether a partition stands by design: halted, its target paused, or a lane that is blocked behind its dead letter. */
function isStandingAt(channel: Channel, order: number): boolean {
  const { operations, target, givenUps } = channel;
  let isPaused = false;
  for (const { line, order: at } of operations) {
    if (at > order) break;
    if (line.job !== undefined) continue;
    if (line.f === "pause") isPaused = true;
    if (line.f === "resume") isPaused = false;
  }
  const mayBlock = target.terms.onDeadLetter === "block" || target.terms.order === "partition";
  const isBlocked = mayBlock && givenUps.some(({ kind }) => kind === "dlq");
  return isHaltedAt(channel, order) || isPaused || isBlocked;
}

function committedBefore(ledger: Ledger, channel: Channel, order: number): Commit | null {
  return appliedCommits(ledger, channel).findLast(({ endOrder }) => endOrder < order) ?? null;
}

function recordFrom({ stream }: Channel, offset: number): SourceRecord | null {
  const { logged } = stream;
  let low = 0;
  let high = logged.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((logged[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return logged[low] ?? null;
}

function deliveryFrom(channel: Channel, offset: number): Delivery | null {
  return recordFrom(channel, offset)?.deliveryAt(channel) ?? null;
}

function lastOf({ operations }: Ledger, f: "heal" | "rest"): Operation | null {
  return operations.findLast(({ line }) => line.f === f) ?? null;
}
