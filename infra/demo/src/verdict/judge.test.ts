import { describe, expect, it } from "vitest";
import type { ArrivalLogLine } from "../api/arrival-log.ts";
import { expectedIdempotencyKey } from "./idempotency-key.ts";
import { judge } from "./judge.ts";
import { readApiRecord, type AcknowledgedEvent } from "./records.ts";
import { sabotage, SABOTAGES } from "./sabotage.ts";
import type { Check, Evidence, Verdict } from "./verdict.ts";

const TARGET = "crm";
const KILLED_AT = 50_000;
type Arrived = Extract<ArrivalLogLine, { t: "arrived" }>;
type Ended = Extract<ArrivalLogLine, { t: "ended" }>;

function event(seq: number, key = "a"): AcknowledgedEvent {
  return {
    seq,
    id: `e${seq}`,
    source: "urn:test",
    type: "users.Changed",
    key,
    data: { n: seq },
    topic: "users",
    partition: 0,
    offset: seq - 1,
    tries: 1,
    at: seq,
  };
}

function keyOf({ source, id }: AcknowledgedEvent, target = TARGET): string {
  return expectedIdempotencyKey({ tenant: "default", target, source, id });
}

/** A call of an event that arrived as number `seq`, at 1,000 x seq, answered 10 ms later. */
function call(
  of: AcknowledgedEvent,
  seq: number,
  { arrived, ended }: { arrived?: Partial<Arrived>; ended?: Partial<Ended> } = {},
): ArrivalLogLine[] {
  return [
    {
      t: "arrived",
      seq,
      at: seq * 1_000,
      method: "POST",
      path: "/v1",
      idempotencyKey: keyOf(of),
      position: `${of.topic}/${of.partition}/${of.offset}`,
      traceparent: null,
      key: of.key,
      bodySha256: "",
      body: JSON.stringify(of.data),
      connection: 1,
      ...arrived,
    },
    {
      t: "ended",
      seq,
      at: seq * 1_000 + 10,
      status: 200,
      end: "answered",
      effect: "applied",
      ...ended,
    },
  ];
}

const THREE = [event(1), event(2), event(3)];
const CLEAN = THREE.flatMap((of) => call(of, of.seq));

function evidence(lines: readonly ArrivalLogLine[], overrides: Partial<Evidence> = {}): Evidence {
  const acknowledged = overrides.acknowledged ?? THREE;
  return {
    run: {
      run: "r1",
      scene: "test",
      seed: 1,
      eventCount: acknowledged.length,
      topics: ["users"],
      brokers: [],
      targets: {
        [TARGET]: {
          log: "crm.ndjson",
          faults: { serverErrors: false, outage: false, refusals: false },
        },
      },
      killsPlanned: 0,
      kills: [],
      onCall: null,
    },
    expect: (_target, { data }) => ({ method: "POST", path: "/v1", body: JSON.stringify(data) }),
    acknowledged,
    scan: {
      records: acknowledged.map((of) => ({ ...of, timestampMs: of.seq * 1_000 - 5 })),
      ends: [{ topic: "users", partition: 0, end: acknowledged.length }],
    },
    apis: [readApiRecord(TARGET, lines)],
    answers: null,
    ...overrides,
  };
}

function found(verdict: Verdict): (readonly [Check, string | null])[] {
  return verdict.problems.map(({ check, eventId }) => [check, eventId] as const);
}

