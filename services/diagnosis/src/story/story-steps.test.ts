import { asEpoch, asJob, asOffset } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import {
  at,
  attempt,
  dana,
  entry,
  letter,
  only,
  OPEN,
  parked,
  quarantine,
  rejected,
  T0,
} from "../../test-support/event-facts.ts";

describe("the steps of an event at a target", () => {
  it("are its attempts, with what lay between them, and how it ended", () => {
    const request = { text: '{"mail":"***"}', byteCount: 21, withheld: null };
    const answer = { text: null, byteCount: 300, withheld: "NOT_JSON" };
    const bodies = { request, answer };
    const attempts = [
      attempt(120, {
        durationMs: 812,
        end: "HTTP_STATUS",
        status: 503,
        requestId: "call-1",
        answer,
      }),
      attempt(4_932, { end: "TIMEOUT", status: null, durationMs: 5_000 }),
      attempt(11_932),
    ];

    expect(only({ entries: [entry({ attempts, request, settledAt: T0 + 12_012 })] }).steps).toEqual(
      [
        {
          ...{ kind: "attempt", at: at(120), number: 1, durationMs: 812, job: null },
          ...{ end: "HTTP_STATUS", status: 503, retryInMs: 4_000, requestId: "call-1" },
          ...bodies,
        },
        {
          ...{ kind: "attempt", at: at(4_932), number: 2, durationMs: 5_000, job: null },
          ...{ end: "TIMEOUT", status: null, retryInMs: 2_000, requestId: null },
          ...{ request, answer: null },
        },
        {
          ...{ kind: "attempt", at: at(11_932), number: 3, durationMs: 80, job: null },
          ...{ end: "delivered", status: 204, retryInMs: null, requestId: null },
          ...{ request, answer: null },
        },
        { kind: "delivered", at: at(12_012) },
      ],
    );
  });

  it("say how many attempts are not kept, and number the last ones behind them", () => {
    const attempts = [0, 1, 2, 50, 51].map((second) => attempt(second * 1_000));

    const { steps } = only({
      entries: [entry({ attempts, attemptCount: 9, settledAt: T0 + 51_080 })],
    });

    expect(steps.flatMap((step) => (step.kind === "attempt" ? step.number : []))).toEqual([
      1, 2, 3, 8, 9,
    ]);
    expect(steps.filter(({ kind }) => kind === "attempts-left-out")).toEqual([
      { kind: "attempts-left-out", at: at(2_080), count: 4, job: null },
    ]);
    expect(steps[2]).toMatchObject({ number: 3, retryInMs: null });
  });

  it("begin with the wait for an earlier event of its key, until that settled", () => {
    const earlier = entry({ offset: asOffset(40), settledAt: T0 + 900 });

    const { steps } = only({ entries: [entry()], earlier });

    expect(steps[0]).toEqual({
      ...{ kind: "waited", at: at(0), forMs: 900 },
      behind: { kind: "earlier-event", place: "users:3:40", outcome: "delivered" },
    });
  });

  it("do not blame an earlier event that had settled before", () => {
    const earlier = entry({ offset: asOffset(40), settledAt: T0 - 1 });

    const { steps } = only({ entries: [entry()], earlier });

    expect(steps.map(({ kind }) => kind)).toEqual(["attempt", "delivered"]);
  });

  it("tell of the part of a pause that held it, also between attempts", () => {
    const pauses = [
      { from: T0 - 5_000, to: T0 + 700, by: "dana", reason: "maintenance" },
      { from: T0 + 2_000, to: null, by: "lee", reason: "again" },
      { from: T0 + 90_000, to: null, by: "lee", reason: "later" },
    ];
    const attempts = [attempt(900, { end: "HTTP_STATUS", status: 503 }), attempt(9_000)];

    const { steps } = only({ entries: [entry({ attempts, settledAt: T0 + 9_080 })], pauses });

    expect(steps.filter(({ kind }) => kind === "waited")).toEqual([
      {
        ...{ kind: "waited", at: at(0), forMs: 700 },
        behind: { kind: "pause", by: "dana", reason: "maintenance" },
      },
      {
        ...{ kind: "waited", at: at(2_000), forMs: 7_080 },
        behind: { kind: "pause", by: "lee", reason: "again" },
      },
    ]);
  });

  it("tell of a pause that is over where the event still waits, and leave one that stands to the causes", () => {
    const pauses = [
      { from: T0 + 1_000, to: T0 + 3_000, by: "dana", reason: "maintenance" },
      { from: T0 + 9_000, to: null, by: "lee", reason: "again" },
    ];

    expect(only({ reading: OPEN, pauses }).steps).toEqual([
      {
        ...{ kind: "waited", at: at(1_000), forMs: 2_000 },
        behind: { kind: "pause", by: "dana", reason: "maintenance" },
      },
    ]);
  });

  it("say of a long wait that nothing explains it, and nothing of a short one", () => {
    const late = entry({ attempts: [attempt(30_000)], settledAt: T0 + 30_080 });

    expect(only({ entries: [late] }).steps[0]).toEqual({
      ...{ kind: "waited", at: at(0), forMs: 30_000, behind: { kind: "unknown" } },
    });
    expect(only({ entries: [late] }, { record: "gone" }).steps[0]?.kind).toBe("attempt");
    expect(only({ entries: [entry()] }).steps[0]?.kind).toBe("attempt");
  });

  it("tell of an event that its key went on without, and who wanted that", () => {
    const dropped = entry({
      ...{ outcome: "skipped", reason: "DROPPED", attempts: [], attemptCount: 0 },
      settledAt: T0 + 5_000,
    });
    const drops = [{ at: T0 + 4_000, by: "dana", reason: "account deleted", offset: 40 }];

    const { outcome, steps } = only({ entries: [parked, dropped], drops });

    expect(outcome).toBe("skipped");
    expect(steps.slice(-2)).toEqual([
      {
        ...{ kind: "drop-wanted", at: at(4_000), by: "dana", reason: "account deleted" },
        of: "users:3:40",
      },
      { kind: "skipped", at: at(5_000), mappingRevision: "r1", reason: "DROPPED" },
    ]);
  });

  it("name the dead letter that a parked event is behind, and where it stands", () => {
    expect(
      only({ entries: [parked], marker: quarantine, parked: "ns.crm.parked:0:3" }).steps.at(-1),
    ).toEqual({
      ...{ kind: "parked", at: at(1_000), reason: "KEY_QUARANTINED" },
      ...{ behind: "users:3:40", parked: "ns.crm.parked:0:3" },
    });
  });

  it("say of a deferred event that it is behind nothing but its own key", () => {
    const deferred = entry({ outcome: "parked", reason: "KEY_DEFERRED", detail: null });

    expect(
      only({ entries: [deferred], marker: { kind: "deferred", offset: 42 } }).steps.at(-1),
    ).toMatchObject({ kind: "parked", behind: null });
  });

  it("go on with redrives, each dead letter beside the time it was given up", () => {
    const again = { ...rejected, epoch: asEpoch(2), settledAt: T0 + 7_000 };
    const letters = [
      { ...letter, place: "ns.crm.dead:0:9", at: T0 + 6_990, redriveCount: 1 },
      letter,
    ];

    const { steps } = only({
      ...{ letters, marker: { ...quarantine, offset: 42 } },
      entries: [again, rejected].map((one) => ({ ...one, attempts: [], attemptCount: 0 })),
      redrives: [{ ...dana, offset: 42 }],
    });

    expect(steps.slice(1)).toMatchObject([
      { kind: "dead-lettered", letter: "ns.crm.dead:0:7", redrives: 0 },
      { kind: "redrive-wanted", by: "dana", reason: "mapping fixed", of: "users:3:42" },
      { kind: "dead-lettered", letter: "ns.crm.dead:0:9", redrives: 1 },
    ]);
  });

  it("tell who dropped it", () => {
    const resolution = { kind: "dropped", ...dana } as const;

    const { outcome, steps, next } = only({ entries: [rejected], letters: [letter], resolution });

    expect(outcome).toBe("dead-lettered");
    expect(steps.at(-1)).toEqual({ kind: "dropped", ...dana, at: at(5_000) });
    expect(next).toBeNull();
  });

  it("tell that its group was set back over it, beside how it ended before", () => {
    const rewinds = [{ ...dana, direction: "back", to: 40 }] as const;

    const { outcome, steps } = only({ entries: [entry()], rewinds });

    expect(outcome).toBe("delivered");
    expect(steps.at(-1)).toEqual({
      ...{ kind: "rewound", at: at(5_000), by: "dana", reason: "mapping fixed" },
      ...{ direction: "back", to: "40" },
    });
  });

  it("tell which replays have it in their range, and how it fared in them", () => {
    const job = { job: "job-1", mode: "repair", wanted: "run", state: "passed" } as const;
    const replayed = entry({
      ...{ job: asJob("job-1"), outcome: "skipped", reason: "KEY_SET_ASIDE" },
      ...{ attempts: [], settledAt: T0 + 9_000 },
    });

    const { steps, attempts } = only({
      entries: [entry(), replayed],
      jobs: [{ ...job, ...dana }],
    });

    expect(steps.slice(2)).toEqual([
      { kind: "replay-wanted", ...job, ...dana, at: at(5_000) },
      {
        ...{ kind: "replayed", at: at(9_000), job: "job-1", outcome: "skipped" },
        ...{ reason: "KEY_SET_ASIDE", detail: null },
      },
    ]);
    expect(attempts).toBe(1);
  });
});
