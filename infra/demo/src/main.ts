import { readArguments, type DemoArguments } from "./run/arguments.ts";
import { runScene, type FinishedRun } from "./run/demo-run.ts";
import { createDisplay, type Display, type Terminal } from "./run/display.ts";
import { breakOneEvent, judgeRun, type BrokenEvent } from "./run/judging.ts";
import { renderSummary } from "./run/summary.ts";
import { findScene } from "./scene/scenes.ts";
import { readRun } from "./verdict/run-records.ts";
import type { Verdict } from "./verdict/verdict.ts";

const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

/** A judged run, and the event that was broken in it on purpose. */
interface Judged {
  readonly run: FinishedRun;
  readonly verdict: Verdict;
  readonly broken: BrokenEvent | null;
}

async function demo(
  options: DemoArguments,
  display: Display,
  signal: AbortSignal,
): Promise<Judged> {
  const clean = await runOrRecall(options, display, signal);
  if (options.sabotage === null || clean.verdict.verdict === "failed") return clean;
  const { run } = clean;
  const broken = breakOneEvent(run.folder, options.sabotage);
  const { target, eventId } = broken;
  display.say(`sabotage: ${options.sabotage}, event ${eventId}, in a copy of the log of ${target}`);
  return { run, broken, verdict: await judgeRun(run.folder, { scan: "recorded", broken }) };
}

async function runOrRecall(
  { scene, eventCount, seed, recordedRun }: DemoArguments,
  display: Display,
  signal: AbortSignal,
): Promise<Judged> {
  const judged = async (run: FinishedRun, scan: "fresh" | "recorded"): Promise<Judged> => {
    display.say("judging the records");
    const verdict = await judgeRun(run.folder, { scan, broken: null });
    return { run, verdict, broken: null };
  };
  if (recordedRun !== null) {
    const [topic = ""] = readRun(recordedRun).topics;
    return judged({ folder: recordedRun, topic }, "recorded");
  }
  const options = { scene: findScene(scene), eventCount, seed, display, signal };
  return runScene(options, (run) => judged(run, "fresh"));
}

function render({ verdict, run, broken }: Judged, prints: DemoArguments["prints"]): string {
  if (prints === "json") return `${JSON.stringify({ ...verdict, broken }, null, 2)}\n`;
  return renderSummary(verdict, run.folder, run.topic);
}

/** The document of a run that came to no verdict. */
function renderFailure({ scene, seed }: DemoArguments, detail: string): string {
  const problem = { check: "run", target: null, eventId: null, detail };
  const nothing = { targets: {}, faults: {}, onCall: null };
  const failed = { scene, seed, verdict: "failed", ...nothing, problems: [problem] };
  return `${JSON.stringify(failed, null, 2)}\n`;
}

/** A sabotage that the verdict did not name would be a verdict that cannot fail. */
function missed({ verdict, broken }: Judged): boolean {
  if (broken === null) return false;
  const { target, eventId } = broken;
  return !verdict.problems.some((found) => found.target === target && found.eventId === eventId);
}

async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if ("text" in options) {
    (options.exitCode === 0 ? process.stdout : process.stderr).write(options.text);
    return options.exitCode;
  }
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt).once("SIGHUP", interrupt);
  // Whoever listened may have gone: `npm run demo | head`.
  process.stdout.on("error", interrupt);
  process.stderr.on("error", interrupt);
  // Started over IPC: the end of whoever started it, however it comes, is the end of the run.
  process.once("disconnect", interrupt);
  process.channel?.unref();
  const isSilent = options.prints === "json" && !process.stderr.isTTY;
  const nowhere: Terminal = { write: () => undefined };
  const display = createDisplay(isSilent ? nowhere : process.stderr, () => Date.now());
  try {
    const judged = await demo(options, display, interrupted.signal);
    process.stdout.write(render(judged, options.prints));
    if (missed(judged)) process.stderr.write("the verdict missed the event that was broken\n");
    return judged.verdict.verdict === "ok" ? 0 : EXIT_FAILED;
  } catch (error) {
    display.end();
    const cause: unknown = interrupted.signal.aborted ? interrupted.signal.reason : error;
    const detail = cause instanceof Error ? cause.message : String(cause);
    process.stderr.write(`${detail}\n`);
    if (options.prints === "json") process.stdout.write(renderFailure(options, detail));
    return interrupted.signal.aborted ? EXIT_INTERRUPTED : EXIT_FAILED;
  }
}

process.exitCode = await main();
