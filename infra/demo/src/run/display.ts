import type { DemoApiReport } from "../api/target-server.ts";
import type { Reports } from "./watch.ts";

const REDRAW_MS = 250;
const LINE_EVERY_MS = 5_000;
const RATE_WINDOW_MS = 2_000;

/** Shows how a run goes. */
export interface Display {
  say(message: string): void;
  /** Takes new reports and, by target, how many events are due there so far. */
  show(reports: Reports, due: ReadonlyMap<string, number>): void;
  /** Leaves the lines as they are. */
  end(): void;
}

/** Where a display writes; `process.stderr` is one. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Redraws lines on a terminal; writes plain lines, a status every 5 s, elsewhere. */
export function createDisplay(terminal: Terminal, now: () => number): Display {
  const isLive = terminal.isTTY === true;
  const rates = new Rates();
  let drawn = 0;
  let shownAt = 0;
  const erase = (): void => {
    if (drawn > 0) terminal.write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  return {
    say(message) {
      erase();
      terminal.write(`${message}\n`);
      shownAt = 0;
    },
    show(reports, due) {
      const at = now();
      rates.add(at, reports);
      if (at - shownAt < (isLive ? REDRAW_MS : LINE_EVERY_MS)) return;
      shownAt = at;
      const lines = [...reports.values()].map((report) =>
        status(report, due.get(report.name) ?? 0, rates.of(report.name)),
      );
      erase();
      terminal.write(lines.map((line) => `${line}\n`).join(""));
      if (isLive) drawn = lines.length;
    },
    end: () => (drawn = 0),
  };
}

/** One target's line. */
export function status(report: DemoApiReport, due: number, rate: number): string {
  const failures = Object.entries(report.statuses)
    .filter(([code]) => !code.startsWith("2"))
    .reduce((sum, [, count]) => sum + count, report.resets + report.gone + report.refused);
  const fields = [
    `lag ${String(Math.max(0, due - report.effects)).padStart(6)}`,
    `rate ${String(Math.round(rate)).padStart(5)}/s`,
    `attempts ${String(report.arrivals).padStart(6)}`,
    `failures ${String(failures).padStart(5)}`,
  ];
  return `  ${report.name.padEnd(14)} ${report.state.padEnd(4)}  ${fields.join("   ")}`;
}

/** Effects a second over the last two seconds. */
class Rates {
  readonly #samples = new Map<string, { at: number; effects: number }[]>();

  add(at: number, reports: Reports): void {
    for (const { name, effects } of reports.values()) {
      const recent = (this.#samples.get(name) ?? []).filter((s) => at - s.at < RATE_WINDOW_MS);
      this.#samples.set(name, [...recent, { at, effects }]);
    }
  }

  of(name: string): number {
    const samples = this.#samples.get(name) ?? [];
    const [first] = samples;
    const last = samples.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return 0;
    return ((last.effects - first.effects) * 1_000) / (last.at - first.at);
  }
}
