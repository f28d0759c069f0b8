/** From a recorded run to what is said of it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "../checker/check.ts";
import { HistoryFolder } from "../checker/history-folder.ts";
import { reportOf } from "../checker/report.ts";
import type { Verdict } from "../checker/verdict.ts";
import type { RunFacts } from "./chaos-run.ts";
import { addMeasures } from "./record/assembly.ts";
import type { LagSample } from "./record/lag-probe.ts";
import { faultRows, type FaultRow } from "./report/fault-row.ts";
import { observe } from "./report/observation.ts";
import { conclude, measureLines, reportTable, leftOut, type Conclusion } from "./report/report.ts";

/** A run, judged. */
export interface Judgement {
  readonly conclusion: Conclusion;
  readonly verdict: Verdict;
  readonly rows: readonly FaultRow[];
  /** The table of faults, the verdict on each promise, the conclusion. */
  readonly text: string;
}

/** Judges the run in a folder; `report.txt` and `results.json` of the folder say so too. */
export async function judgeRun(folder: string): Promise<Judgement> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- written by the run
  const facts = JSON.parse(readFileSync(join(folder, "run-facts.json"), "utf8")) as RunFacts;
  const lag = readFileSync(join(folder, "raw", "lag.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- written by the run
    .map((line) => JSON.parse(line) as LagSample);
  await addMeasures(folder, []);
  const observation = observe(new HistoryFolder(folder));
  const first = faultRows({ facts, observation, lag, verdict: null });
  await addMeasures(folder, measureLines(facts, first));
  const verdict = check(new HistoryFolder(folder));
  const rows = faultRows({ facts, observation, lag, verdict });
  const conclusion = conclude(facts, verdict, rows);
  const reasons = conclusion.reasons.map((reason) => `\n  ${reason}`).join("");
  const missing = leftOut(facts, rows);
  const note = missing === null ? "" : `note: ${missing}\n`;
  const text = `${reportTable(rows)}\n\n${reportOf(verdict)}\n${note}${conclusion.result}${reasons}\n`;
  writeFileSync(join(folder, "report.txt"), text);
  writeFileSync(
    join(folder, "results.json"),
    JSON.stringify({ conclusion, rows, verdict }, null, 2),
  );
  return { conclusion, verdict, rows, text };
}
