import { expect, it } from "vitest";
import type { DemoApi } from "../api/demo-api.ts";
import type { DemoApiReport } from "../api/target-server.ts";
import { Watch } from "./watch.ts";

const REPORT: DemoApiReport = {
  name: "crm",
  state: "up",
  arrivals: 0,
  statuses: {},
  resets: 0,
  gone: 0,
  refused: 0,
  effects: 0,
  repeats: 0,
  inversions: 0,
  openPerKeyMax: 0,
  open: 0,
  events: 0,
};

/** An API that tells of these arrivals, one at each question, the last one for ever. */
function api(...arrivals: number[]): Pick<DemoApi, "report"> {
  let asked = 0;
  return {
    report: () => {
      const now = arrivals[Math.min(asked, arrivals.length - 1)] ?? 0;
      asked += 1;
      return Promise.resolve({ ...REPORT, arrivals: now });
    },
  };
}

function watch(of: Pick<DemoApi, "report">, signal = new AbortController().signal): Watch {
  return new Watch([of], { signal, onReports: () => undefined });
}

const hasThree = (reports: ReadonlyMap<string, DemoApiReport>): boolean =>
  (reports.get("crm")?.arrivals ?? 0) >= 3;

it("waits until the reports say so", async () => {
  expect(await watch(api(0, 1, 3)).until(hasThree, 10_000)).toBe(true);
});

it("gives up when nothing arrives any more", async () => {
  expect(await watch(api(0, 2)).until(hasThree, 1)).toBe(false);
});

it("ends with its run", async () => {
  const signal = AbortSignal.abort(new Error("interrupted"));

  await expect(watch(api(0), signal).until(hasThree, 10_000)).rejects.toThrow("interrupted");
});