describe("judge", () => {
  it("finds nothing wrong with a clean run, and counts it", () => {
    const verdict = judge(evidence(CLEAN));

    expect(verdict.problems).toEqual([]);
    expect(verdict.verdict).toBe("ok");
    expect(verdict.targets[TARGET]).toEqual({
      emitted: 3,
      delivered: 3,
      attempts: 3,
      repeats: 0,
      repeatsAcrossKill: 0,
      unjustifiedRepeats: 0,
      orderViolations: 0,
      lost: 0,
      p50Ms: 15,
      p99Ms: 15,
    });
  });

  it("names an event that never arrived", () => {
    const verdict = judge(evidence([...call(event(1), 1), ...call(event(3), 3)]));

    expect(found(verdict)).toEqual([["lost", "e2"]]);
    expect(verdict.targets[TARGET]?.lost).toBe(1);
    expect(verdict.verdict).toBe("failed");
  });

  it("names an event that was applied but never answered 2xx", () => {
    const lines = [
      ...call(event(1), 1),
      ...call(event(2), 2),
      ...call(event(3), 3, { ended: { end: "gone" } }),
    ];

    expect(found(judge(evidence(lines)))).toEqual([["lost", "e3"]]);
  });

  it("names an event that arrived ahead of its predecessor", () => {
    const lines = [...call(event(2), 1), ...call(event(1), 2), ...call(event(3), 3)];

    expect(found(judge(evidence(lines)))).toEqual([["order", "e2"]]);
  });

  it("names an event that arrived while its predecessor was unanswered", () => {
    const lines = [
      ...call(event(1), 1, { ended: { at: 2_500 } }),
      ...call(event(2), 2),
      ...call(event(3), 3),
    ];

    expect(found(judge(evidence(lines)))).toEqual([["order", "e2"]]);
  });

  it("lets events of different keys overtake each other", () => {
    const acknowledged = [event(1, "a"), event(2, "b")];
    const lines = [...call(event(2, "b"), 1), ...call(event(1, "a"), 2)];

    expect(judge(evidence(lines, { acknowledged })).problems).toEqual([]);
  });

  it("takes a repeat after an error, a reset or a caller that was gone as justified", () => {
    const ends: Partial<Ended>[] = [
      { status: 503, effect: "none" },
      { end: "reset", status: null, effect: "none" },
      { end: "gone", effect: "applied" },
    ];

    for (const ended of ends) {
      const effect = ended.effect === "applied" ? "repeated" : "applied";
      const lines = [
        ...call(event(1), 1, { ended }),
        ...call(event(1), 2, { ended: { effect } }),
        ...call(event(2), 3),
        ...call(event(3), 4),
      ];
      const verdict = judge(evidence(lines));
      expect(verdict.problems).toEqual([]);
      expect(verdict.targets[TARGET]?.repeats).toBe(1);
    }
  });

  it("takes an arrival without a recorded end as one that was not answered", () => {
    const [arrived] = call(event(3), 3);
    const lines = [...call(event(1), 1), ...call(event(2), 2), ...call(event(3), 4)];

    const verdict = judge(evidence(arrived === undefined ? lines : [arrived, ...lines]));

    expect(verdict.problems).toEqual([]);
  });

  it("names an event that came again after it was answered 2xx", () => {
    const lines = [...CLEAN, ...call(event(3), 4, { ended: { effect: "repeated" } })];

    const verdict = judge(evidence(lines));

    expect(found(verdict)).toEqual([["repeat", "e3"]]);
    expect(verdict.targets[TARGET]?.unjustifiedRepeats).toBe(1);
  });

  it("names an event that came again while its answer was still to come", () => {
    const lines = [
      ...call(event(1), 1, { ended: { at: 2_500, status: 503, effect: "none" } }),
      ...call(event(1), 2),
      ...call(event(2), 3),
      ...call(event(3), 4),
    ];

    expect(found(judge(evidence(lines)))).toEqual([["repeat", "e1"]]);
  });

  it("lets an event come twice that its emitter had to send twice, once for each of its places", () => {
    const acknowledged = [event(1), { ...event(2), tries: 2 }, event(3)];
    const again = { arrived: { position: "users/0/3" }, ended: { effect: "repeated" } } as const;
    const standing = acknowledged.map((of) => ({ ...of, timestampMs: of.seq }));
    const scan = {
      records: [...standing, { ...event(2), offset: 3, timestampMs: 9 }],
      ends: [{ topic: "users", partition: 0, end: 4 }],
    };
    const once = [...CLEAN, ...call(event(2), 4, again)];
    const twice = [...once, ...call(event(2), 5, again)];

    expect(judge(evidence(once, { acknowledged, scan })).problems).toEqual([]);
    expect(found(judge(evidence(twice, { acknowledged, scan })))).toEqual([["repeat", "e2"]]);
  });

  it("justifies a repeat across a kill only when the answer was too fresh to be committed", () => {
    const repeatAfterAnswerAt = (answeredAt: number): Verdict => {
      const lines = [
        ...call(event(1), 1, { ended: { at: 1_001 } }),
        ...call(event(2), 2, { ended: { at: 2_001 } }),
        ...call(event(3), 3, { arrived: { at: answeredAt - 10 }, ended: { at: answeredAt } }),
        ...call(event(3), 60, { ended: { effect: "repeated" } }),
      ];
      const base = evidence(lines);
      const open = call(event(3), 4, { arrived: { at: KILLED_AT - 5 }, ended: { end: "gone" } });
      const [arrived] = open;
      const apis = [...base.apis, readApiRecord("other", arrived === undefined ? [] : [arrived])];
      const kills = [KILLED_AT];
      const verdict = judge({ ...base, apis, run: { ...base.run, kills } });
      return { ...verdict, problems: verdict.problems.filter(({ target }) => target === TARGET) };
    };

    expect(found(repeatAfterAnswerAt(KILLED_AT - 100))).toEqual([]);
    expect(found(repeatAfterAnswerAt(KILLED_AT - 10_000))).toEqual([["repeat", "e3"]]);
  });

  it("names an event whose effect was applied twice", () => {
    const lines = [
      ...call(event(1), 1, { ended: { end: "gone" } }),
      ...call(event(1), 2),
      ...call(event(2), 3),
      ...call(event(3), 4),
    ];

    expect(found(judge(evidence(lines)))).toEqual([["effect", "e1"]]);
  });

  it.each([
    ["method", { method: "PUT" }],
    ["path", { path: "/v2" }],
    ["body", { body: '{"n":7}' }],
    ["position", { position: "users/0/9" }],
  ] as const)("names an event that came with a wrong %s", (_what, arrived) => {
    const lines = [...call(event(1), 1, { arrived }), ...call(event(2), 2), ...call(event(3), 3)];

    expect(found(judge(evidence(lines)))).toEqual([["request", "e1"]]);
  });

  it("names an event that came with another idempotency key", () => {
    const lines = [...CLEAN, ...call(event(2), 4, { arrived: { idempotencyKey: "mine" } })];

    expect(found(judge(evidence(lines)))).toEqual([["key", "e2"]]);
  });

  it("reports a call that belongs to no acknowledged event", () => {
    const foreign = { idempotencyKey: "x", position: "users/0/99" };
    const lines = [...CLEAN, ...call(event(9), 4, { arrived: foreign })];

    expect(found(judge(evidence(lines)))).toEqual([["foreign", null]]);
  });

  it("names an event that a target got although it must not", () => {
    const expectation: Evidence["expect"] = (_target, { id, data }) =>
      id === "e2" ? null : { method: "POST", path: "/v1", body: JSON.stringify(data) };

    const verdict = judge(evidence(CLEAN, { expect: expectation }));

    expect(found(verdict)).toEqual([["foreign", "e2"]]);
    expect(verdict.targets[TARGET]?.emitted).toBe(2);
  });

  it("reports a target that left no record", () => {
    expect(found(judge(evidence(CLEAN, { apis: [] })))).toEqual([["lost", null]]);
  });
});

