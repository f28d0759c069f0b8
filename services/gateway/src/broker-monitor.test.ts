import { describe, expect, it } from "vitest";
import { ManualClock } from "../test-support/manual-clock.ts";
import { RecordingTelemetry } from "../test-support/recording-telemetry.ts";
import { BrokerMonitor } from "./broker-monitor.ts";
import { EmitterStarter } from "./emitter-starter.ts";

function setup() {
  const clock = new ManualClock();
  const telemetry = new RecordingTelemetry();
  const answers: (readonly string[] | Error)[] = [];
  const monitor = new BrokerMonitor({
    listTopics: () => {
      const answer = answers.shift() ?? [];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    needed: ["users", "orders"],
    clock,
    telemetry,
  });
  return { clock, telemetry, answers, monitor };
}

describe("the watch on the brokers", () => {
  it("says what is wrong, and that nothing is any more", async () => {
    const { clock, answers, monitor } = setup();
    answers.push(new Error("away"), ["users"], ["users", "orders"]);
    expect([monitor.state, monitor.reason]).toEqual([
      "unknown",
      "the brokers have not answered yet",
    ]);

    await monitor.ask();
    expect([monitor.state, monitor.reason]).toEqual(["down", "the brokers do not answer"]);
    clock.advance(500);
    await expect.poll(() => monitor.state).toBe("up");
    expect(monitor.reason).toBe("topics do not exist: orders (run millrace init)");
    await expect.poll(() => clock.timerCount).toBe(1);
    clock.advance(500);
    await expect.poll(() => monitor.reason).toBeNull();
  });

  it("tells each change once", async () => {
    const { answers, monitor, telemetry } = setup();
    answers.push(new Error("away"), new Error("away"), ["users"], ["users"]);
    for (let n = 0; n < 4; n += 1) await monitor.ask();

    expect(telemetry.lines.map(({ message }) => message)).toEqual([
      "brokers do not answer",
      "brokers answer",
    ]);
  });

  it("asks no more once it is stopped", async () => {
    const { clock, monitor } = setup();
    await monitor.ask();
    expect(clock.timerCount).toBe(1);
    monitor.stop();

    expect(clock.timerCount).toBe(0);
    await monitor.ask();
    expect(clock.timerCount).toBe(0);
  });
});

describe("the start of the emitter", () => {
  it("is tried until it succeeds, and its failure told once", async () => {
    const clock = new ManualClock();
    const telemetry = new RecordingTelemetry();
    let tries = 0;
    const starter = new EmitterStarter({
      make: () => Promise.reject(new Error(`away${String((tries += 1) > 2)}`)),
      clock,
      telemetry,
    });

    await starter.start();
    expect(starter.reason).toBe("awayfalse");
    clock.advance(1_000);
    await expect.poll(() => clock.timerCount).toBe(1);
    expect(tries).toBe(2);
    expect(telemetry.lines).toHaveLength(1);
    clock.advance(1_000);
    await expect.poll(() => starter.reason).toBe("awaytrue");
    expect(telemetry.lines).toHaveLength(2);
    await starter.stop();
    expect(clock.timerCount).toBe(0);
  });
});
