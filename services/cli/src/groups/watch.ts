/** `--watch`: the same question again and again, as a screen or as a stream. */
import { MillraceError } from "@millrace/engine";
import { CliError } from "../cli-error.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Terminal } from "../output/terminal.ts";
import { screenLines, streamText, type Report, type StreamFormat } from "./report.ts";

/** How a question is repeated. */
export interface WatchOptions {
  /** Between an answer and the next question. */
  readonly intervalMs: number;
  /** Resolves after so many milliseconds, or when the signal is aborted. */
  readonly pause: (durationMs: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Asks and shows until it is interrupted or nobody reads any more: on a terminal as a screen, else as a stream, NDJSON
 * unless `--output` says otherwise. Brokers that go away meanwhile are told of and waited for.
 * @throws CliError for JSON, which is one document; what the first question throws; later what no retry heals.
 */
export async function watch<Item extends object>(
  context: CommandContext,
  ask: () => Promise<Report<Item>>,
  { intervalMs, pause }: WatchOptions,
): Promise<ExitCode> {
  const view = viewFor<Item>(context, intervalMs);
  const interrupted = context.interrupts.take();
  const end = AbortSignal.any([interrupted, context.terminal.outputClosed]);
  const ended = endOf(end);
  let isFirst = true;
  while (!end.aborted) {
    try {
      // An answer that comes after the end is nobody's any more.
      const report = await Promise.race([ask(), ended]);
      if (report !== null) await view.show(report);
    } catch (error) {
      if (isFirst || !isPassing(error)) throw error;
      view.fail(error.message);
    }
    isFirst = false;
    await pause(intervalMs, end);
  }
  return interrupted.aborted ? EXIT.interrupted : EXIT.ok;
}

function endOf(end: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (end.aborted) resolve(null);
    end.addEventListener("abort", () => resolve(null), { once: true });
  });
}

function isPassing(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.retryable;
}

/** Where reports go, one after the other. */
interface View<Item extends object> {
  show(report: Report<Item>): Promise<void>;
  fail(message: string): void;
}

function viewFor<Item extends object>(
  { terminal, output }: CommandContext,
  intervalMs: number,
): View<Item> {
  const format = output ?? (terminal.isOutputTty ? "table" : "ndjson");
  if (format === "json") {
    const message = "--watch prints document after document, which is no JSON";
    throw new CliError(EXIT.usage, message, { hint: "use -o ndjson" });
  }
  const isScreen = format === "table" && terminal.isOutputTty;
  return isScreen ? screen(terminal, intervalMs) : stream(terminal, format);
}

function stream<Item extends object>(terminal: Terminal, format: StreamFormat): View<Item> {
  return {
    async show(report) {
      terminal.write(await streamText(report, format));
      for (const complaint of report.complaints) terminal.complain(complaint);
    },
    fail: (message) => terminal.complain(message),
  };
}

function screen<Item extends object>(terminal: Terminal, intervalMs: number): View<Item> {
  let lines: readonly string[] = [];
  return {
    async show(report) {
      const time = report.at.slice("2026-11-26T".length, "2026-11-26T10:20:57".length);
      const title = `${time} UTC, every ${intervalMs / 1_000}s, Ctrl-C ends`;
      lines = await screenLines(report, title);
      terminal.frame(lines);
    },
    // The last report stays, with its time.
    fail(message) {
      const [title = "", ...rest] = lines;
      terminal.frame([title, `no answer now: ${message}`, ...rest]);
    },
  };
}
