import { relative } from "node:path";
import Table from "cli-table3";
import type { Problem, Verdict } from "../verdict/verdict.ts";

const PROBLEMS_SHOWN_MAX = 20;

/** What a run comes to, for people: the table, the faults, the problems, and where to look next. */
export function renderSummary(verdict: Verdict, folder: string, topic: string): string {
  return [
    targetTable(verdict),
    faultLine(verdict),
    ...onCallLine(verdict),
    ...problemLines(verdict.problems),
    verdictLine(verdict),
    "",
    ...nextSteps(relative(process.cwd(), folder), topic),
    "",
  ].join("\n");
}

function targetTable({ targets }: Verdict): string {
  const plain = { head: [], border: [] };
  const head = [
    "target",
    "emitted",
    "delivered",
    "attempts",
    "repeats",
    "order violations",
    "lost",
  ];
  const table = new Table({ head: [...head, "p50", "p99"], style: plain });
  for (const [name, figures] of Object.entries(targets)) {
    const { emitted, delivered, attempts, repeats, orderViolations, lost } = figures;
    const counts = [emitted, delivered, attempts, repeats, orderViolations, lost];
    table.push([name, ...counts, milliseconds(figures.p50Ms), milliseconds(figures.p99Ms)]);
  }
  return table.toString();
}

function milliseconds(value: number | null): string {
  return value === null ? "-" : `${Math.round(value)} ms`;
}

function faultLine({ faults }: Verdict): string {
  const seen = [
    [faults.serverErrors, `${faults.serverErrors} answers 5xx`],
    [faults.refusals, `${faults.refusals} answers that refuse for good`],
    [faults.outageMs, `an API away for ${(faults.outageMs / 1_000).toFixed(1)} s`],
    [faults.connectionsRefused, `${faults.connectionsRefused} connections refused on record`],
    [faults.callsCut, `${faults.callsCut} calls cut`],
    [faults.kills, `${faults.kills} kill with ${faults.openAtKill} calls open`],
  ] as const;
  return `faults seen: ${seen.flatMap(([count, text]) => (count > 0 ? text : [])).join(", ")}`;
}

function onCallLine({ onCall }: Verdict): string[] {
  if (onCall === null) return [];
  const { stuckKeys, deliveredWhileAway } = onCall;
  return [
    `on call: ${stuckKeys} stuck key${stuckKeys === 1 ? "" : "s"}; ${deliveredWhileAway} events delivered beside the outage`,
  ];
}

function problemLines(problems: readonly Problem[]): string[] {
  const shown = problems
    .slice(0, PROBLEMS_SHOWN_MAX)
    .map(({ check, target, eventId, detail }) =>
      ["problem:", check, target, eventId, detail].filter((part) => part !== null).join(" "),
    );
  const more = problems.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more problems`] : shown;
}

function verdictLine({ verdict, problems }: Verdict): string {
  return verdict === "ok"
    ? "verdict: ok - nothing lost, nothing out of order, every repeat has its cause"
    : `verdict: failed - ${problems.length} problem${problems.length === 1 ? "" : "s"}`;
}

function nextSteps(folder: string, topic: string): string[] {
  return [
    "where to look next:",
    `  ${folder}/  what ran: millrace.yaml, acknowledged.ndjson, each API's log, the processes' logs`,
    `  npx millrace up && npx millrace tail ${topic} -c ${folder}/millrace.yaml --from earliest -n 5`,
    "  README.md  guarantees, and how to run it by hand",
  ];
}
