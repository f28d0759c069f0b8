import {
  asEpoch,
  asJob,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  createState,
  DEFAULTS,
  step,
  type AsideTakeover,
  type AttemptResult,
  type EngineConfig,
  type EngineState,
  type Input,
  type Marker,
  type NewRecord,
  type PreparedEvent,
  type ReplayStatus,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { JOBS_MAX } from "./job-view.ts";
import { SET_ASIDE_MAX } from "./set-aside-view.ts";
import { viewTarget, type TargetView } from "./target-view.ts";

const place = { topic: asTopic("users"), partition: asPartition(0) };

function event(offset: number, key: string): PreparedEvent {
  return {
    record: {
      ...{ ...place, offset: asOffset(offset), timestampMs: Date.UTC(2026, 0, 1) },
      ...{ key: Buffer.from(key), value: Buffer.from("x"), headers: {} },
    },
    ...{ id: `id-${offset}`, source: "urn:test", type: "users.ProfileUpdated", tenant: "default" },
    ...{ traceparent: null, tracestate: null, request: null, mappingRevision: "r1" },
  };
}

/** A key that an earlier owner set aside. */
function aside(offset: number, of: Partial<Marker> = {}): AsideTakeover {
  const marker: Marker = {
    ...{ kind: "quarantine", lane: `k${offset}`, epoch: asEpoch(1), offset: asOffset(offset) },
    ...{ firstEpoch: asEpoch(1), redriveCount: 0, keyCount: 0 },
    ...of,
  };
  return { marker, next: asOffset(offset), cursor: null, dropBelow: null };
}

/** Where a job stands in the partition. */
function replayed(job: string, of: Partial<ReplayStatus> = {}): ReplayStatus {
  const range = { ...place, from: asOffset(10), to: asOffset(20) };
  const counts = { sent: 3, skipped: { FILTERED: 1 }, failed: { HTTP_REJECTED: 2 } };
  return {
    plan: { job: asJob(job), mode: "repair", ...range },
    wish: "run",
    stage: "running",
    step: { next: asOffset(16), done: "", counts, failedLanes: [], end: null },
    ...of,
  };
}

/** An engine that a test feeds; attempts are ended as it says. */
function setup({
  config = {},
  markers = [],
  replays = [],
}: {
  readonly config?: Partial<EngineConfig>;
  readonly markers?: readonly AsideTakeover[];
  readonly replays?: readonly ReplayStatus[];
} = {}) {
  const state: EngineState<PreparedEvent> = createState({ ...DEFAULTS, ...config }, 0);
  let now = 0;
  const feed = (input: Input<PreparedEvent>) =>
    step(state, [input], { now, wallNow: now, entropy: 7 });
  const assigned = {
    ...{ kind: "taken" as const, ...place, epoch: asEpoch(3), markers },
    ...{ committed: { offset: asOffset(0), metadata: "" }, logEndOffset: asOffset(0) },
  };
  feed({ kind: "assigned", generation: 1, partitions: [assigned], partitionCount: 2 });
  const view = (): TargetView =>
    viewTarget(
      { name: "crm", group: "ns.crm", process: "p1", state, halts: [], replays },
      { now, wallNow: now },
    );
  const fetch = (keys: readonly string[]) => {
    const records = keys.map((key, offset): NewRecord<PreparedEvent> => {
      const payload = event(offset, key);
      return {
        ...{ kind: "matched", offset: asOffset(offset), key: asRecordKey(key), bytes: 1 },
        ...{ verdict: { kind: "deliver" }, payload },
      };
    });
    return feed({ kind: "records", ...place, records });
  };
  const advance = (ms: number): void => {
    now += ms;
  };
  return { view, feed, fetch, advance };
}

describe("the view of a target", () => {
  it("shows what this process owns, and that nothing is under way", () => {
    const { view } = setup();

    expect(view()).toMatchObject({
      ...{ name: "crm", group: "ns.crm", process: "p1", membership: "active", share: 0.5 },
      holds: [],
      attempts: { inFlight: 0, rateWaitMs: null },
      partitions: [{ topic: "users", partition: 0, committed: "0", head: null, failing: [] }],
    });
  });

  it("names the event at the head, and what is in flight", () => {
    const { view, fetch } = setup();
    fetch(["a", "b"]);

    expect(view()).toMatchObject({
      attempts: { inFlight: 2 },
      partitions: [
        {
          ...{ unsettled: 2, lanes: 2, next: "2" },
          head: { offset: "0", key: "a", id: "id-0", state: "in-flight", attempts: 1 },
        },
      ],
    });
  });

  it("tells of a lane that fails with its last failure and its next attempt", () => {
    const { view, fetch, feed, advance } = setup();
    const [attempt] = fetch(["a"]).filter((effect) => effect.kind === "attempt");
    if (attempt?.kind !== "attempt") throw new Error("no attempt was made");
    const result: AttemptResult = {
      ...{ kind: "retry", reason: "HTTP_STATUS", status: 503 },
      ...{ ambiguous: true, retryAfterMs: null },
    };
    advance(5);
    feed({ kind: "attempts-ended", ends: [{ delivery: attempt.delivery, result }] });

    const [partition] = view().partitions;
    expect(partition?.failing).toHaveLength(1);
    expect(partition?.head).toMatchObject({
      ...{ state: "waiting", attempts: 1 },
      lastFailure: { reason: "HTTP_STATUS", status: 503 },
    });
    expect(partition?.head?.nextAttemptMs).toBeGreaterThanOrEqual(0);
  });

  it("tells of a lane that is refused for the target's configuration, also while it is tried again", () => {
    const { view, fetch, feed, advance } = setup();
    const [attempt] = fetch(["a"]).filter((effect) => effect.kind === "attempt");
    if (attempt?.kind !== "attempt") throw new Error("no attempt was made");
    const refusal = { reason: "HTTP_UNAUTHORIZED", status: 401, detail: "HTTP 401" } as const;
    const result: AttemptResult = { kind: "misconfigured", ...refusal };
    feed({ kind: "attempts-ended", ends: [{ delivery: attempt.delivery, result }] });
    const [refused] = view().partitions;
    advance(DEFAULTS.retry.baseMs);
    feed({ kind: "tick" });
    const [again] = view().partitions;

    expect(refused?.failing).toMatchObject([{ state: "waiting", lastFailure: refusal }]);
    expect(again?.failing).toMatchObject([{ state: "in-flight", lastFailure: refusal }]);
  });

  it("says for how long it was asked to wait, and which process was asked, if it was another", () => {
    const { view, feed, fetch } = setup();
    const [attempt] = fetch(["a"]).filter((effect) => effect.kind === "attempt");
    if (attempt?.kind !== "attempt") throw new Error("no attempt was made");

    feed({ kind: "throttle", forMs: 20_000, by: "p2" });
    expect(view().holds).toEqual([{ kind: "throttled", waitMs: 20_000, toldBy: "p2" }]);

    const result: AttemptResult = { kind: "throttled", status: 429, retryAfterMs: 30_000 };
    feed({ kind: "attempts-ended", ends: [{ delivery: attempt.delivery, result }] });
    expect(view().holds).toEqual([{ kind: "throttled", waitMs: 30_000, toldBy: null }]);
  });

  it("says who has paused it", () => {
    const { view, feed } = setup();

    feed({ kind: "pause", by: "operator", reason: "maintenance" });

    expect(view().holds).toEqual([{ kind: "paused", by: "operator", waitMs: null }]);
  });

  it("says where the breaker stands, and when it asks the target again", () => {
    const { view, fetch, feed, advance } = setup();
    const result: AttemptResult = {
      ...{ kind: "retry", reason: "HTTP_STATUS", status: 503 },
      ...{ ambiguous: true, retryAfterMs: null },
    };
    const before = view().breaker;
    const attempts = fetch(["a", "b", "c", "d", "e"]);
    const ends = attempts.flatMap((effect) =>
      effect.kind === "attempt" ? [{ delivery: effect.delivery, result }] : [],
    );
    feed({ kind: "attempts-ended", ends });
    const opened = view();
    advance(DEFAULTS.breaker.halfOpenAfterMs);
    feed({ kind: "tick" });

    expect(before).toEqual({ stage: "closed", nextProbeMs: null });
    expect(opened.breaker).toEqual({
      stage: "open",
      nextProbeMs: DEFAULTS.breaker.halfOpenAfterMs,
    });
    expect(opened.holds).toMatchObject([{ kind: "breaker-open" }]);
    expect(view().breaker).toEqual({ stage: "half-open", nextProbeMs: null });
  });

  it("says what its rate is", () => {
    const rate = { kind: "limited", perSecond: 200, burst: 200 } as const;

    expect(setup().view().attempts.ratePerSecond).toBeNull();
    expect(setup({ config: { rate } }).view().attempts.ratePerSecond).toBe(200);
  });

  it("names the keys that are set aside, and those that come back", () => {
    const markers = [aside(9, { kind: "deferred", lane: "slow" }), aside(7, { redriveCount: 2 })];
    const { view, feed } = setup({ markers });
    const request = { ...place, key: asRecordKey("k7"), offset: asOffset(7), redriveCount: 2 };
    feed({ kind: "redrive", ...request });

    expect(view().partitions).toMatchObject([
      {
        setAside: { block: 0, deferred: 1, quarantine: 1 },
        setAsideKeys: [
          {
            ...{ kind: "quarantine", key: "k7", offset: "7", redriveCount: 2 },
            ...{ parkedHere: 0, returning: true },
          },
          { kind: "deferred", key: "slow", offset: "9" },
        ],
      },
    ]);
  });

  it("names no key where a whole partition is set aside", () => {
    const config = { order: "partition" } as const;
    const { view } = setup({ config, markers: [aside(7, { kind: "block", lane: "" })] });

    expect(view().partitions[0]?.setAsideKeys).toMatchObject([{ kind: "block", key: null }]);
  });

  it("counts more keys set aside than it names", () => {
    const markers = Array.from({ length: SET_ASIDE_MAX + 1 }, (_, offset) => aside(offset));

    const [partition] = setup({ markers }).view().partitions;

    expect(partition?.setAsideKeys).toHaveLength(SET_ASIDE_MAX);
    expect(partition?.setAsideKeys[0]).toMatchObject({ offset: "0" });
    expect(partition?.setAside.quarantine).toBe(SET_ASIDE_MAX + 1);
  });

  it("shows how far replays have come, by job", () => {
    const elsewhere = replayed("j1", { stage: "elsewhere" });
    const { view } = setup({ replays: [replayed("j1"), elsewhere] });

    expect(view()).toMatchObject({
      jobCount: 1,
      jobs: [{ job: "j1", mode: "repair", wanted: "run" }],
    });
    const range = { topic: "users", partition: 0, from: "10", to: "20" };
    const counts = { sent: 3, skipped: { FILTERED: 1 }, failed: { HTTP_REJECTED: 2 } };
    expect(view().jobs[0]?.parts).toEqual([
      { ...range, stage: "running", progress: { next: "16", ...counts, end: null } },
      { ...range, stage: "elsewhere", progress: null },
    ]);
  });

  it("names jobs that go on before those that have ended, and counts more than it names", () => {
    const old = Array.from({ length: JOBS_MAX }, (_, at) => replayed(`o${at}`, { stage: "ended" }));

    const { jobs, jobCount } = setup({ replays: [...old, replayed("j1")] }).view();

    expect(jobs).toHaveLength(JOBS_MAX);
    expect(jobs[0]).toMatchObject({ job: "j1" });
    expect(jobCount).toBe(JOBS_MAX + 1);
  });
});
