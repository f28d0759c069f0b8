import { describe, expect, it } from "vitest";
import { DriverBench } from "../../testing/driver-bench.ts";
import type { AttemptResult } from "../core/lanes/attempt-result.ts";

const throttled = (retryAfterMs: number): AttemptResult => ({
  kind: "throttled",
  status: 429,
  retryAfterMs,
});
const OK: AttemptResult = { kind: "delivered", status: 204 };

async function setup(): Promise<DriverBench> {
  const bench = new DriverBench();
  await bench.assign(1);
  return bench;
}

describe("a target that asks for time", () => {
  it("is told to the other processes, with who says so, when, and until when by the clock on the wall", async () => {
    const bench = await setup();
    await bench.fetch(["a:1"]);
    bench.sender.calls[0]?.end(throttled(20_000));
    await bench.clock.advance(0);

    const at = bench.clock.wallNow();
    expect(bench.throttles).toEqual([{ by: "p1", at, until: at + 20_000 }]);
  });
});

describe("a target that another process was asked to leave alone", () => {
  it("is called when that is over by the clock of this machine", async () => {
    const bench = await setup();
    const at = bench.clock.wallNow() - 500;
    bench.driver.throttle({ by: "p2", at, until: at + 20_000 });
    await bench.fetch(["a:1"]);

    await bench.clock.advance(19_499);
    expect(bench.sender.calls).toHaveLength(0);
    await bench.clock.advance(1);
    expect(bench.sender.calls).toHaveLength(1);
  });

  it("waits no longer than was asked where this machine's clock is behind", async () => {
    const bench = await setup();
    const at = bench.clock.wallNow() + 3_600_000;
    bench.driver.throttle({ by: "p2", at, until: at + 20_000 });
    await bench.fetch(["a:1"]);

    await bench.clock.advance(20_000);
    expect(bench.sender.calls).toHaveLength(1);
  });

  it("is called at once where that is over", async () => {
    const bench = await setup();
    const at = bench.clock.wallNow() - 20_000;
    bench.driver.throttle({ by: "p2", at, until: at + 20_000 });
    await bench.fetch(["a:1"]);

    expect(bench.sender.calls).toHaveLength(1);
  });

  it("waits no longer for what this process has said itself", async () => {
    const bench = await setup();
    await bench.fetch(["a:1"]);
    bench.sender.calls[0]?.end(throttled(20_000));
    await bench.clock.advance(20_000);
    bench.sender.calls[1]?.end(OK);

    const [said] = bench.throttles;
    if (said !== undefined) bench.driver.throttle({ ...said, until: said.until + 60_000 });
    await bench.fetch(["a:2"]);

    expect(bench.sender.calls).toHaveLength(3);
  });

  it("waits where this process was told before it delivered by this driver", async () => {
    const bench = await setup();
    const at = bench.clock.wallNow() - 5_000;
    bench.driver.throttle({ by: "p1", at, until: at + 20_000 });
    await bench.fetch(["a:1"]);

    await bench.clock.advance(14_999);
    expect(bench.sender.calls).toHaveLength(0);
    await bench.clock.advance(1);
    expect(bench.sender.calls).toHaveLength(1);
  });

  it("is logged with who was asked", async () => {
    const bench = await setup();
    const at = bench.clock.wallNow();
    bench.driver.throttle({ by: "p2", at, until: at + 20_000 });

    expect(bench.telemetry.lines.filter(({ message }) => message === "target waits")).toMatchObject(
      [{ fields: { reason: "HTTP_THROTTLED", forMs: 20_000, toldBy: "p2" } }],
    );
  });
});
