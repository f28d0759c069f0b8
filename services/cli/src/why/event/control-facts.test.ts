import type { Audit, ReplayJob } from "@millrace/control";
import {
  asJob,
  asOffset,
  asPartition,
  asRecordKey,
  asTarget,
  asTopic,
  type ReplayProgress,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import {
  dropsOf,
  jobsOf,
  pauseSpans,
  redrivesOf,
  rewindsOf,
  type LaneEvent,
} from "./control-facts.ts";

const crm = asTarget("crm");

function audit(
  action: Audit["action"],
  at: number,
  of: Partial<Audit & Audit["wish"]> = {},
): Audit {
  const { by = "dana", reason = "why", of: keys } = of;
  const audit = { action, target: crm, wish: { by, reason, at } };
  return keys === undefined ? audit : { ...audit, of: keys };
}

describe("times in which a target was held", () => {
  it("last from a pause to the resume of whoever it is, or stand", () => {
    const audits = [
      audit("pause", 1, { reason: "maintenance" }),
      audit("resume", 5, { by: "lee" }),
      audit("redrive", 6),
      audit("pause", 7, { by: "p1", reason: "DEAD_LETTER_FLOOD" }),
    ];

    expect(pauseSpans(audits)).toEqual([
      { from: 1, to: 5, by: "dana", reason: "maintenance" },
      { from: 7, to: null, by: "p1", reason: "DEAD_LETTER_FLOOD" },
    ]);
  });

  it("are each person's own, and end where a new reason is given", () => {
    const audits = [
      audit("pause", 1, { reason: "a" }),
      audit("pause", 2, { by: "p1", reason: "b" }),
      audit("pause", 3, { reason: "c" }),
      audit("resume", 9),
    ];

    expect(pauseSpans(audits).map(({ from, to, reason }) => [from, to, reason])).toEqual([
      [1, 3, "a"],
      [2, 9, "b"],
      [3, 9, "c"],
    ]);
  });
});

/** What a redrive of `users:3:<offset>` of key `k` is called. */
const redriveKey = (offset: number, key = "k", partition = 3): string =>
  `redrive/crm/users/${partition}/${Buffer.from(key).toString("base64url")}/${offset}/0`;

const event: LaneEvent = {
  ...{ place: { topic: "users", partition: 3, offset: 42 }, lane: "k" },
  ...{ producedAt: 100, isParked: true },
};

describe("redrives of an event", () => {
  it("are those of its own dead letter, and of those of its key that it was parked behind", () => {
    const of = [redriveKey(42), redriveKey(40), redriveKey(43), redriveKey(40, "k", 4)];
    const audits = [audit("redrive", 150, { of }), audit("redrive", 160, { of: ["nonsense"] })];

    const found = redrivesOf(audits, event).map(({ offset, at }) => [offset, at]);
    expect(found).toEqual([
      [42, 150],
      [40, 150],
    ]);
  });

  it("are none of other keys, none from before it was there, and only its own where it was not parked", () => {
    const others = [audit("redrive", 150, { of: [redriveKey(40, "other")] })];
    const before = [audit("redrive", 99, { of: [redriveKey(40)] })];
    const both = [audit("redrive", 150, { of: [redriveKey(40), redriveKey(42)] })];

    expect(redrivesOf([...others, ...before], event)).toEqual([]);
    expect(redrivesOf(both, { ...event, isParked: false }).map(({ offset }) => offset)).toEqual([
      42,
    ]);
  });
});

describe("wishes that a key goes on without an event", () => {
  const drop = (offset: number, below: number, key = "k"): string =>
    redriveKey(offset, key).replace("redrive/", "discard/").concat(`/${below}`);

  it("are those of its key that it lies in: its dead letter, or what is parked below", () => {
    const of = [drop(40, 43), drop(42, 43), drop(40, 42), drop(43, 45), drop(40, 43, "other")];
    const audits = [audit("quarantine-drop", 150, { of }), audit("redrive", 160, { of: [] })];

    expect(dropsOf(audits, event)).toEqual([
      { by: "dana", reason: "why", at: 150, offset: 40 },
      { by: "dana", reason: "why", at: 150, offset: 42 },
    ]);
  });
});

describe("rewinds of an event", () => {
  const move = (committed: number | string, to: number, partition = 3): string =>
    `rewind/crm/users/${partition}/${committed}/${to}`;

  it("are those that went over it, either way, and were carried out", () => {
    const audits = [
      audit("rewind", 150, { of: [move(90, 40)] }),
      audit("rewind-done", 160, { of: [move(90, 40), move(90, 40, 4)] }),
      audit("rewind-cancel", 170, { of: [move(90, 40)] }),
      audit("rewind-done", 180, { of: [move(42, 43)], by: "lee" }),
    ];

    expect(rewindsOf(audits, event)).toEqual([
      { at: 160, by: "dana", reason: "why", direction: "back", to: 40 },
      { at: 180, by: "lee", reason: "why", direction: "forward", to: 43 },
    ]);
  });

  it("are none that ended at it, began behind it, or began a partition", () => {
    const of = [move(42, 40), move(90, 43), move(40, 42), move("-", 40), "nonsense"];

    expect(rewindsOf([audit("rewind-done", 150, { of })], event)).toEqual([]);
  });
});

const wish = { by: "dana", reason: "mapping fixed", at: 200 };

const RANGE = {
  ...{ topic: asTopic("users"), partition: asPartition(3), plannedCount: 9 },
  ...{ from: 40, to: 50, only: null },
};

function job(of: Partial<ReplayJob> = {}): ReplayJob {
  return {
    ...{ id: asJob("j"), target: crm, mode: "repair", keys: null, state: "run", wish },
    ranges: [RANGE],
    ...of,
  };
}

function progress(next: number, end: ReplayProgress["step"]["end"] = null): ReplayProgress {
  const counts = { sent: 0, skipped: {}, failed: {} };
  return {
    ...{ topic: asTopic("users"), partition: asPartition(3), job: asJob("j"), from: 40, to: 50 },
    step: { next: asOffset(next), done: "", counts, failedLanes: [], end },
  };
}

const asked = { place: event.place, key: "k" };

describe("replays of an event", () => {
  it("are those with it in their range", () => {
    const others = [
      job({ ranges: [{ ...RANGE, from: 43 }] }),
      job({ ranges: [{ ...RANGE, only: [{ from: 43, to: 45 }] }] }),
      job({ ranges: [{ ...RANGE, partition: asPartition(4) }] }),
      job({ keys: [asRecordKey("other")] }),
    ];

    expect(jobsOf([...others, job({ keys: [asRecordKey("k")] })], [], asked)).toEqual([
      { job: "j", mode: "repair", ...wish, wanted: "run", state: "open" },
    ]);
  });

  it("have passed it, have not come to it, or ended before", () => {
    const states = [
      progress(43),
      progress(42),
      progress(42, "cancelled"),
      progress(50, "done"),
    ].map((one) => jobsOf([job()], [one], asked)[0]?.state);

    expect(states).toEqual(["passed", "open", "ended", "passed"]);
  });

  it("have nothing to do with how far another has come", () => {
    const other = { ...progress(50, "done"), job: asJob("other") };

    expect(jobsOf([job()], [other], asked)[0]?.state).toBe("open");
  });
});
