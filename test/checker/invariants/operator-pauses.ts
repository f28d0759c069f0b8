/**
 * Who has heard that people paused a target calls it no more until they have let it go on: by their word, not by that of the
 * process, which may take another's word for it (S17).
 */
import type { Findings } from "../findings.ts";
import { PAUSED } from "../ledger/holds.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { NEVER, type Target } from "../ledger/rows.ts";

/** Judges the calls of a target that its senders wrote down. */
export function judgeOperatorPauses(
  { operations, processes }: Ledger,
  { terms, attempts }: Target,
  findings: Findings,
): void {
  const words = operations.filter((one) => isOf(one.line, terms.target));
  for (const { line, order } of words) {
    if (line.f !== "held" || line.detail !== PAUSED) continue;
    if (!words.some((one) => one.order < order && one.line.f === "pause")) continue;
    findings.judged();
    const process = processes.idOf(line.who);
    const resumed = words.find((one) => one.order > order && one.line.f === "resume");
    const end = resumed?.order ?? NEVER;
    const call = attempts.find((one) => {
      return one.process === process && order < one.sendOrder && one.sendOrder < end;
    });
    if (call === undefined) continue;
    findings.breach(() => "is sent although people have paused its target", call.delivery);
  }
}

/** A replay is paused and resumed too. */
function isOf({ target, job }: Ledger["operations"][number]["line"], name: string): boolean {
  return target === name && job === undefined;
}