describe("judge, of events that are refused and redriven", () => {
  const refused = { status: 422, effect: "none" } as const;
  const keyOfRedrive = (redriveCount: number): { readonly idempotencyKey: string } => ({
    idempotencyKey: `${keyOf(event(1))}-${redriveCount}`,
  });
  const redriven = (count: number, seq: number, ended: Partial<Ended> = {}): ArrivalLogLine[] =>
    call(event(1), seq, { arrived: keyOfRedrive(count), ended });

  it("takes a redrive as the same event, under its own key, ahead of what was parked", () => {
    const lines = [
      ...call(event(1), 1, { ended: refused }),
      ...redriven(1, 2, refused),
      ...redriven(2, 3),
      ...call(event(2), 4),
      ...call(event(3), 5),
    ];

    const verdict = judge(evidence(lines));

    expect(verdict.problems).toEqual([]);
    expect(verdict.faults.refusals).toBe(2);
    expect(verdict.targets[TARGET]).toMatchObject({ delivered: 3, repeats: 2 });
  });

  it("names an event that was refused and came again under the key it was refused under", () => {
    const lines = [
      ...call(event(1), 1, { ended: refused }),
      ...call(event(1), 2),
      ...redriven(1, 3, { effect: "repeated" }),
      ...call(event(2), 4),
      ...call(event(3), 5),
    ];

    expect(found(judge(evidence(lines)))).toContainEqual(["key", "e1"]);
  });

  it("names an event that came under the key of a redrive although it was never refused", () => {
    const lines = [...redriven(1, 1), ...call(event(2), 2), ...call(event(3), 3)];

    expect(found(judge(evidence(lines)))).toEqual([
      ["key", "e1"],
      ["lost", "e1"],
    ]);
  });

  it("lets an event that may have been applied keep its key", () => {
    const lines = [
      ...call(event(1), 1, { ended: { status: 503, effect: "none" } }),
      ...call(event(1), 2, { ended: refused }),
      ...call(event(1), 3),
      ...call(event(2), 4),
      ...call(event(3), 5),
    ];

    expect(judge(evidence(lines)).problems).toEqual([]);
  });

  it("names an event that came while the dead letter ahead of it waited", () => {
    const lines = [
      ...call(event(1), 1, { ended: refused }),
      ...call(event(2), 2),
      ...redriven(1, 3),
      ...call(event(3), 4),
    ];

    expect(found(judge(evidence(lines)))).toEqual([["order", "e2"]]);
  });
});

