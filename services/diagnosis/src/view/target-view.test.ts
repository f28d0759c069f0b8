import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  createState,
  DEFAULTS,
  step,
  type AttemptResult,
  type EngineState,
  type Input,
  type NewRecord,
  type PreparedEvent,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
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

/** An engine that a test feeds; attempts are ended as it says. */
function setup() {
  const state: EngineState<PreparedEvent> = createState(DEFAULTS, 0);
  let now = 0;
  const feed = (input: Input<PreparedEvent>) =>
    step(state, input, { now, wallNow: now, entropy: 7 });
  const assigned = {
    ...{ kind: "taken" as const, ...place, epoch: asEpoch(3), markers: [] },
    ...{ committed: { offset: asOffset(0), metadata: "" }, logEndOffset: asOffset(0) },
  };
  feed({ kind: "assigned", generation: 1, partitions: [assigned], partitionCount: 2 });
  const view = (): TargetView =>
    viewTarget(
      { name: "crm", group: "ns.crm", process: "p1", state, halts: [] },
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

  it("says who has paused it", () => {
    const { view, feed } = setup();

    feed({ kind: "pause", by: "operator", reason: "maintenance" });

    expect(view().holds).toEqual([{ kind: "paused", by: "operator", waitMs: null }]);
  });
});
