/**
 * Judges a run in which someone on call finds and mends the trouble of one target: what commands answered is held
 * against what the targets themselves recorded, and the target's neighbour must have noticed nothing.
 */
import type { Answers, AnsweredCause } from "./answers.ts";
import type { ApiRecord, Outage } from "./records.ts";
import { isConfirmed, isRefused, type TargetHistory } from "./target-history.ts";
import type { Evidence, OnCallFigures, OnCallRun, Problem } from "./verdict.ts";

/** What was found. */
export interface OnCallFindings {
  readonly problems: readonly Problem[];
  readonly figures: OnCallFigures;
}

/** L4, and that the answers were right; null of a run that had nobody on call. */
export function checkOnCall(
  { run, apis, answers }: Evidence,
  histories: readonly TargetHistory[],
): OnCallFindings | null {
  const { onCall } = run;
  if (onCall === null) return null;
  const troubled = apis.find(({ target }) => target === onCall.troubled);
  const neighbour = histories.find(({ target }) => target === onCall.neighbour);
  const refusedKeys = new Set(troubled === undefined ? [] : keysRefused(troubled));
  const isolation = checkIsolation(onCall, troubled?.outages ?? [], neighbour);
  const unanswered = problem(onCall.troubled, "nothing is known of what commands answered");
  const wrong = answers === null ? [unanswered] : checkAnswers(onCall, answers, refusedKeys);
  return {
    problems: [...wrong, ...isolation.problems],
    figures: { stuckKeys: refusedKeys.size, deliveredWhileAway: isolation.deliveredWhileAway },
  };
}

function keysRefused({ arrivals }: ApiRecord): readonly string[] {
  return arrivals.filter(isRefused).flatMap(({ key }) => key ?? []);
}

/** What its neighbour was to get until the target came back, it had got by then: however fast the machine is. */
function checkIsolation(
  { troubled, neighbour: target }: OnCallRun,
  outages: readonly Outage[],
  history: TargetHistory | undefined,
): { readonly problems: readonly Problem[]; readonly deliveredWhileAway: number } {
  const problems: Problem[] = [];
  let deliveredWhileAway = 0;
  for (const { downAt, upAt } of outages)
    for (const { event, arrivals } of history?.deliveries ?? []) {
      const backAt = upAt ?? Infinity;
      if (event.at >= backAt) continue;
      const confirmedAt = arrivals.find(isConfirmed)?.ended?.at ?? Infinity;
      if (confirmedAt > backAt) {
        const detail = `was not delivered before ${troubled} came back`;
        problems.push({ check: "isolation", target, eventId: event.id, detail });
      } else if (confirmedAt >= downAt) deliveredWhileAway += 1;
    }
  if (deliveredWhileAway === 0) {
    const detail = `nothing was delivered while ${troubled} was away`;
    problems.push({ check: "fault", target, eventId: null, detail });
  }
  return { problems, deliveredWhileAway };
}

function checkAnswers(
  { troubled, neighbour }: OnCallRun,
  answers: Answers,
  refusedKeys: ReadonlySet<string>,
): Problem[] {
  const { stuck, away, mended, waiting } = answers;
  const found = [
    stuckProblem("while keys waited", stuck, refusedKeys),
    stuckProblem("while it was away", away, refusedKeys),
    away[0]?.kind === "breaker-open"
      ? null
      : `while it was away, why said first: ${kindsOf(away.slice(0, 1))}`,
    mended.length === 0 ? null : `when it was mended, why still said: ${kindsOf(mended)}`,
    waiting.length === 0 ? null : `in the end, ${waiting.length} keys were set aside`,
  ];
  const problems = found.flatMap((detail) => (detail === null ? [] : problem(troubled, detail)));
  if (answers.neighbour.length === 0) return problems;
  const kinds = kindsOf(answers.neighbour);
  return [...problems, problem(neighbour, `while ${troubled} was away, why said: ${kinds}`)];
}

function problem(target: string, detail: string): Problem {
  return { check: "answer", target, eventId: null, detail };
}

/** Whether `why` named the keys that were refused, all of them and no others; null: it did. */
function stuckProblem(
  when: string,
  causes: readonly AnsweredCause[],
  refusedKeys: ReadonlySet<string>,
): string | null {
  const stuck = causes.filter(({ kind }) => kind === "key-quarantined");
  const count = stuck.reduce((sum, { keyCount }) => sum + keyCount, 0);
  const named = stuck.flatMap(({ keys }) => keys);
  const strangers = named.filter((key) => !refusedKeys.has(key));
  if (count !== refusedKeys.size)
    return `${when}, why said of ${count} keys that they are stuck; ${refusedKeys.size} were refused`;
  if (strangers.length > 0)
    return `${when}, why named keys that were never refused: ${strangers.join(", ")}`;
  return named.length > 0 ? null : `${when}, why named no key`;
}

function kindsOf(causes: readonly AnsweredCause[]): string {
  return causes.length === 0 ? "nothing" : causes.map(({ kind }) => kind).join(", ");
}
