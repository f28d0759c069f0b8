/**
 * A target that waits is asked by one call at a time (S17). What its owner says of it (`held`) is believed where it binds
 * the owner; that it must have waited is told by what its calls came to:
 *
 * - Refused for its configuration in three lanes, with nothing taken between: probes, one after the other.
 * - Down by any reckoning, failures in a row of many lanes, at least as many as there were answers before: probes too.
 * - Held by an open breaker: probes. In the second behind a good one: one call at a time. A reset lets the next one out at once.
 * - Paused: none.
 */
import type { Findings } from "../findings.ts";
import { BREAKER_OPEN, type Hold, type Holds, holdsOf, isPaused } from "../ledger/holds.ts";
import { laneOf } from "../ledger/lanes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Life } from "../ledger/processes.ts";
import { type Attempt, NEVER, NONE, type Target } from "../ledger/rows.ts";
import { lifeAt } from "./call-times.ts";

/** Least time between a probe's end and the next one, ms; clocks are read in whole ms, and files merged by them. */
const PROBE_INTERVAL_MS = 1_000 - 50;
/** What tells of a moment may stand so much before or behind what it made, ms. */
const MERGE_MS = 20;
/** How long a target that is back gets one call at a time, ms. */
const SLOW_START_MS = 1_000 - 50;
const REFUSED_LANES_MAX = 3;
/** Failures in a row by which a target is down, the time in which they came, and how many may be of one lane. */
const DOWN_COUNT = 28;
const DOWN_MS = 27_000;
const DOWN_OF_LANE_MAX = 6;
/** Why such a target has to wait. */
const DOWN = "is down";
/** Answers count against them for so long, ms. */
const ANSWER_MS = 33_000;

/** What one process has heard of a target. */
interface Heard {
  readonly refusedLanes: Set<string>;
  /** The last ones since the last answer. */
  readonly failures: Attempt[];
  readonly answers: number[];
  answerOrder: number;
  /** The last call that was sent while the target had to wait. */
  probe: Attempt | null;
}

/** Judges the calls of a target that its senders wrote down. */
export function judgeHeldCalls(ledger: Ledger, target: Target, findings: Findings): void {
  const ends = target.attempts.filter(({ endOrder }) => endOrder !== NEVER);
  ends.sort((one, other) => one.endOrder - other.endOrder);
  const resets = resetsOf(ledger, target);
  const heard = new Map<Life | null, Heard>();
  const hearerOf = (attempt: Attempt, order: number): Heard => {
    const life = lifeAt(ledger.processes.lives, attempt.process, order) ?? null;
    let known = heard.get(life);
    if (known === undefined) heard.set(life, (known = nothingHeard()));
    return known;
  };
  let next = 0;
  for (const attempt of target.attempts) {
    for (let one = ends[next]; one !== undefined && one.endOrder < attempt.sendOrder;) {
      hear(hearerOf(one, one.endOrder), one);
      next += 1;
      one = ends[next];
    }
    judgeCall(attempt, hearerOf(attempt, attempt.sendOrder), { resets, findings });
  }
  const holds = holdsOf(ledger).filter((hold) => hold.target === target.terms.target);
  judgeHolds({ ledger, target, holds, resets }, findings);
}

function nothingHeard(): Heard {
  return { refusedLanes: new Set(), failures: [], answers: [], answerOrder: NONE, probe: null };
}

function hear(heard: Heard, attempt: Attempt): void {
  const { outcome, endAt, endOrder } = attempt;
  if (outcome === "misconfigured") heard.refusedLanes.add(laneName(attempt));
  if (outcome === "delivered" || outcome === "rejected") heard.refusedLanes.clear();
  if (isAnswer(attempt)) {
    heard.answerOrder = endOrder;
    heard.failures.length = 0;
    heard.answers.push(endAt);
  } else if (outcome === "retry" && attempt.sendOrder > heard.answerOrder) {
    heard.failures.push(attempt);
    if (heard.failures.length > DOWN_COUNT) heard.failures.shift();
  }
}

/** A process heard that a breaker of the target is to ask again. */
interface Reset {
  readonly process: number;
  readonly order: number;
}

function resetsOf({ operations, processes }: Ledger, { terms }: Target): readonly Reset[] {
  return operations.flatMap(({ line: { f, target, who }, order }) => {
    const isOurs = f === "breaker-reset" && target === terms.target;
    return isOurs ? [{ process: processes.idOf(who), order }] : [];
  });
}

function judgeCall(
  attempt: Attempt,
  heard: Heard,
  { resets, findings }: { readonly resets: readonly Reset[]; readonly findings: Findings },
): void {
  const why = whyToWait(heard);
  if (why === null) {
    heard.probe = null;
    return;
  }
  findings.judged();
  const { probe } = heard;
  heard.probe = attempt;
  const some = why === DOWN ? resets : [];
  if (probe !== null && !isInTurn(attempt, probe, some)) {
    findings.breach(() => `is sent beside other calls to a target that ${why}`, attempt.delivery);
  }
}

