import type { Findings, Invariant } from "../findings.ts";
import type { Life } from "../ledger/processes.ts";
import { type Attempt, NEVER, NONE } from "../ledger/rows.ts";

/** What a clock of another process and the way of a signal take, ms. */
const SIGNAL_MS = 500;

/** A stop may have to wait for an answer of the brokers before the budget of its drain begins, ms. */
const DRAIN_BEGINS_MS = 3_000;

/** L3; that nothing repeats but what was open is S13. */
export const termination: Invariant = {
  title: "SIGTERM drains and exits with 0 in its grace",
  needs: [["ops"]],
  judge({ processes, run, endAt, targets }, findings) {
    const graceMs = run?.graceMs ?? 0;
    const asked = processes.lives.filter(({ terminateAt }) => terminateAt !== NONE);
    if (asked.length === 0) findings.cannotJudge("nobody was terminated");
    for (const life of asked) {
      judgeLife(life, { deadline: life.terminateAt + graceMs, endAt, findings });
      const budgetMs = run?.stopBudgetMs;
      // One that stood still has given nothing up meanwhile.
      if (budgetMs === undefined || life.stops.length > 0) continue;
      const over = { life, deadline: life.terminateAt + budgetMs, findings };
      for (const { attempts } of targets) judgeCalls(attempts, over);
    }
  },
};

/** What is open when the budget of a stop is over is given up. */
function judgeCalls(
  attempts: readonly Attempt[],
  of: { readonly life: Life; readonly deadline: number; readonly findings: Findings },
): void {
  const { life, deadline, findings } = of;
  for (const { process, sendAt, endAt, delivery } of attempts) {
    if (process !== life.process || sendAt > deadline || life.endAt <= deadline) continue;
    findings.judged();
    if (endAt <= deadline + DRAIN_BEGINS_MS) continue;
    findings.breach(() => `is called for longer than ${life.name} has for its stop`, delivery);
  }
}

function judgeLife(
  { name, end, endAt, exit }: Life,
  run: { readonly deadline: number; readonly endAt: number; readonly findings: Findings },
): void {
  const { deadline, findings } = run;
  const isLate = (endAt === NEVER ? run.endAt : endAt) > deadline + SIGNAL_MS;
  // A process that is killed while it may still drain has shown nothing.
  if (end === "kill" && !isLate) return;
  findings.judged();
  if (end === "open") return findings.breach(() => `${name} was terminated and never exits`);
  if (isLate) findings.breach(() => `${name} exits ${endAt - deadline} ms behind its grace`);
  const code = /-?\d+/.exec(exit ?? "")?.[0];
  if (end === "exit" && code !== undefined && code !== "0") {
    findings.breach(() => `${name} exits with ${code}`);
  }
}
