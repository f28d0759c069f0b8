import { INVARIANTS } from "./invariants.ts";
import {
  INVARIANT_IDS,
  type InvariantId,
  type Ruling,
  type Verdict,
  type Violation,
} from "./verdict.ts";

/** The verdict as a table for people, then each violation with its lines. */
export function reportOf({ result, rulings, lineCount }: Verdict): string {
  const rows = INVARIANT_IDS.map((id) => row(id, rulings[id]));
  const violations = INVARIANT_IDS.flatMap((id) => violationsOf(id, rulings[id]));
  return [...rows, "", `${result}: ${lineCount} lines`, ...violations, ""].join("\n");
}

function row(id: InvariantId, ruling: Ruling): string {
  const { title } = INVARIANTS[id];
  const status = ruling.status.padEnd(10);
  switch (ruling.status) {
    case "held":
      return `${id.padEnd(4)}${status} ${count(ruling.judgedCount)}  ${title}`;
    case "broken":
      return `${id.padEnd(4)}${status} ${count(ruling.judgedCount)}  ${title}: ${ruling.violationCount} times`;
    case "not-judged":
      return `${id.padEnd(4)}${status} ${" ".repeat(9)}  ${title}: ${ruling.why}`;
  }
}

function count(value: number): string {
  return String(value).padStart(9);
}

function violationsOf(id: InvariantId, ruling: Ruling): string[] {
  if (ruling.status !== "broken") return [];
  return ruling.violations.flatMap((violation) => ["", ...violationLines(id, violation)]);
}

function violationLines(id: InvariantId, { message, where, lines }: Violation): string[] {
  const place =
    where === null
      ? ""
      : `${where.target ?? "log"} ${where.topic}/${where.partition}/${where.offset} `;
  return [`${id}: ${place}${message}`, ...lines.map((line) => `  ${line}`)];
}
