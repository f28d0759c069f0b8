import { checkDeliveries } from "./delivery-check.ts";
import { checkFaults, faultFigures } from "./fault-check.ts";
import { checkLog } from "./log-check.ts";
import { checkOnCall } from "./on-call-check.ts";
import { checkOrder } from "./order-check.ts";
import { checkRepeats } from "./repeat-check.ts";
import { isConfirmed, targetHistory, type TargetHistory } from "./target-history.ts";
import type { Evidence, Problem, TargetFigures, Verdict } from "./verdict.ts";

/** Judges a run by its records; pure. `ok` only when no check found a problem. */
export function judge(evidence: Evidence): Verdict {
  const { run, apis, scan } = evidence;
  const times = new Map(
    scan.records.map((record) => [
      `${record.topic}/${record.partition}/${record.offset}`,
      record.timestampMs,
    ]),
  );
  const problems = [...checkLog(evidence), ...checkMissingApis(evidence)];
  const targets: Record<string, TargetFigures> = {};
  const histories: TargetHistory[] = [];
  for (const api of apis) {
    const history = targetHistory(evidence, api);
    histories.push(history);
    const repeats = checkRepeats(history, run.kills);
    const found = [
      ...history.problems,
      ...checkDeliveries(history),
      ...checkOrder(history),
      ...repeats.problems,
    ];
    problems.push(...found);
    targets[api.target] = {
      ...figures(history, found, times),
      attempts: api.arrivals.length,
      repeatsAcrossKill: repeats.acrossKill,
    };
  }
  const onCall = checkOnCall(evidence, histories);
  problems.push(...checkFaults(evidence), ...(onCall?.problems ?? []));
  return {
    scene: run.scene,
    seed: run.seed,
    verdict: problems.length === 0 ? "ok" : "failed",
    targets,
    faults: faultFigures(evidence),
    onCall: onCall?.figures ?? null,
    problems,
  };
}

function checkMissingApis({ run, apis }: Evidence): Problem[] {
  const seen = new Set(apis.map(({ target }) => target));
  return Object.keys(run.targets)
    .filter((target) => !seen.has(target))
    .map((target) => ({ check: "lost", target, eventId: null, detail: "left no record" }));
}

function figures(
  { deliveries }: TargetHistory,
  problems: readonly Problem[],
  times: ReadonlyMap<string, number>,
): Omit<TargetFigures, "attempts" | "repeatsAcrossKill"> {
  const count = (check: Problem["check"]): number =>
    problems.filter((problem) => problem.check === check).length;
  const latencies: number[] = [];
  for (const { event, arrivals } of deliveries) {
    const writtenAt = times.get(`${event.topic}/${event.partition}/${event.offset}`);
    const answeredAt = arrivals.find(isConfirmed)?.ended?.at;
    if (writtenAt !== undefined && answeredAt !== undefined) latencies.push(answeredAt - writtenAt);
  }
  latencies.sort((a, b) => a - b);
  return {
    emitted: deliveries.length,
    delivered: deliveries.filter(({ arrivals }) => arrivals.some(isConfirmed)).length,
    repeats: deliveries.reduce((sum, { arrivals }) => sum + Math.max(0, arrivals.length - 1), 0),
    unjustifiedRepeats: count("repeat"),
    orderViolations: count("order"),
    lost: count("lost"),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

/** The value below which a share of the sorted values lies (nearest rank); null of none. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
