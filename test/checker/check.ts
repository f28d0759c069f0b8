/**
 * The checker: one history in, one verdict out. It knows nothing but the lines and shares no code with what it judges.
 */
import { type Breach, Findings } from "./findings.ts";
import type { HistoryLine } from "./history.ts";
import { inOrder } from "./in-order.ts";
import type { CanarySearch } from "./canary-search.ts";
import { INVARIANTS } from "./invariants.ts";
import { sortLog } from "./ledger/sorted-log.ts";
import { Ledger } from "./ledger/ledger.ts";
import { settleAll } from "./ledger/settlement.ts";
import { Traces } from "./traces.ts";
import {
  byInvariant,
  INVARIANT_IDS,
  type InvariantId,
  type Ruling,
  type Verdict,
} from "./verdict.ts";

/** How to check. */
export interface CheckOptions {
  /** Whether violations show their lines, which reads the history once more; default `shown`. */
  readonly traces?: "shown" | "left-out";
  /** What S24 is judged by; default: nobody searched. */
  readonly canaries?: CanarySearch;
}

/**
 * Judges a history. It is read once, and once more where something is broken.
 * @param lines one history, its `run` line first. An array may hold lines that do not ascend in `at`: they are put in
 * order, equals as they stand. Anything else ascends, and can be iterated twice.
 */
export function check(
  lines: Iterable<HistoryLine>,
  { traces = "shown", canaries }: CheckOptions = {},
): Verdict {
  const ordered = Array.isArray(lines) ? inOrder(lines) : lines;
  const ledger = new Ledger();
  ledger.canarySearch = canaries ?? null;
  for (const line of ordered) ledger.add(line);
  const findings = judge(ledger);
  const shown = new Traces(traces === "shown" ? breachesOf(findings) : [], ledger.emissions);
  if (!shown.isEmpty) for (const line of ordered) shown.add(line);
  return verdictOf(ledger, findings, shown);
}

type AllFindings = Readonly<Record<InvariantId, Findings>>;

function judge(ledger: Ledger): AllFindings {
  ledger.finish();
  sortLog(ledger);
  settleAll(ledger);
  return byInvariant((id) => {
    const findings = new Findings();
    const { needs, judge: apply } = INVARIANTS[id];
    const missing = needs.find((some) => !some.some((party) => ledger.parties.has(party)));
    if (missing === undefined) apply(ledger, findings);
    else findings.cannotJudge(`nobody wrote ${missing.join(" or ")} lines`);
    return findings;
  });
}

function breachesOf(all: AllFindings): readonly Breach[] {
  return Object.values(all).flatMap(({ breaches }) => breaches);
}

function verdictOf({ lineCount }: Ledger, all: AllFindings, traces: Traces): Verdict {
  const rule = (id: InvariantId): Ruling => {
    const { judgedCount, breachCount, breaches, obstacle } = all[id];
    if (breachCount > 0) {
      const violations = breaches.map((breach) => traces.violation(breach));
      return { status: "broken", judgedCount, violationCount: breachCount, violations };
    }
    if (obstacle !== null) return { status: "not-judged", why: obstacle };
    return { status: "held", judgedCount };
  };
  const rulings = byInvariant(rule);
  const broken = INVARIANT_IDS.filter((id) => rulings[id].status === "broken");
  if (broken.length === 0) return { result: "clean", rulings, lineCount };
  const result = broken.every((id) => id === "H") ? "inconclusive" : "broken";
  return { result, rulings, lineCount };
}
