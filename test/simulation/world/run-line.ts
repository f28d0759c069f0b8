import type { RunLine } from "../../checker/history.ts";
import { GRACE_MS } from "./processes/deliverer.ts";
import { partitionCountMax, type Plan } from "./plan/plan.ts";

/** The first line of a plan's history. */
export function runLineOf(plan: Plan): RunLine {
  const { seed, targets, topics, sessionMs, stopBudgetMs } = plan;
  // Other settings have other waits.
  const isSteady =
    !plan.classes.has("reconfigured") && !plan.foci.some(({ fault }) => fault === "reconfigured");
  return {
    h: "run",
    run: `seed-${seed}`,
    seed,
    at: 0,
    kind: "simulation",
    targets: targets.map(({ name, topics: own, startAt = "earliest", engine, timeoutMs }) => ({
      target: name,
      topics: own,
      startAt,
      order: engine.order,
      onDeadLetter: engine.onDeadLetter,
      concurrencyMax: engine.concurrencyMax,
      rate:
        engine.rate.kind === "unlimited"
          ? null
          : { perSecond: engine.rate.perSecond, burst: engine.rate.burst },
      maxAgeMs: engine.retry.maxAgeMs,
      maxAttempts:
        engine.retry.maxAttempts.kind === "limited" ? engine.retry.maxAttempts.count : null,
      timeoutMs,
      ...(isSteady ? { backoffBaseMs: engine.retry.baseMs } : {}),
      backoffCapMs: engine.retry.capMs,
      sessionTimeoutMs: sessionMs,
    })),
    topics: Object.fromEntries(topics.map((topic) => [topic.name, partitionCountMax(topic)])),
    parties: [
      ...(["emit", "log", "attempt", "recv", "commit", "seen"] as const),
      ...(["dlq", "park", "state", "throttle", "ops"] as const),
    ],
    graceMs: GRACE_MS,
    stopBudgetMs,
  };
}
