import { expect, it } from "vitest";

import { CallWindow } from "./call-window.ts";

const counts = ({ callCount, failureCount }: CallWindow): number[] => [callCount, failureCount];

it("counts the calls of the window and forgets older ones", () => {
  const window = new CallWindow();
  window.note("failure", 0, 1_000);
  window.note("answer", 500, 1_000);
  window.note("failure", 950, 1_000);
  expect(counts(window)).toEqual([3, 2]);

  window.note("answer", 1_000, 1_000);
  expect(counts(window)).toEqual([3, 1]);
  window.note("answer", 1_899, 1_000);
  expect(counts(window)).toEqual([3, 1]);
  window.note("answer", 1_900, 1_000);
  expect(counts(window)).toEqual([3, 0]);
});

it("forgets everything after a quiet window", () => {
  const window = new CallWindow();
  window.note("failure", 300, 1_000);
  window.note("answer", 86_400_000, 1_000);

  expect(counts(window)).toEqual([1, 0]);
});

it("agrees with a list of calls at the edges of its slices", () => {
  const window = new CallWindow();
  const calls: { readonly slice: number; readonly failed: boolean }[] = [];
  for (let index = 0; index < 2_000; index += 1) {
    const at = Math.floor(index * index * 0.37) % 7 === 0 ? index * 13 : index * 13 + 5;
    const failed = index % 3 === 0;
    window.note(failed ? "failure" : "answer", at, 1_000);
    calls.push({ slice: Math.floor(at / 100), failed });
    const kept = calls.filter(({ slice }) => slice > Math.floor(at / 100) - 10);
    expect(counts(window)).toEqual([kept.length, kept.filter((call) => call.failed).length]);
  }
});
