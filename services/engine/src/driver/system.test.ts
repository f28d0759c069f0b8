import { describe, expect, it } from "vitest";
import { systemClock, systemEntropy } from "./system.ts";

describe("systemClock", () => {
  it("never goes back", () => {
    const before = systemClock.now();

    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });

  it("runs a task without delay only after its caller has returned", async () => {
    const order: string[] = [];

    const done = new Promise<void>((resolve) => {
      systemClock.schedule(0, () => {
        order.push("task");
        resolve();
      });
    });
    order.push("caller");
    await done;

    expect(order).toEqual(["caller", "task"]);
  });

  it.each([0, 5])("runs no cancelled task (delay %i)", async (delayMs) => {
    let isRun = false;

    const cancel = systemClock.schedule(delayMs, () => (isRun = true));
    cancel();
    cancel();
    await new Promise<void>((resolve) => {
      systemClock.schedule(delayMs + 5, resolve);
    });

    expect(isRun).toBe(false);
  });

  it("takes delays beyond what a timer can hold", () => {
    const cancel = systemClock.schedule(2 ** 40, () => undefined);

    cancel();
  });
});

describe("systemEntropy", () => {
  it("gives unsigned 32-bit integers, over more than one block", () => {
    const entropy = systemEntropy();

    const drawn = Array.from({ length: 3_000 }, entropy);

    expect(drawn.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32)).toBe(
      true,
    );
    expect(new Set(drawn).size).toBeGreaterThan(2_990);
  });
});
