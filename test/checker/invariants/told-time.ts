/**
 * What a target asks of one process is meant for all (S17). A process that hears of it tells the others soon, unless they know;
 * it tells them of nothing that it was not asked itself, so that no wait goes around for longer than it was meant; and not
 * often, since every process of every target reads it.
 */
import type { Findings } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Life } from "../ledger/processes.ts";
import { NONE, type Target, type ThrottleWord } from "../ledger/rows.ts";
import { type Ask, asksOfTarget, EARLY_MS, endOf } from "./asked-time.ts";
import { lifeAt } from "./call-times.ts";

/** Least time between two words of a process, and so the longest that one waits for its turn, ms. */
const INTERVAL_MS = 1_000;
/** Times are whole ms, and files are merged by them. */
const MERGE_MS = 50;
/** What is over sooner is told to nobody, ms. */
const SHORT_MS = 2_000;

/** Judges what the processes of a target told each other. */
export function judgeTelling(ledger: Ledger, target: Target, findings: Findings): void {
  const asks = asksOfTarget(ledger, target);
  for (const ask of asks) judgeAsk(ledger, { ask, target, findings });
  const last = new Map<number, ThrottleWord>();
  for (const word of target.throttles) {
    if (word.ev !== "tell") continue;
    findings.judged();
    const { process, at } = word;
    const name = ledger.processes.nameOf(process);
    const before = last.get(process);
    last.set(process, word);
    if (before !== undefined && at - before.at < INTERVAL_MS - MERGE_MS) {
      findings.breach(() => `${name} tells the others twice in a second to wait`);
    }
    if (!asks.some((ask) => isMeant(ask, word))) {
      findings.breach(() => `${name} tells the others to wait for longer than it was asked to`);
    }
  }
}

interface Judging {
  readonly ask: Ask;
  readonly target: Target;
  readonly findings: Findings;
}

function judgeAsk(ledger: Ledger, { ask, target, findings }: Judging): void {
  const { process, heardAt, heardOrder } = ask;
  const by = heardAt + INTERVAL_MS + MERGE_MS;
  if (endOf(ask) - by < SHORT_MS) return;
  const life = lifeAt(ledger.processes.lives, process, heardOrder);
  if (life === undefined || !isAtWork(life, heardAt, by)) return;
  findings.judged();
  const isKnown = target.throttles.some((word) => {
    const isInTime = word.process === process && word.at <= by;
    return isInTime && untilOf(word) >= endOf(ask) - EARLY_MS - MERGE_MS;
  });
  if (isKnown) return;
  const name = ledger.processes.nameOf(process);
  findings.breach(() => `${name} tells nobody of the ${ask.retryAfterMs / 1_000} s it was asked`);
}

/** Whether it neither ends nor stands still meanwhile. */
function isAtWork({ endAt, terminateAt, stops }: Life, from: number, to: number): boolean {
  const isEnding = endAt <= to || (terminateAt !== NONE && terminateAt <= to);
  return !isEnding && !stops.some((at) => at >= from && at <= to);
}

function isMeant(ask: Ask, word: ThrottleWord): boolean {
  const isItsOwn = ask.process === word.process && ask.heardOrder < word.order;
  return isItsOwn && untilOf(word) <= endOf(ask) + MERGE_MS;
}

function untilOf({ at, forMs }: ThrottleWord): number {
  return endOf({ heardAt: at, retryAfterMs: forMs });
}
