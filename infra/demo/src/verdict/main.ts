import { join } from "node:path";
import { parseArgs } from "node:util";
import { findScene } from "../scene/scenes.ts";
import { readAnswers } from "./answers.ts";
import { judge } from "./judge.ts";
import { readApiRecord } from "./records.ts";
import { readAcknowledged, readArrivalLog, readRun, readScan, writeScan } from "./run-records.ts";
import { scanTopics } from "./topic-scan.ts";
import type { Problem, Verdict } from "./verdict.ts";

const HELP = `Usage: node --conditions=millrace-source infra/demo/src/verdict/main.ts --run DIR [options]

Judges a recorded run from three records: what was acknowledged, a scan of its topics by Kafka's own tools, and each
API's own log. Where someone was on call, what commands answered is held against them.

Options:
  --run DIR            folder of the run
  --log TARGET=FILE    read this target's log from another file; may be given more than once
  --recorded-scan      take the scan that an earlier verdict kept in the folder
  --json               print the verdict as JSON
  -h, --help           this text

Exit codes: 0 nothing lost, disordered or repeated without cause; 1 something was, or an error; 2 wrong use.
`;

const OPTIONS = {
  run: { type: "string" },
  log: { type: "string", multiple: true, default: [] as string[] },
  "recorded-scan": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

interface Options {
  readonly folder: string;
  readonly logs: ReadonlyMap<string, string>;
  readonly takesRecordedScan: boolean;
}

async function judgeFolder({ folder, logs, takesRecordedScan }: Options): Promise<Verdict> {
  const run = readRun(folder);
  const scene = findScene(run.scene);
  const recorded = takesRecordedScan ? readScan(folder) : null;
  const scan = recorded ?? (await scanTopics(run.brokers, run.topics));
  writeScan(folder, scan);
  const targets = new Map(scene.targets.map((target) => [target.name, target]));
  return judge({
    run,
    expect: (target, event) => targets.get(target)?.expect(event) ?? null,
    acknowledged: readAcknowledged(folder),
    scan,
    apis: Object.entries(run.targets).map(([target, { log }]) =>
      readApiRecord(target, readArrivalLog(logs.get(target) ?? join(folder, log))),
    ),
    answers: run.onCall === null ? null : readAnswers(folder),
  });
}

function describe({ check, target, eventId, detail }: Problem): string {
  return [check, target, eventId, detail].filter((part) => part !== null).join("  ");
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.run === undefined) {
    process.stderr.write(`--run DIR is required\n\n${HELP}`);
    return 2;
  }
  const logs = new Map(
    values.log.map((entry) => {
      const cut = entry.indexOf("=");
      return [entry.slice(0, cut), entry.slice(cut + 1)] as const;
    }),
  );
  const takesRecordedScan = values["recorded-scan"];
  const verdict = await judgeFolder({ folder: values.run, logs, takesRecordedScan });
  const lines = [...verdict.problems.map(describe), verdict.verdict];
  process.stdout.write(values.json ? JSON.stringify(verdict) : `${lines.join("\n")}\n`);
  return verdict.verdict === "ok" ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
