import { describe, expect, it } from "vitest";
import type { Clock } from "@millrace/engine";
import { Attempt } from "./attempt.ts";
import { Deadlines } from "./deadlines.ts";

/** Time that moves when a test says so, and how many timers stand in it. */
class TestClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  get timerCount(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** @param stallMs how long the turn takes in which timers go off, before what they schedule comes. */
  moveTo(now: number, stallMs = 0): void {
    this.#now = now;
    for (const timer of this.#timers) {
      if (timer.at > now) continue;
      this.#timers.delete(timer);
      timer.run();
      this.#now = now + stallMs;
    }
  }
}

function setup() {
  const clock = new TestClock();
  const open = new Set<Attempt>();
  const due: Attempt[] = [];
  const onDue = (attempt: Attempt): void => {
    open.delete(attempt);
    due.push(attempt);
  };
  const deadlines = new Deadlines(clock, { open, onDue });
  const begin = (timeoutMs: number): Attempt => {
    const request = { method: "GET", url: "http://t/", headers: {}, body: null, timeoutMs };
    const traced = { ...request, traceparent: null, tracestate: null };
    const attempt = new Attempt(traced, clock.now() + timeoutMs, () => undefined);
    open.add(attempt);
    deadlines.watch(attempt);
    return attempt;
  };
  return { clock, open, due, deadlines, begin };
}

describe("deadlines", () => {
  it("come one after the other, by one timer", () => {
    const { clock, due, begin } = setup();
    const first = begin(100);
    clock.moveTo(10);
    const second = begin(100);
    expect(clock.timerCount).toBe(1);

    clock.moveTo(99);
    expect(due).toEqual([]);
    clock.moveTo(100);
    expect(due).toEqual([first]);
    clock.moveTo(110);
    expect(due).toEqual([first, second]);
    expect(clock.timerCount).toBe(0);
  });

  it("come first for whoever has the least time, whenever it began", () => {
    const { clock, due, begin } = setup();
    const slow = begin(1_000);
    const quick = begin(10);

    clock.moveTo(10);
    expect(due).toEqual([quick]);
    clock.moveTo(1_000);
    expect(due).toEqual([quick, slow]);
  });

  it("say nothing of attempts that are over, and go on with those that began since", () => {
    const { clock, open, due, begin } = setup();
    open.delete(begin(100));
    clock.moveTo(60);
    const later = begin(100);

    clock.moveTo(100);
    expect(due).toEqual([]);
    clock.moveTo(160);
    expect(due).toEqual([later]);
    const last = begin(5);
    clock.moveTo(165);
    expect(due).toEqual([later, last]);
  });

  it("wait for what was read in the turn that they came in, also if it took long", () => {
    const { clock, due, begin } = setup();
    const first = begin(100);
    const second = begin(150);

    clock.moveTo(100, 200);
    expect(due).toEqual([first]);
    clock.moveTo(300);
    expect(due).toEqual([first, second]);
  });

  it("come no more once they are closed", () => {
    const { clock, due, deadlines, begin } = setup();
    begin(100);

    deadlines.close();
    begin(1);
    clock.moveTo(1_000);

    expect(due).toEqual([]);
    expect(clock.timerCount).toBe(0);
  });
});
