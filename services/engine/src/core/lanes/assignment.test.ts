import { describe, expect, it } from "vitest";

import {
  FAILED,
  kinds,
  partition,
  setup,
  throttled,
  topic,
} from "../../../testing/engine-bench.ts";

describe("rebalances", () => {
  it("drains: starts nothing, waits for what is open, commits, then says so", () => {
    const { arrive, send, end, acknowledge, lastCommit } = setup();
    arrive("a1", "a2");
    expect(send({ kind: "drain" }).map((effect) => effect.kind)).not.toContain("drained");

    const effects = end("a1");

    expect(effects.map((effect) => effect.kind)).toContain("commit");
    expect(effects.map((effect) => effect.kind)).not.toContain("attempt");
    expect(lastCommit()).toMatchObject({ offset: 1 });
    expect(acknowledge().map((effect) => effect.kind)).toContain("drained");
  });

  it("goes on where it stood with a partition it keeps", () => {
    const { arrive, send, end, own, names, acknowledge } = setup();
    arrive("a1", "a2");
    send({ kind: "drain" });
    end("a1");
    acknowledge();

    expect(names(own(2, "continued"))).toEqual(["a2"]);
  });

  it("begins with one call of the rate where it keeps no partition: another owner may have used the burst", () => {
    const rate = { kind: "limited", perSecond: 10, burst: 4 } as const;
    const { arrive, wait, own, names, world } = setup({ rate });
    wait(10_000);
    own(2);
    world.offset = 0;

    expect(names(arrive("a1", "b1", "c1"))).toEqual(["a1"]);
  });

  it("drops what an ended epoch still produces", () => {
    const { arrive, send, end, state, lastCommit } = setup();
    arrive("a1", "b1");
    send({ kind: "fenced" });

    expect(end("a1")).toEqual([]);
    expect(state.inFlightCount).toBe(1);
    expect(lastCommit()).toBeUndefined();
  });

  it("sends again what a fence left open, once it owns the partition anew", () => {
    const { arrive, send, own, names, world } = setup();
    arrive("a1");
    send({ kind: "fenced" });
    expect(names(own(3))).toEqual([]);
    world.offset = 0;

    expect(names(arrive("a1"))).toEqual(["a1"]);
  });

  it("ends a drain although the last commit was fenced", () => {
    const { arrive, send, end, lastCommit } = setup();
    arrive("a1");
    send({ kind: "drain" });
    end("a1");

    const id = lastCommit()?.id ?? -1;
    expect(kinds(send({ kind: "commit-failed", id, isFenced: true }))).toContain("drained");
  });

  it("begins no dead letter in a drain and takes it up after", () => {
    const { arrive, send, end, acknowledge, own } = setup();
    arrive("a1", "a!");
    send({ kind: "drain" });

    expect(kinds(end("a1"))).not.toContain("dead-letter");
    expect(kinds(acknowledge())).toContain("drained");
    expect(kinds(own(2, "continued"))).toContain("dead-letter");
  });

  it("ends a drain without a dead letter that cannot be written, and writes it after", () => {
    const { arrive, send, end, open, own } = setup();
    arrive("a1", "a2");
    end("a1", { kind: "rejected", reason: "HTTP_REJECTED", status: 422 });
    send({ kind: "drain" });

    const effects = send({ kind: "dead-letters-failed", deliveries: [open("a1")] });

    expect(kinds(effects)).toContain("drained");
    expect(kinds(own(2, "continued"))).toContain("dead-letter");
  });

  it("ends the epoch of what is not continued before the next generation begins", () => {
    const { arrive, send, end, state } = setup();
    arrive("a1", "a2");
    send({ kind: "revoked", partitions: [{ topic, partition }] });

    expect(end("a1")).toEqual([]);
    expect(state.partitions.size).toBe(0);
    expect(state.membership).toBe("active");
  });

  it("keeps nothing of an ended epoch in its queues", () => {
    const { arrive, end, send, state } = setup({ concurrencyMax: 2 });
    arrive("a1", "b1", "c1", "d1");
    end("a1", FAILED);
    end("b1", throttled(900_000));
    send({ kind: "fenced" });

    expect([state.ready.length, state.retries.length, state.waiting.length]).toEqual([0, 0, 0]);
  });

  it("drops a dead letter that is acknowledged after its epoch", () => {
    const { arrive, end, send, open, state } = setup();
    arrive("a1");
    end("a1", { kind: "rejected", reason: "HTTP_REJECTED", status: 422 });
    send({ kind: "fenced" });

    expect(send({ kind: "dead-letters-written", deliveries: [open("a1")] })).toEqual([]);
    expect(state.writingCount).toBe(0);
  });

  it("saves up no rate while its membership is lost", () => {
    const rate = { kind: "limited", perSecond: 10, burst: 10 } as const;
    const { arrive, own, send, names, wait, world } = setup({ rate });
    wait(1_000);
    send({ kind: "fenced" });
    wait(60_000);
    own(2);
    world.offset = 0;

    expect(names(arrive("a1", "b1", "c1"))).toEqual(["a1"]);
  });

  it("uses its share of the rate by the partitions it owns", () => {
    const rate = { kind: "limited", perSecond: 10, burst: 10 } as const;
    const { arrive, send, names, wait } = setup({ rate });
    wait(1_000);
    const continued = { kind: "continued", topic, partition } as const;
    send({ kind: "assigned", generation: 2, partitions: [continued], partitionCount: 5 });

    expect(names(arrive("a1", "b1", "c1", "d1"))).toHaveLength(2);
    expect(names(wait(499))).toEqual([]);
    expect(names(wait(1))).toHaveLength(1);
  });
});
