import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { runNow } from "./record/run-clock.ts";
import { watchStalls } from "./stall-watch.ts";

function standStill(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

describe("a watch of the event loop", () => {
  it("tells the longest time that it stood still and when it went on", async () => {
    const watch = watchStalls();
    const from = runNow();
    standStill(200);
    const longest = watch.longest();
    standStill(100);
    await once(AbortSignal.timeout(40), "abort");
    watch.stop();

    expect(longest.ms).toBeGreaterThanOrEqual(180);
    expect(longest.at).toBeGreaterThanOrEqual(from + 199);
    expect(watch.longest()).toEqual(longest);
  });
});
