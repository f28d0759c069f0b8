import { asJob } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import {
  at,
  attempt,
  dana,
  entry,
  lane,
  letter,
  now,
  only,
  OPEN,
  owned,
  parked,
  quarantine,
  rejected,
  T0,
} from "../../test-support/event-facts.ts";
import type { DeliveryFacts } from "./event-facts.ts";
import { STORY_OUTCOMES, type StoryOutcome } from "./event-story.ts";

/** What brings each outcome about, and when it settled. */
const PLANTED: Readonly<
  Record<StoryOutcome, readonly [Partial<DeliveryFacts>, settledAt: string | null]>
> = {
  delivered: [{ entries: [entry()] }, at(1_000)],
  skipped: [{ skips: [{ at: T0 + 300, mappingRevision: "r1" }] }, at(300)],
  "dead-lettered": [{ entries: [rejected], letters: [letter] }, at(1_000)],
  parked: [{ entries: [parked], marker: quarantine }, at(1_000)],
  settled: [{}, null],
  "before-start": [{ reading: { ...OPEN, state: "before-start" } }, null],
  gone: [{ reading: { ...OPEN, state: "gone" } }, null],
  "in-progress": [
    { reading: OPEN, now: now({ partitions: [owned({ failing: [lane()], failingCount: 1 })] }) },
    null,
  ],
  waiting: [{ reading: OPEN, now: now() }, null],
  "not-read": [{ reading: OPEN, now: now({ partitions: [owned({ next: "42" })] }) }, null],
  unknown: [{ reading: null }, null],
};

describe("the outcome of an event at a target", () => {
  it.each(STORY_OUTCOMES)("is %s where the facts say so", (outcome) => {
    const [planted, settledAt] = PLANTED[outcome];

    expect(only(planted)).toMatchObject({ outcome, settledAt });
  });

  it("is what the journal says, also where its commit has not come through", () => {
    expect(only({ entries: [entry()], reading: OPEN }).outcome).toBe("delivered");
  });

  it("is told by the dead-letter topic where the journal has lost it", () => {
    const { outcome, steps } = only({ letters: [letter], marker: { ...quarantine, offset: 42 } });

    expect(outcome).toBe("dead-lettered");
    expect(steps).toMatchObject([{ kind: "dead-lettered", letter: letter.place, redrives: 0 }]);
  });

  it("is delivered where a redrive delivered it, whether or not the journal has that", () => {
    const resolution = { kind: "redriven", ...dana } as const;
    const letters = [letter];

    const told = only({
      ...{ resolution, letters },
      entries: [rejected, entry({ settledAt: T0 + 6_000, attempts: [attempt(5_900)] })],
    });
    const lost = only({ resolution, letters, entries: [rejected] });

    expect([told.outcome, lost.outcome]).toEqual(["delivered", "delivered"]);
    expect(told.steps.map(({ kind }) => kind)).not.toContain("redriven");
    expect(lost.steps.at(-1)).toEqual({ kind: "redriven", ...dana, at: at(5_000) });
  });

  it("is not known of an event that was parked and whose key is free by now", () => {
    expect(only({ entries: [parked], marker: null })).toMatchObject({
      ...{ outcome: "settled", settledAt: null },
    });
    expect(only({ entries: [parked], marker: { ...quarantine, offset: 50 } }).outcome).toBe(
      "settled",
    );
  });

  it("is parked where the parked topic alone tells of it", () => {
    expect(only({ parked: "ns.crm.parked:0:3", marker: quarantine }).outcome).toBe("parked");
  });

  it("leaves a replay of it aside", () => {
    const replayed = entry({ job: asJob("job-1"), outcome: "failed", reason: "HTTP_REJECTED" });

    expect(only({ entries: [entry(), { ...replayed, settledAt: T0 + 9_000 }] }).outcome).toBe(
      "delivered",
    );
    expect(only({ entries: [replayed] }).outcome).toBe("settled");
  });
});
