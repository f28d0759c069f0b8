import type { DedupeWindow } from "@millrace/config";
import { describe, expect, it } from "vitest";
import type { CliError } from "../cli-error.ts";
import { requireKnownKeys, windowText } from "./key-window.ts";
import type { PlannedRange } from "./saved-plan.ts";

const NOW = Date.UTC(2026, 0, 10);
const HOUR = 3_600_000;
const ONE_DAY: DedupeWindow = { kind: "declared", windowMs: 24 * HOUR };

/** A plan of two partitions whose oldest event is so old. */
function planOf(ageMs: number) {
  const item = (age: number): PlannedRange => ({
    ...{ topic: "users", partition: 0, from: "0", to: "9", records: 9, events: 9 },
    first: new Date(NOW - age).toISOString(),
    last: new Date(NOW).toISOString(),
    ...{ firstTime: null, only: null },
  });
  return { items: [item(0), item(ageMs)] };
}

function targetWith(window: DedupeWindow) {
  return {
    name: "crm",
    idempotency: { header: "idempotency-key", format: "bare", window },
  } as const;
}

function refusal(ageMs: number, of: { mode?: "repair" | "reprocess"; isForced?: boolean } = {}) {
  try {
    requireKnownKeys(planOf(ageMs), targetWith(ONE_DAY), {
      ...{ mode: "repair", nowMs: NOW, isForced: false },
      ...of,
    });
    return null;
  } catch (error) {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- nothing else is thrown
    return error as CliError;
  }
}

describe("a repair of events that a target has forgotten", () => {
  it("is refused, saying how old they are, how long it knows keys, and what to do", () => {
    expect(refusal(25 * HOUR)).toMatchObject({
      exitCode: 5,
      message:
        "the oldest event of the plan is 1d01h old, and crm knows Idempotency-Keys for 1d00h: " +
        "it would do again what it has forgotten",
      hint: "plan a later range, or say --force where doing it again is what you want",
    });
  });

  it("is let through within the window, forced, and where keys are new anyway", () => {
    expect(refusal(24 * HOUR)).toBeNull();
    expect(refusal(25 * HOUR, { isForced: true })).toBeNull();
    expect(refusal(25 * HOUR, { mode: "reprocess" })).toBeNull();
  });

  it("is let through where no window is declared, and the plan says so", () => {
    const target = targetWith({ kind: "undeclared" });
    const of = { mode: "repair", nowMs: NOW, isForced: false } as const;

    expect(() => requireKnownKeys(planOf(999 * HOUR), target, of)).not.toThrow();
    expect(windowText(planOf(999 * HOUR), target, NOW)).toEqual({
      text: "nobody knows how long crm knows a key: idempotency.window of its configuration does not say it",
      isWarning: false,
    });
  });

  it("is warned of by the plan", () => {
    expect(windowText(planOf(25 * HOUR), targetWith(ONE_DAY), NOW)).toEqual({
      text:
        "crm knows Idempotency-Keys for 1d00h, and the oldest event is 1d01h old: " +
        "repair is refused without --force",
      isWarning: true,
    });
    expect(windowText(planOf(HOUR), targetWith(ONE_DAY), NOW).isWarning).toBe(false);
  });
});
