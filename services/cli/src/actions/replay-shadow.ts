/**
 * `millrace replay shadow`: what a changed configuration makes of past events, beside what the one in force makes of them.
 * Reads without a group, and has no client that could call a target.
 */
import { ShadowReplay } from "@millrace/jobs";
import { createLogReader, type LogReader, type ReadRange } from "@millrace/kafka";
import { clusterIdOf } from "../cluster-id.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { Progress } from "../output/progress.ts";
import { jsonLine } from "../output/safe-text.ts";
import type { Terminal } from "../output/terminal.ts";
import { timeText } from "../position.ts";
import { committedOf } from "../replay/make-plan.ts";
import { pastRanges, type PastRangeRequest } from "../replay/past-ranges.ts";
import { isRestWanted } from "../replay/rest-question.ts";
import { connectionOf, registryOf } from "../settings.ts";
import {
  loadShadowConfigs,
  type ConfigChoice,
  type ShadowConfigs,
} from "../shadow/shadow-configs.ts";
import { shadowReport, type ShadowReport } from "../shadow/shadow-report.ts";
import { shadowSide } from "../shadow/shadow-side.ts";
import { groupsText, summaryLines, warningLines } from "../shadow/shadow-text.ts";
import type { Privacy } from "../tail/event-view.ts";

/** What is compared. */
export interface ReplayShadowOptions extends ConfigChoice, PastRangeRequest {
  /** Shapes that are shown, and records of each. */
  readonly shapesMax: number;
  readonly samplesMax: number;
  readonly privacy: Privacy;
}

/**
 * Shows which requests change. Exit code 3 where records cannot be sent any more. Where the log has lost a part of the range it
 * says so, and asks whether the rest is meant.
 */
export async function replayShadow(
  context: CommandContext,
  options: ReplayShadowOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const configs = await loadShadowConfigs(context, options);
  for (const name of ["from", "to"] as const) {
    const position = options[name];
    if (position.kind === "time") terminal.note(`${name} ${timeText(position.epochMs)}`);
  }
  const report = await compare(configs, options, context);
  if (report === null) return EXIT.precondition;
  await show(context, report);
  for (const line of summaryLines(report)) terminal.note(line);
  for (const line of warningLines(report)) terminal.complain(line);
  return report.changed["newly-undeliverable"] > 0 ? EXIT.partial : EXIT.ok;
}

/** Null where what is left of the range is not wanted. */
async function compare(
  { settings, before, after }: ShadowConfigs,
  options: ReplayShadowOptions,
  context: CommandContext,
): Promise<ShadowReport | null> {
  const { terminal } = context;
  const { shapesMax, samplesMax, privacy } = options;
  const ground = {
    registry: registryOf(settings),
    clusterId: await clusterIdOf(settings),
    privacy,
  };
  const replay = new ShadowReplay(
    { before: shadowSide(before, ground), after: shadowSide(after, ground) },
    { groupsMax: shapesMax, samplesMax },
  );
  const reader = createLogReader({ connection: connectionOf(settings) });
  try {
    const { name } = before.target;
    const topics = [...new Set([...before.target.topics, ...after.target.topics])];
    const { ranges, gone } = await pastRanges(options, {
      ...{ reader, target: { name, topics }, end: "may-come" },
      committed: (topic) => committedOf(settings, name, topic),
    });
    if (!(await isRestWanted(context, gone, "Compare"))) return null;
    await readInto(replay, { reader, ranges, terminal });
    return shadowReport({ before, after, ranges, gone, result: replay.result });
  } finally {
    await reader.close();
  }
}

async function readInto(
  replay: ShadowReplay,
  of: {
    readonly reader: LogReader;
    readonly ranges: readonly Required<ReadRange>[];
    readonly terminal: Terminal;
  },
): Promise<void> {
  const { reader, ranges, terminal } = of;
  const progress = new Progress(terminal);
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let readCount = 0;
  try {
    for await (const { records } of reader.read(ranges)) {
      await replay.take(records);
      readCount += records.length;
      progress.show(readCount, readCount / total);
    }
  } finally {
    progress.end();
  }
}

async function show({ terminal, output }: CommandContext, report: ShadowReport): Promise<void> {
  switch (output) {
    case null:
    case "table":
      terminal.write(groupsText(report, terminal));
      break;
    case "ndjson":
      for (const item of report.items) terminal.write(`${jsonLine(item)}\n`);
      break;
    case "json":
      terminal.write(`${JSON.stringify(report, null, 2)}\n`);
      break;
    case "yaml": {
      const { stringify } = await import("yaml");
      terminal.write(stringify(report));
    }
  }
}
