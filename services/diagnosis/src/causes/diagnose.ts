/** From facts to causes, worst first. Pure. */
import { CAUSE_KINDS, type Cause } from "./cause.ts";
import type { TargetFacts } from "./facts.ts";
import { groupCauses } from "./group-causes.ts";
import { holdCauses } from "./hold-causes.ts";
import { keyCauses } from "./key-causes.ts";
import { partitionCauses } from "./partition-causes.ts";

/** Why events of a target wait, the worst first; a target that is well has none. */
export function diagnose(facts: TargetFacts): readonly Cause[] {
  const causes = [
    ...partitionCauses(facts),
    ...holdCauses(facts),
    ...groupCauses(facts),
    ...keyCauses(facts),
  ];
  return causes.sort(
    (one, other) => rankOf(one) - rankOf(other) || weightOf(other) - weightOf(one),
  );
}

function rankOf({ kind }: Cause): number {
  return CAUSE_KINDS.indexOf(kind);
}

/** Of one kind, what holds more comes first. */
function weightOf({ keyCount, evidence, details }: Cause): number {
  const waiting = details["waiting"];
  return typeof waiting === "number" ? waiting : Math.max(keyCount, evidence.length);
}
