import { describe, expect, it } from "vitest";

import { setupDriver, type DriverBench } from "../../testing/driver-bench.ts";
import type { AttemptResult } from "../core/lanes/attempt-result.ts";

const DOWN: AttemptResult = {
  kind: "retry",
  reason: "CONNECT_FAILED",
  status: null,
  ambiguous: false,
  retryAfterMs: null,
};

/** What of a gauge's states is so. */
function isSo({ telemetry }: DriverBench, name: string): unknown[] {
  return telemetry.valuesOf(name).flatMap(({ value, labels }) => (value === 1 ? [labels] : []));
}

describe("the gauges of the guards", () => {
  it("tell which one state the breaker is in, and what may be in flight", async () => {
    const bench = await setupDriver();
    await bench.fetch(Array.from({ length: 12 }, (_, index) => `key-${index}:${index}`));
    expect(isSo(bench, "millrace.breaker.state")).toEqual([{ target: "crm", state: "closed" }]);

    for (const call of bench.sender.open.slice(0, 7)) {
      call.end(DOWN);
      await bench.clock.advance(0);
    }
    expect(isSo(bench, "millrace.breaker.state")).toEqual([{ target: "crm", state: "open" }]);
    for (const call of bench.sender.open) call.end(DOWN);
    await bench.clock.advance(10_000);
    expect(isSo(bench, "millrace.breaker.state")).toEqual([{ target: "crm", state: "half_open" }]);
    bench.sender.open[0]?.end({ kind: "delivered", status: 204 });
    await bench.clock.advance(0);

    expect(isSo(bench, "millrace.breaker.state")).toEqual([{ target: "crm", state: "slow_start" }]);
    expect(bench.telemetry.valuesOf("millrace.limiter.limit")[0]?.value).toBe(1);
  });

  it("tell who has paused the target", async () => {
    const bench = await setupDriver();
    expect(isSo(bench, "millrace.target.paused")).toEqual([]);

    bench.driver.pause("operator", "maintenance");
    expect(isSo(bench, "millrace.target.paused")).toEqual([{ target: "crm", by: "operator" }]);
    bench.driver.resume("operator");
    expect(isSo(bench, "millrace.target.paused")).toEqual([]);
  });
});

describe("log lines of a pause", () => {
  it("are an alarm when the guard has paused the target", async () => {
    const bench = await setupDriver();
    await bench.fetch(Array.from({ length: 60 }, (_, index) => `key-${index}:bad`));

    expect(bench.telemetry.lines).toContainEqual({
      level: "error",
      message: "target paused: nothing is sent until it is resumed",
      fields: { target: "crm", by: "guard", reason: "DEAD_LETTER_FLOOD" },
    });
    expect(bench.pauses).toEqual([{ by: "guard", reason: "DEAD_LETTER_FLOOD" }]);
    bench.driver.resume("guard");
    expect(bench.telemetry.lines.at(-1)).toMatchObject({ message: "target goes on" });
    expect(bench.telemetry.lines).toContainEqual(
      expect.objectContaining({ level: "info", message: "target resumed" }),
    );
  });

  it("are none when an operator's pause is told once more", async () => {
    const bench = await setupDriver();
    bench.driver.pause("operator", "maintenance");
    const count = bench.telemetry.lines.length;
    bench.driver.pause("operator", "maintenance");

    expect(bench.telemetry.lines[count - 1]).toMatchObject({ level: "warn" });
    expect(bench.telemetry.lines).toHaveLength(count);
  });
});
