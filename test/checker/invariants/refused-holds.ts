/**
 * A target that refuses us for our configuration is asked by probes until one is taken (S17). From its owner's word that it
 * waits for that (`held`) there is one call at a time, an interval behind the word and behind the call before; and only a call
 * of those ends it: one that was under way when the wait began, and is taken, says nothing new.
 *
 * A target may wait for more than one reason, and goes on (`released`) when none is left. What is sent once one of the probes
 * was taken is left to the other reasons (held-calls.ts).
 */
import type { Findings } from "../findings.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type Attempt, NEVER, type Operation, type Stamp, type Target } from "../ledger/rows.ts";
import { lifeAt } from "./call-times.ts";

/** Why a target waits that refuses us. */
const REFUSALS: ReadonlySet<string> = new Set([
  ...["HTTP_UNAUTHORIZED", "HTTP_REDIRECT", "TLS_FAILED", "ADDRESS_BLOCKED"],
]);
/** The shortest interval of probes, ms; clocks are read in whole ms, and files merged by them. */
const PROBE_INTERVAL_MS = 1_000 - 50;
/** What tells of a moment may stand so much before or behind what it made, ms. */
const MERGE_MS = 20;

/** A time in which one process waited since a target refused it. */
interface Refusal {
  readonly who: string;
  /** Its word of that, and each one that renewed it. */
  readonly words: readonly [Stamp, ...Stamp[]];
  /** What was sent meanwhile, up to the first one that was taken. */
  readonly probes: readonly Attempt[];
  readonly isTaken: boolean;
  /** Null where nothing was said of its end: its process ended before. */
  readonly released: Stamp | null;
}

/** Judges the calls of a target that its senders wrote down. */
export function judgeRefusedHolds(ledger: Ledger, target: Target, findings: Findings): void {
  for (const refusal of refusalsOf(ledger, target)) {
    const { who, isTaken, released } = refusal;
    judgeProbes(refusal, findings);
    findings.judged();
    if (isTaken || released === null) continue;
    const { target: name } = target.terms;
    findings.breach(() => `${who} goes on with ${name}, which has taken none of its probes`);
  }
}

function judgeProbes({ words, probes }: Refusal, findings: Findings): void {
  for (const [index, probe] of probes.entries()) {
    findings.judged();
    const word = words.findLast(({ order }) => order < probe.sendOrder) ?? words[0];
    const before = probes[index - 1];
    const isAlone = before === undefined || before.endOrder < probe.sendOrder;
    const isDue = probe.sendAt - word.at >= PROBE_INTERVAL_MS && isBehind(probe, before);
    if (isAlone && isDue) continue;
    const how = isAlone ? "too soon" : "beside another probe";
    findings.breach(() => `is sent ${how} to a target that refuses us`, probe.delivery);
  }
}

/** A probe that was given up says nothing, so the next may follow at once; any other one that was not taken has it wait. */
function isBehind({ sendAt }: Attempt, before: Attempt | undefined): boolean {
  if (before === undefined || before.outcome === "abandoned") return true;
  return sendAt - before.endAt >= PROBE_INTERVAL_MS;
}

function refusalsOf(ledger: Ledger, target: Target): readonly Refusal[] {
  const refusals: Refusal[] = [];
  const words = ledger.operations.filter(({ line }) => {
    const isWhole = line.partition === undefined && line.job === undefined;
    return isWhole && line.target === target.terms.target && isWordOfHold(line);
  });
  const byWho = Map.groupBy(words, ({ line }) => line.who);
  for (const own of byWho.values()) {
    for (let rest = own; ;) {
      const from = rest.findIndex(({ line }) => isRefusal(line));
      const refusal = from < 0 ? null : refusalFrom(ledger, target, rest.slice(from));
      if (refusal === null) break;
      refusals.push(refusal);
      const { words: said, released, isTaken: isOver } = refusal;
      const last = (isOver ? null : released) ?? said.at(-1) ?? said[0];
      rest = rest.filter(({ order }) => order > last.order);
    }
  }
  return refusals;
}

/** The wait that the first of these words begins. */
function refusalFrom(
  { processes }: Ledger,
  { attempts }: Target,
  words: readonly Operation[],
): Refusal | null {
  const [first] = words;
  if (first === undefined) return null;
  const { who } = first.line;
  const process = processes.idOf(who);
  const lifeEnd = lifeAt(processes.lives, process, first.order)?.endOrder ?? NEVER;
  const end = words.find(({ line }) => line.f === "released") ?? null;
  const released = end === null || end.order > lifeEnd ? null : end;
  const calls = attempts.filter((call) => {
    const isLater = call.sendOrder > first.order && call.sendAt > first.at + MERGE_MS;
    return call.process === process && isLater && call.sendOrder < (released?.order ?? lifeEnd);
  });
  const taken = calls.find(isTaken);
  const until = Math.min(taken?.endOrder ?? NEVER, released?.order ?? NEVER, lifeEnd);
  const said = words.filter(({ line, order }) => isRefusal(line) && order < until);
  return {
    ...{ who, words: [first, ...said.slice(1)], released },
    probes: calls.filter(({ sendOrder }) => sendOrder < until),
    isTaken: taken !== undefined && taken.endAt <= (released?.at ?? NEVER) + MERGE_MS,
  };
}

function isWordOfHold({ f }: Operation["line"]): boolean {
  return f === "held" || f === "released";
}

function isRefusal({ f, detail = "" }: Operation["line"]): boolean {
  return f === "held" && REFUSALS.has(detail);
}

function isTaken({ outcome }: Attempt): boolean {
  return outcome === "delivered" || outcome === "rejected";
}
