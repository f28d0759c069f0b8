/** Watches a subject from outside until everything has arrived. */
import { setTimeout as delay } from "node:timers/promises";
import type { RunningSubject } from "../subjects/subject.ts";
import type { BenchTarget } from "../target/target.ts";
import type { Sample } from "./figures.ts";
import { costOf } from "./process-meter.ts";

/** Between two looks, ms. */
const LOOK_MS = 20;
/** Longest wait for a subject's first call, ms. */
const START_MS_MAX = 30_000;
/** Longest wait for another event, ms; a subject that stands still so long has stopped. */
const STILL_MS_MAX = 15_000;

/** What is waited for. */
export interface Watch {
  readonly target: BenchTarget;
  /** Events that have to arrive. */
  readonly eventCount: number;
  /** The watch ends so long after the first call even if not all have arrived, ms; null: it does not. */
  readonly limitMs: number | null;
}

/** What was seen meanwhile. @throws Error where the subject ends or stands still. */
export async function watch(
  running: RunningSubject,
  { target, eventCount, limitMs }: Watch,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const beganAt = Date.now();
  let movedAt = beganAt;
  for (;;) {
    const { count, firstAt, lastAt } = await target.report();
    const { cpuUs } = costOf(running.pids());
    const isThrough = count >= eventCount;
    const now = Date.now();
    if (count > (samples.at(-1)?.count ?? 0)) movedAt = now;
    if (count > 0) samples.push({ at: isThrough ? lastAt : now, count, cpuUs });
    if (isThrough) return samples;
    if (limitMs !== null && firstAt > 0 && now - firstAt > limitMs) return samples;
    if (running.hasEnded()) throw new Error(`it ended after ${count} events: ${running.said()}`);
    if (now - movedAt > (count === 0 ? START_MS_MAX : STILL_MS_MAX)) {
      throw new Error(`it stands still after ${count} events: ${running.said()}`);
    }
    await delay(LOOK_MS);
  }
}
