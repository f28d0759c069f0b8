import { setTimeout as pause } from "node:timers/promises";
import type { DemoApi } from "../api/demo-api.ts";
import type { DemoApiReport } from "../api/target-server.ts";

const POLL_MS = 50;

/** What the APIs report, by target. */
export type Reports = ReadonlyMap<string, DemoApiReport>;

/** Watches the APIs of a run until it is aborted. */
export class Watch {
  readonly #apis: readonly Pick<DemoApi, "report">[];
  readonly #signal: AbortSignal;
  readonly #onReports: (reports: Reports) => void;

  constructor(
    apis: readonly Pick<DemoApi, "report">[],
    options: { readonly signal: AbortSignal; readonly onReports: (reports: Reports) => void },
  ) {
    this.#apis = apis;
    this.#signal = options.signal;
    this.#onReports = options.onReports;
  }

  /** Asks every API once. */
  async reports(): Promise<Reports> {
    this.#signal.throwIfAborted();
    const reports = await Promise.all(this.#apis.map((api) => api.report()));
    const byTarget = new Map(reports.map((report) => [report.name, report]));
    this.#onReports(byTarget);
    return byTarget;
  }

  /**
   * Resolves to `true` when the reports say so, to `false` when nothing arrived anywhere for `idleMsMax` before that.
   */
  async until(
    isTrue: (reports: Reports) => boolean | Promise<boolean>,
    idleMsMax: number,
  ): Promise<boolean> {
    let arrivals = -1;
    let movedAt = Date.now();
    for (;;) {
      const reports = await this.reports();
      if (await isTrue(reports)) return true;
      const now = total(reports, "arrivals");
      if (now !== arrivals) movedAt = Date.now();
      if (Date.now() - movedAt > idleMsMax) return false;
      arrivals = now;
      await pause(POLL_MS);
    }
  }
}

/** The sum of one count over all targets. */
export function total(
  reports: Reports,
  count: "arrivals" | "open" | "effects" | "refused",
): number {
  return [...reports.values()].reduce((sum, report) => sum + report[count], 0);
}