describe("judge, of the topic", () => {
  const withScan = (records: Evidence["scan"]["records"], end = records.length): Verdict =>
    judge(evidence(CLEAN, { scan: { records, ends: [{ topic: "users", partition: 0, end }] } }));
  const standing = THREE.map((of) => ({ ...of, timestampMs: 0 }));

  it("names an acknowledged event that does not stand in the topic", () => {
    expect(found(withScan(standing.slice(0, 2)))).toEqual([["log", "e3"]]);
  });

  it("names an event that stands there as something else", () => {
    const changed = standing.map((record) => ({ ...record, type: "users.Other" }));

    expect(found(withScan(changed))).toEqual([
      ["log", "e1"],
      ["log", "e2"],
      ["log", "e3"],
    ]);
  });

  it("names an event that stands there twice though it was sent once", () => {
    const twice = standing.map((record) => ({ ...record, offset: 3 })).slice(2);

    expect(found(withScan([...standing, ...twice]))).toEqual([["log", "e3"]]);
  });

  it("names an event that nobody emitted", () => {
    const stranger = standing.map((record) => ({ ...record, id: "x", offset: 3 })).slice(2);

    expect(found(withScan([...standing, ...stranger]))).toEqual([["log", "x"]]);
  });

  it("distrusts a scan that read less than the partitions hold", () => {
    expect(found(withScan(standing, 4))).toEqual([["log", null]]);
  });

  it("names an event that stands before one of its key that was emitted earlier", () => {
    const acknowledged = [
      { ...event(1), offset: 1 },
      { ...event(2), offset: 0 },
    ];
    const lines = acknowledged.toReversed().flatMap((of, index) => call(of, index + 1));

    expect(found(judge(evidence(lines, { acknowledged })))).toEqual([["log", "e2"]]);
  });

  it("reports that fewer events were emitted than planned", () => {
    const base = evidence(CLEAN);

    expect(found(judge({ ...base, run: { ...base.run, eventCount: 4 } }))).toEqual([
      ["emitted", null],
    ]);
  });
});

