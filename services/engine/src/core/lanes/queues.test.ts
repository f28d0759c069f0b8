import { describe, expect, it } from "vitest";

import { backoffMs } from "./backoff.ts";
import { DEFAULTS } from "../config.ts";
import { DueHeap } from "./due-heap.ts";
import { StepRandom } from "../entropy.ts";
import { Fifo } from "./fifo.ts";

describe("fifo", () => {
  it("gives items in the order they came, over many rounds", () => {
    const fifo = new Fifo<number>();
    let given = 0;
    for (let item = 0; item < 10_000; item += 1) {
      fifo.push(item);
      if (item % 3 === 0) continue;
      expect(fifo.take()).toBe(given);
      given += 1;
    }
    expect(fifo.length).toBe(10_000 - given);
  });

  it("gives undefined when empty", () => {
    expect(new Fifo<string>().take()).toBeUndefined();
  });
});

describe("due heap", () => {
  it("gives the earliest first and nothing before its time", () => {
    const random = new StepRandom(3);
    const heap = new DueHeap<{ dueAt: number }>();
    const times = Array.from({ length: 500 }, () => Math.floor(random.next() * 1_000));
    for (const dueAt of times) heap.push({ dueAt });

    expect(heap.takeDue(-1)).toBeUndefined();
    const taken = times.map(() => heap.takeDue(1_000)?.dueAt);

    expect(taken).toEqual([...times].sort((one, other) => one - other));
    expect(heap.nextDueAt).toBe(Infinity);
  });
});

describe("backoff", () => {
  it("doubles its bound with each failure up to the cap", () => {
    const retry = { ...DEFAULTS.retry, baseMs: 100, capMs: 1_000 };

    const bounds = [1, 2, 3, 4, 5, 60].map((count) => backoffMs(retry, count, 0.999_999));

    expect(bounds.map(Math.round)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("jitters over the whole of it", () => {
    expect(backoffMs({ ...DEFAULTS.retry, baseMs: 100 }, 3, 0)).toBe(0);
    expect(backoffMs({ ...DEFAULTS.retry, baseMs: 100 }, 3, 0.5)).toBe(200);
  });
});
