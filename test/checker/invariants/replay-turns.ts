/**
 * While live events wait for their first attempt, replays have one turn for four of theirs (S18). A key that live events never
 * leave alone is called before all others when its turn has come: such calls count in no row.
 */
import type { Findings } from "../findings.ts";
import { laneOf } from "../ledger/lanes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Attempt, type Delivery, NEVER, NONE, type Target } from "../ledger/rows.ts";
import { findWaiting, WAITING_MS } from "./waiting.ts";

/** Calls of replays in a row while a live event waits: more than turns make. */
const ROW_MAX = 8;
/** Other calls of its key after which one of a replay goes before all others. */
const PASSED_MAX = 4;
/** Rows that are looked at, of a target: each costs a walk through its attempts. */
const ROWS_MAX = 300;

/** Judges the calls of a target as each process sent them. */
export function judgeReplayTurns(ledger: Ledger, target: Target, findings: Findings): void {
  const asked = askedOf(ledger);
  if (!target.attempts.some(({ job }) => asked.has(job))) return;
  for (const calls of Map.groupBy(target.attempts, ({ process }) => process).values()) {
    judgeRows(calls, asked, findings);
  }
}

/** When each replay was first asked for. */
function askedOf({ operations, names }: Ledger): ReadonlyMap<number, number> {
  const asked = new Map<number, number>();
  for (const { line, order } of operations) {
    const job = names.jobOf(line.job ?? line.who);
    if (line.f === "replay" && !asked.has(job)) asked.set(job, order);
  }
  return asked;
}

function judgeRows(
  calls: readonly Attempt[],
  asked: ReadonlyMap<number, number>,
  findings: Findings,
): void {
  const ofKeys = new Map<string, Attempt[]>();
  let row: Attempt[] = [];
  let rowCount = 0;
  for (const call of calls) {
    const ofKey = callsOfKey(ofKeys, call.delivery);
    const askedOrder = asked.get(call.job) ?? NEVER;
    if (askedOrder === NEVER) row = [];
    else if (!isUrgent(call, ofKey, askedOrder)) row.push(call);
    ofKey.push(call);
    const [first] = row;
    if (first === undefined || row.length <= ROW_MAX || rowCount >= ROWS_MAX) continue;
    rowCount += 1;
    row = [];
    findings.judged();
    const since = first.sendAt - WAITING_MS;
    const waiting = findWaiting(first, call, (one) => !isReplayed(callsOfKey(ofKeys, one), since));
    if (waiting === null) continue;
    findings.breach(
      () => `is one of ${ROW_MAX + 1} calls of replays while ${waiting.offset} waits for its first`,
      call.delivery,
      waiting,
    );
  }
}

/** Calls of a key so far; an event that nothing orders has calls of its own. */
function callsOfKey(ofKeys: Map<string, Attempt[]>, delivery: Delivery): Attempt[] {
  const { stream } = delivery.channel;
  const lane = laneOf(delivery);
  const key = lane === NONE ? `offset ${delivery.offset}` : String(lane);
  const name = `${stream.topic}/${stream.partition}/${key}`;
  let known = ofKeys.get(name);
  if (known === undefined) ofKeys.set(name, (known = []));
  return known;
}

/** Whether so many others may have passed it, since its job last called the key or was asked for. */
function isUrgent({ job }: Attempt, ofKey: readonly Attempt[], askedOrder: number): boolean {
  const before = ofKey.slice(-PASSED_MAX);
  return (
    before.length === PASSED_MAX &&
    before.every((one) => one.job !== job && one.endOrder > askedOrder)
  );
}

/** Whether a replay has called the key since then: a live event of it had to wait for that. */
function isReplayed(ofKey: readonly Attempt[], since: number): boolean {
  return ofKey.some(({ job, endAt }) => job !== NONE && endAt >= since);
}