function whyToWait({ refusedLanes, failures, answers }: Heard): string | null {
  if (refusedLanes.size >= REFUSED_LANES_MAX) return "refuses us";
  const [first] = failures;
  const last = failures.at(-1);
  if (failures.length < DOWN_COUNT || first === undefined || last === undefined) return null;
  if (last.endAt - first.endAt > DOWN_MS) return null;
  while ((answers[0] ?? NEVER) < last.endAt - ANSWER_MS) answers.shift();
  if (answers.length > DOWN_COUNT) return null;
  const counts = new Map<string, number>();
  for (const one of failures) counts.set(laneName(one), (counts.get(laneName(one)) ?? 0) + 1);
  return Math.max(...counts.values()) <= DOWN_OF_LANE_MAX ? DOWN : null;
}

/**
 * Whether a probe follows the one before: one that was given up says nothing, so the next may follow at once; so may one behind
 * a reset that the process heard of between the two.
 */
function isInTurn(
  { process, sendAt, sendOrder }: Attempt,
  before: Attempt,
  resets: readonly Reset[],
): boolean {
  if (before.endOrder > sendOrder) return false;
  const isBetween = ({ order }: Reset): boolean => before.endOrder < order && order < sendOrder;
  if (resets.some((reset) => reset.process === process && isBetween(reset))) return true;
  const isGivenUp = before.outcome === "abandoned" || before.outcome === "undeliverable";
  return isGivenUp || sendAt - before.endAt >= PROBE_INTERVAL_MS;
}

interface Scene {
  readonly ledger: Ledger;
  readonly target: Target;
  readonly holds: Holds;
  readonly resets: readonly Reset[];
}

function judgeHolds({ ledger, target, holds, resets }: Scene, findings: Findings): void {
  for (const hold of holds) {
    const isOf = (attempt: Attempt): boolean =>
      (hold.process === null || attempt.process === hold.process) &&
      attempt.sendAt > hold.from + MERGE_MS;
    const from = placeOf(target, hold.fromOrder);
    const to = placeOf(target, hold.toOrder);
    const during = target.attempts.slice(from, to).filter(isOf);
    if (hold.reasons.some(isPaused)) judgePause(hold, during, findings);
    else if (hold.reasons.every((reason) => reason === BREAKER_OPEN)) {
      judgeProbes(during, resets, findings);
      const last = lastEnded(during, hold.toOrder);
      if (last !== null && isAnswer(last)) judgeSlowStart(hold, { ledger, target, findings });
    }
  }
}

/** Only where nothing else holds the target too: a pause that ends before the other hold is not told of. */
function judgePause({ reasons }: Hold, calls: readonly Attempt[], findings: Findings): void {
  if (!reasons.every(isPaused)) return;
  findings.judged();
  const [call] = calls;
  if (call !== undefined)
    findings.breach(() => "is sent while its target is paused", call.delivery);
}

function judgeProbes(
  probes: readonly Attempt[],
  resets: readonly Reset[],
  findings: Findings,
): void {
  for (const [index, probe] of probes.entries()) {
    findings.judged();
    const before = probes[index - 1];
    if (before === undefined || isInTurn(probe, before, resets)) continue;
    findings.breach(() => "is sent beside another probe of an open breaker", probe.delivery);
  }
}

interface Judging {
  readonly ledger: Ledger;
  readonly target: Target;
  readonly findings: Findings;
}

/** Behind a good probe; a lane that is alone is taken for the cause, and the target goes on at once. */
function judgeSlowStart(hold: Hold, { ledger, target, findings }: Judging): void {
  const { process, to, toOrder } = hold;
  if (process === null || to === NEVER) return;
  const life = lifeAt(ledger.processes.lives, process, hold.fromOrder);
  if (life === undefined || life.endOrder <= toOrder) return;
  findings.judged();
  let before: Attempt | null = null;
  for (let place = placeOf(target, toOrder); ; place += 1) {
    const call = target.attempts[place];
    if (call === undefined || call.sendAt >= to + SLOW_START_MS) return;
    if (call.process !== process || call.sendAt <= to + MERGE_MS) continue;
    if (call.sendOrder > life.endOrder) return;
    if (before !== null && before.endOrder > call.sendOrder) {
      findings.breach(() => "is sent beside another to a target that is just back", call.delivery);
    }
    before = call;
  }
}

function lastEnded(attempts: readonly Attempt[], order: number): Attempt | null {
  let last: Attempt | null = null;
  for (const one of attempts) {
    if (one.endOrder <= order && one.endOrder > (last?.endOrder ?? NONE)) last = one;
  }
  return last;
}

/** The place of the first attempt that was sent behind a moment. */
function placeOf({ attempts }: Target, order: number): number {
  let low = 0;
  let high = attempts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((attempts[middle]?.sendOrder ?? 0) <= order) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether it says that the target is there. */
function isAnswer({ outcome, status }: Attempt): boolean {
  switch (outcome) {
    case "delivered":
    case "rejected":
    case "throttled":
    case "misconfigured":
      return true;
    case "retry":
      return status !== NONE && status < 500;
    default:
      return false;
  }
}

/** Events without a key are a lane each. */
function laneName({ delivery }: Attempt): string {
  const { stream } = delivery.channel;
  const lane = laneOf(delivery);
  const name = lane === NONE ? `offset ${delivery.offset}` : String(lane);
  return `${stream.topic}/${stream.partition}/${name}`;
}
