import { expect, it } from "vitest";
import type { DemoApiReport } from "../api/target-server.ts";
import { createDisplay, status } from "./display.ts";

const REPORT: DemoApiReport = {
  name: "crm",
  state: "up",
  arrivals: 130,
  statuses: { "200": 100, "503": 20 },
  resets: 4,
  gone: 3,
  refused: 2,
  effects: 90,
  repeats: 10,
  inversions: 0,
  openPerKeyMax: 1,
  open: 0,
  events: 100,
};

function setup({ isTTY }: { readonly isTTY: boolean }) {
  const written: string[] = [];
  let time = 10_000;
  const terminal = { isTTY, write: (text: string) => written.push(text) };
  const display = createDisplay(terminal, () => time);
  const show = (effects: number): void =>
    display.show(new Map([["crm", { ...REPORT, effects }]]), new Map([["crm", 200]]));
  return { written, display, show, pass: (ms: number) => (time += ms) };
}

it("says what a target waits for, how fast it goes, and what failed", () => {
  expect(status(REPORT, 100, 41.6).replaceAll(/ +/gu, " ")).toBe(
    " crm up lag 10 rate 42/s attempts 130 failures 29",
  );
});

it("redraws its lines on a terminal", () => {
  const { written, show, pass } = setup({ isTTY: true });

  show(0);
  pass(1_000);
  show(50);

  expect(written.at(-2)).toBe("\u001b[1A\u001b[0J");
  expect(written.at(-1)).toMatch(/rate +50\/s/u);
});

it("writes plain lines now and then elsewhere", () => {
  const { written, show, pass } = setup({ isTTY: false });

  for (let shown = 0; shown < 12; shown += 1) {
    show(shown);
    pass(1_000);
  }

  expect(written).toHaveLength(3);
  expect(written.join("")).not.toContain("\u001b");
});

it("keeps messages above the lines it redraws", () => {
  const { written, display, show } = setup({ isTTY: true });

  show(0);
  display.say("killed");
  show(0);

  expect(written.slice(1, 3)).toEqual(["\u001b[1A\u001b[0J", "killed\n"]);
});
