import { describe, expect, it } from "vitest";
import type { Answers } from "./answers.ts";
import { checkOnCall } from "./on-call-check.ts";
import type { AcknowledgedEvent, ApiRecord, Arrival } from "./records.ts";
import type { ExpectedDelivery, TargetHistory } from "./target-history.ts";
import type { Evidence, OnCallRun } from "./verdict.ts";

const RUN: OnCallRun = { troubled: "crm", neighbour: "audit" };
const [DOWN_AT, UP_AT] = [1_000, 2_000];
const STUCK = { kind: "key-quarantined", keys: ["a", "b"], keyCount: 2 };
const BREAKER = { kind: "breaker-open", keys: [], keyCount: 0 };
const RIGHT: Answers = {
  stuck: [STUCK],
  away: [BREAKER, STUCK],
  mended: [],
  neighbour: [],
  waiting: [],
};

function arrival(key: string, answeredAt: number, status: number): Arrival {
  return {
    t: "arrived",
    seq: answeredAt,
    at: answeredAt - 1,
    method: "POST",
    path: "/",
    idempotencyKey: key,
    position: "users/0/0",
    traceparent: null,
    key,
    bodySha256: "",
    body: "",
    connection: 1,
    ended: {
      t: "ended",
      seq: answeredAt,
      at: answeredAt,
      status,
      end: "answered",
      effect: status === 200 ? "applied" : "none",
    },
  };
}

function delivery(id: string, acknowledgedAt: number, answeredAt: number): ExpectedDelivery {
  const event: AcknowledgedEvent = {
    seq: 1,
    id,
    source: "urn:test",
    type: "users.Changed",
    key: "a",
    data: {},
    topic: "users",
    partition: 0,
    offset: 0,
    tries: 1,
    at: acknowledgedAt,
  };
  const call = { method: "POST", path: "/", body: "" };
  return { event, call, arrivals: [arrival("a", answeredAt, 200)] };
}

/** A run with two refused keys whose neighbour got these events. */
function check(answers: Answers | null, neighbours: readonly ExpectedDelivery[]) {
  const troubled: ApiRecord = {
    target: "crm",
    arrivals: [arrival("a", 100, 422), arrival("b", 110, 422), arrival("c", 120, 200)],
    outages: [{ downAt: DOWN_AT, upAt: UP_AT, cut: 0, refused: 5 }],
  };
  const history: TargetHistory = { target: "audit", deliveries: neighbours, problems: [] };
  const evidence: Evidence = {
    run: {
      run: "r1",
      scene: "oncall",
      seed: 1,
      eventCount: neighbours.length,
      topics: ["users"],
      brokers: [],
      targets: {},
      killsPlanned: 0,
      kills: [],
      onCall: RUN,
    },
    expect: () => null,
    acknowledged: [],
    scan: { records: [], ends: [] },
    apis: [troubled],
    answers,
  };
  return checkOnCall(evidence, [history]);
}

const INDEPENDENT = [delivery("e1", 100, 120), delivery("e2", 1_100, 1_500)];

describe("checkOnCall", () => {
  it("finds nothing where the answers are right and the neighbour has everything in time", () => {
    expect(check(RIGHT, INDEPENDENT)).toEqual({
      problems: [],
      figures: { stuckKeys: 2, deliveredWhileAway: 1 },
    });
  });

  it("names an event that the neighbour got only when the target was back", () => {
    const late = delivery("e3", 1_100, 2_500);

    expect(check(RIGHT, [...INDEPENDENT, late])?.problems).toMatchObject([
      { check: "isolation", target: "audit", eventId: "e3" },
    ]);
  });

  it("finds that nothing was shown where nothing was on its way meanwhile", () => {
    expect(check(RIGHT, INDEPENDENT.slice(0, 1))?.problems).toMatchObject([
      { check: "fault", target: "audit" },
    ]);
  });

  it.each<readonly [string, Partial<Answers>]>([
    ["fewer keys than were refused", { stuck: [{ ...STUCK, keys: ["a"], keyCount: 1 }] }],
    ["a key that was never refused", { stuck: [{ ...STUCK, keys: ["a", "c"] }] }],
    ["no key", { stuck: [{ ...STUCK, keys: [] }] }],
    ["no outage", { away: [STUCK] }],
    ["the outage alone", { away: [BREAKER] }],
    ["the lesser cause first", { away: [STUCK, BREAKER] }],
    ["a cause where it was mended", { mended: [STUCK] }],
    ["a cause of the neighbour", { neighbour: [BREAKER] }],
    ["a key that waits in the end", { waiting: [{ key: "a" }] }],
  ])("finds an answer wrong that told of %s", (_what, wrong) => {
    const problems = check({ ...RIGHT, ...wrong }, INDEPENDENT)?.problems;

    expect(problems?.map((found) => found.check)).toEqual(["answer"]);
  });

  it("finds that answers are missing", () => {
    expect(check(null, INDEPENDENT)?.problems).toMatchObject([
      { check: "answer", detail: "nothing is known of what commands answered" },
    ]);
  });
});