describe("judge, of the faults", () => {
  const planned = { serverErrors: true, outage: true, refusals: true };

  it("fails a run whose planned faults did not happen", () => {
    const base = evidence(CLEAN);
    const targets = { [TARGET]: { log: "", faults: planned } };

    const verdict = judge({ ...base, run: { ...base.run, targets, kills: [KILLED_AT] } });

    expect(verdict.problems.map(({ check, detail }) => [check, detail])).toEqual([
      ["fault", "no 5xx was answered"],
      ["fault", "refused no event"],
      ["fault", "was never away"],
      ["fault", "refused no connection"],
      ["fault", "no call was open at the kill at 1970-01-01T00:00:50.000Z"],
    ]);
  });

  it("fails a run in which the delivery process was not killed as often as planned", () => {
    const base = evidence(CLEAN);

    const verdict = judge({ ...base, run: { ...base.run, killsPlanned: 1 } });

    expect(verdict.problems.map(({ detail }) => detail)).toEqual([
      "the delivery process was killed 0 of 1 times",
    ]);
  });

  it("counts the faults that happened", () => {
    const lines: ArrivalLogLine[] = [
      ...call(event(1), 1, { ended: { status: 503, effect: "none" } }),
      ...call(event(1), 2),
      { t: "down", at: 2_100, cut: 1 },
      { t: "refused", at: 2_200 },
      { t: "up", at: 4_100 },
      ...call(event(2), 49, { ended: { at: KILLED_AT + 3, end: "gone" } }),
      ...call(event(2), 51, { ended: { effect: "repeated" } }),
      ...call(event(3), 52),
    ];
    const base = evidence(lines);
    const targets = { [TARGET]: { log: "", faults: { ...planned, refusals: false } } };

    const verdict = judge({ ...base, run: { ...base.run, targets, kills: [KILLED_AT] } });

    expect(verdict.problems).toEqual([]);
    expect(verdict.faults).toEqual({
      serverErrors: 1,
      refusals: 0,
      callsCut: 0,
      connectionsRefused: 1,
      outageMs: 2_000,
      kills: 1,
      openAtKill: 1,
    });
  });
});

describe("sabotage", () => {
  const expectedCheck = {
    lose: "lost",
    reorder: "order",
    repeat: "repeat",
    "wrong-body": "request",
  } as const;

  it.each(SABOTAGES)("%s is found, and the event named", (kind) => {
    const { lines, idempotencyKey } = sabotage(kind, CLEAN);

    const broken = THREE.find((of) => keyOf(of) === idempotencyKey);
    expect(found(judge(evidence(lines)))).toEqual([[expectedCheck[kind], broken?.id]]);
  });

  it("repeats an event that no kill explains, though one came between most answers and it", () => {
    const { lines, idempotencyKey } = sabotage("repeat", CLEAN);
    const base = evidence(lines);

    const verdict = judge({ ...base, run: { ...base.run, kills: [2_500] } });

    const broken = THREE.find((of) => keyOf(of) === idempotencyKey);
    expect(found(verdict)).toContainEqual(["repeat", broken?.id]);
  });

  it("breaks no event that was redriven", () => {
    const lines = [
      ...call(event(1), 1, { ended: { status: 422, effect: "none" } }),
      ...call(event(1), 2, { arrived: { idempotencyKey: `${keyOf(event(1))}-1` } }),
      ...call(event(2), 3),
    ];

    expect(sabotage("lose", lines).idempotencyKey).toBe(keyOf(event(2)));
  });

  it("refuses a log that holds nothing to break", () => {
    expect(() => sabotage("lose", [])).toThrow(RangeError);
  });
});
