import { describe, expect, it } from "vitest";
import { FAILED, partition, REJECTED, topic } from "../../../testing/engine-bench.ts";
import { JOB, ReplayBench } from "../../../testing/replay-bench.ts";
import type { EngineConfig } from "../config.ts";
import type { Effect } from "../effect.ts";
import { asJob, asOffset, asPartition } from "../lanes/identity.ts";
import { FAILED_LANES_MAX } from "./replay-lanes.ts";
import { REPLAY_COUNT_MAX, REPLAYS_MAX } from "./course.ts";

/** A bench whose live events have been delivered. */
function setup(names: readonly string[], config: Partial<EngineConfig> = {}): ReplayBench {
  const bench = new ReplayBench(config);
  bench.deliver(...names);
  return bench;
}

/** How the events of replays ended, in order. */
function ends(effects: readonly Effect<string>[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== "replayed") return [];
    const { end, delivery } = effect;
    return [`${delivery.payload} ${end.kind === "skipped" ? end.reason : end.kind}`];
  });
}

const owned = (bench: ReplayBench) => {
  const [partition] = bench.state.partitions.values();
  if (partition === undefined) throw new Error("nothing is owned");
  return partition;
};

describe("a replay", () => {
  it("sends the events of its range once more, in order per key, one at a time", () => {
    const { replay, finish, names } = setup(["a1", "a2", "b1", "a3", "b2"]);

    const begun = replay({ from: asOffset(1), to: asOffset(4) });
    expect(names(begun)).toEqual(["a2", "b1"]);
    expect(names(finish("b1"))).toEqual([]);
    expect(names(finish("a2"))).toEqual(["a3"]);
  });

  it("leaves the live group's offsets as they are", () => {
    const bench = setup(["a1", "b1", "a2"]);
    bench.wait(25);
    bench.acknowledge();
    const before = owned(bench).sent;
    const from = bench.world.effects.length;

    bench.replay();
    for (const name of ["a1", "b1", "a2"]) bench.finish(name);
    bench.keepProgress();
    bench.wait(1_000);

    expect(bench.world.effects.slice(from).filter(({ kind }) => kind === "commit")).toEqual([]);
    expect(owned(bench).sent).toEqual(before);
    expect(owned(bench).tracker.nextOffset).toBe(3);
  });

  it("is over only when its last step is written, with everything counted once", () => {
    const bench = setup(["a1", "~", "a2"]);
    bench.replay();
    bench.finish("a1");
    bench.finish("a2");

    expect(bench.replayOf()?.stage).toBe("ending");
    bench.keepProgress();
    const { step, next } = bench.keepProgress();

    expect(step).toMatchObject({
      next: 3,
      end: "done",
      counts: { sent: 2, skipped: { FILTERED: 1 }, failed: {} },
    });
    expect(next.map(({ kind }) => kind)).toEqual(["replay-ended"]);
    expect(bench.replayOf()).toBeUndefined();
  });

  it("changes nothing when it is asked for again", () => {
    const { replay, names } = setup(["a1"]);
    replay();

    expect(names(replay())).toEqual([]);
  });

  it("of an empty range is over at once", () => {
    const bench = setup(["a1"]);
    bench.replay({ to: asOffset(0) });

    expect(bench.keepProgress().step?.end).toBe("done");
  });

  it("counts events of an earlier owner's step once", () => {
    const bench = setup(["a1", "b1", "a2", "c1"]);
    bench.replay();
    bench.finish("b1");
    bench.keepProgress();
    bench.finish("c1");
    const { step } = bench.keepProgress();

    const next = setup(["a1", "b1", "a2", "c1"]);
    expect(next.names(next.replay({ step: step ?? null }))).toEqual(["a1"]);
    expect(next.names(next.finish("a1"))).toEqual(["a2"]);
    next.finish("a2");
    next.keepProgress();
    expect(next.keepProgress().step?.counts.sent).toBe(4);
  });

  it("sends only what the live group has settled, and waits for the rest", () => {
    const bench = setup(["a1"]);
    bench.come("b1", "c1");

    expect(bench.names(bench.replay({ to: asOffset(3) }))).toEqual(["a1"]);
    bench.finish("c1");
    expect(bench.replayOf()?.readTo).toBe(1);
    expect(bench.names(bench.finish("b1"))).toEqual(["b1", "c1"]);
  });

  it("is through where only gaps are left that live never sees", () => {
    const bench = setup(["a1"]);
    bench.replay({ to: asOffset(9) });
    bench.finish("a1");

    const beyond = bench.world.effects.find((effect) => {
      return effect.kind === "read-replay" && effect.reading.from === 1;
    });
    expect(beyond).toMatchObject({ reading: { to: 9, countMax: 1 } });
    expect(bench.keepProgress().step).toMatchObject({ end: "done", next: 9 });
  });

  it("looks no further while live has not settled the next event", () => {
    const bench = setup(["a1"]);
    bench.log.push("a2");
    const readings = () => bench.world.effects.filter(({ kind }) => kind === "read-replay").length;
    bench.replay();
    bench.finish("a1");
    expect(readings()).toBe(2);
    bench.wait(1_000);

    expect(readings()).toBe(2);
    bench.arrive("a2");
    expect(bench.names(bench.finish("a2"))).toEqual(["a2"]);
  });

  it("holds no more than so many events in memory", () => {
    const names = Array.from({ length: 2 * REPLAY_COUNT_MAX }, (_, index) => `-${index}`);
    const bench = setup(names, { concurrencyMax: 1 });
    bench.replay();
    const unsettled = () => bench.replayOf()?.tracker.unsettledCount;

    expect(unsettled()).toBe(REPLAY_COUNT_MAX);
    for (const name of names.slice(0, REPLAY_COUNT_MAX / 2)) bench.finish(name);
    expect(unsettled()).toBe(REPLAY_COUNT_MAX);
    expect(bench.reading()).toMatchObject({
      from: REPLAY_COUNT_MAX,
      countMax: REPLAY_COUNT_MAX / 2,
    });
  });

  it("waits for a seat while as many as may hold events", () => {
    const bench = setup(["a1"]);
    for (let index = 0; index < REPLAYS_MAX; index += 1) bench.replay({ job: asJob(`j${index}`) });
    bench.replay({ job: asJob("last") });

    expect(bench.replayOf(asJob("last"))?.stage).toBe("waiting");
    bench.send({ kind: "replay-steered", job: asJob("j3"), wish: "cancel" });
    expect(bench.replayOf(asJob("last"))?.stage).toBe("running");
  });

  it("leaves its seat to others while it waits for live events", () => {
    const bench = setup(["a1"]);
    bench.log.push("a2");
    for (let index = 0; index < REPLAYS_MAX; index += 1) {
      bench.replay({ job: asJob(`j${index}`), from: asOffset(1) });
    }

    expect(bench.state.replays.seatCount).toBe(0);
    expect(bench.names(bench.replay())).toEqual(["a1"]);
  });

  it("ends with its epoch", () => {
    const bench = setup(["a1", "a2"]);
    bench.replay();
    bench.send({ kind: "fenced" });

    expect(bench.state.replays.all.size).toBe(0);
    expect(bench.state.replays.seatCount).toBe(0);
    expect(bench.names(bench.finish("a1"))).toEqual([]);
  });

  it("goes on with its epoch in the next generation", () => {
    const bench = setup(["a1", "a2"]);
    bench.replay();
    bench.send({ kind: "drain" });
    bench.finish("a1");
    bench.keepProgress();

    expect(bench.names(bench.own(2, "continued"))).toEqual(["a2"]);
  });
});

describe("a replay beside live events", () => {
  it("calls no key that a live event is calling", () => {
    const bench = setup(["a1", "b1"]);
    bench.come("a2");

    expect(bench.names(bench.replay({ to: asOffset(2) }))).toEqual(["b1"]);
    expect(bench.names(bench.finish("a2"))).toEqual(["a1"]);
  });

  it("lets live events of a key wait for its call, and go between its own", () => {
    const bench = setup(["a1", "a2"]);
    bench.replay();

    expect(bench.names(bench.come("a3", "b1"))).toEqual(["b1"]);
    expect(bench.names(bench.finish("a1"))).toEqual(["a3"]);
    expect(bench.names(bench.finish("a3"))).toEqual(["a2"]);
  });

  it("has one turn for four live ones while both wait", () => {
    const old = Array.from({ length: 10 }, (_, index) => `-old${index}`);
    const bench = setup(old, { concurrencyMax: 1 });
    const live = Array.from({ length: 10 }, (_, index) => `-new${index}`);
    bench.come(...live);
    const order: string[] = ["-new0"];
    bench.replay({ to: asOffset(10) });
    for (let index = 0; index < 11; index += 1) {
      order.push(...bench.names(bench.finish(order.at(-1) ?? "")));
    }

    expect(order.map((name) => name.slice(1, 4)).join(" ")).toBe(
      "new new new new new old new new new new old new",
    );
  });

  it("has every turn while nothing live waits", () => {
    const bench = setup(["-1", "-2", "-3"], { concurrencyMax: 2 });

    expect(bench.names(bench.replay())).toEqual(["-1", "-2"]);
    expect(bench.names(bench.finish("-1"))).toEqual(["-3"]);
  });

  it("has its turn in a key that live events never leave alone", () => {
    const bench = setup(["a1", "b1", "b2", "b3", "b4", "b5", "b6"]);
    bench.come(...Array.from({ length: 12 }, (_, index) => `a-live${index}`));
    bench.replay({ to: asOffset(7) });
    const begun: string[] = [];
    for (let index = 0; index < 6; index += 1) {
      // Another key of the job has its turn after each live event.
      bench.finish(`b${index + 1}`);
      begun.push(...bench.names(bench.finish(begun.at(-1) ?? "a-live0")).slice(0, 1));
    }

    expect(begun).toContain("a1");
  });

  it("is held like live events by a pause, and by an open breaker", () => {
    const bench = setup(["a1", "b1"]);
    bench.send({ kind: "pause", by: "operator", reason: "" });

    expect(bench.names(bench.replay())).toEqual([]);
    const resumed = bench.send({ kind: "resume", by: "operator" });
    expect(bench.names(bench.read(resumed))).toEqual(["a1", "b1"]);
  });

  it("retries in place, with the share of slots that retries have", () => {
    const bench = setup(["a1", "a2"]);
    bench.replay();
    bench.finish("a1", FAILED);

    expect(bench.names(bench.wait(1_000))).toEqual(["a1"]);
    expect(bench.state.retryInFlightCount).toBe(1);
    expect(bench.names(bench.finish("a1"))).toEqual(["a2"]);
    expect(bench.state.retryInFlightCount).toBe(0);
  });
});

describe("an event of a replay that fails for good", () => {
  it("counts as failed, writes no dead letter and sets no key aside", () => {
    const bench = setup(["a1", "b1"]);
    const from = bench.world.effects.length;
    bench.replay();

    expect(ends(bench.finish("a1", REJECTED))).toEqual(["a1 failed"]);
    const since = bench.world.effects.slice(from).map(({ kind }) => kind);
    expect(since).not.toContain("dead-letter");
    expect(owned(bench).aside.size).toBe(0);
    expect(bench.state.flood.deadCount).toBe(0);
    expect(bench.names(bench.come("a2"))).toEqual(["a2"]);
  });

  it("lets no later event of its key follow in the job, nor in its next owner's", () => {
    const bench = setup(["a1", "b1", "a2", "a3"]);
    bench.replay();

    expect(ends(bench.finish("a1", REJECTED))).toEqual([
      "a1 failed",
      "a2 KEY_FAILED",
      "a3 KEY_FAILED",
    ]);
    bench.keepProgress();
    const step = { ...bench.keepProgress().step, next: asOffset(2), done: "" };
    expect(step.failedLanes).toEqual(["a"]);
  });

  it("is followed by the next one where dead letters are skipped", () => {
    const bench = setup(["a1", "a2"], { onDeadLetter: "skip" });
    bench.replay();

    expect(bench.names(bench.finish("a1", REJECTED))).toEqual(["a2"]);
  });

  it("fails in its turn when no call can be made of it", () => {
    const bench = new ReplayBench({ onDeadLetter: "skip" });
    const begun = bench.come("a1", "a2!", "a3");
    expect(bench.names(begun)).toEqual(["a1"]);
    bench.answer(bench.end("a1"));
    bench.end("a3");
    bench.replay();

    expect(ends(bench.finish("a1"))).toEqual(["a1 sent", "a2! failed"]);
  });

  it("ends the job when too many keys have failed", () => {
    const names = Array.from({ length: FAILED_LANES_MAX + 9 }, (_, index) =>
      String.fromCodePoint(0x4e00 + index),
    );
    const bench = setup(names, { concurrencyMax: 1 });
    bench.replay();
    for (const name of names.slice(0, FAILED_LANES_MAX + 1)) bench.finish(name, REJECTED);

    expect(bench.replayOf()?.stage).toBe("ending");
    bench.keepProgress();
    expect(bench.keepProgress().step).toMatchObject({
      end: "too-many-keys-failed",
      counts: { failed: { HTTP_REJECTED: FAILED_LANES_MAX + 1 } },
    });
  });
});

describe("a replay of a key that is set aside", () => {
  it("skips it while it is in quarantine", () => {
    const bench = setup(["a1", "b1"]);
    bench.come("a2");
    bench.answer(bench.answer(bench.end("a2", REJECTED)));
    expect(owned(bench).aside.has("a")).toBe(true);

    expect(ends(bench.replay({ to: asOffset(2) }))).toEqual(["a1 KEY_SET_ASIDE"]);
  });

  it("sends nothing of it behind what it skipped until that is written: its next owner may send that", () => {
    const bench = setup(["a1", "a2", "a3"]);
    bench.come("a4");
    bench.answer(bench.answer(bench.end("a4", REJECTED)));
    bench.pageCount = 1;
    const readOn = () => bench.find(bench.reading());
    const plan = { kind: "replay", job: JOB, mode: "repair", topic, partition } as const;
    const range = { from: asOffset(0), to: asOffset(3) };
    bench.send({ ...plan, ...range, wish: "run", step: null });
    expect(ends(readOn())).toEqual(["a1 KEY_SET_ASIDE"]);

    owned(bench).aside.delete("a");
    const second = readOn();
    expect(ends(second)).toEqual(["a2 KEY_SET_ASIDE"]);
    expect(second.map(({ kind }) => kind)).not.toContain("read-replay");
    bench.keepProgress();
    bench.keepProgress();
    expect(bench.names(readOn())).toEqual(["a3"]);
  });

  it("skips what is left of it when the quarantine comes while it waits", () => {
    const bench = setup(["a1", "a2"], { concurrencyMax: 1 });
    bench.come("a3");
    bench.replay({ to: asOffset(2) });

    const marked = bench.answer(bench.end("a3", REJECTED));
    const after = bench.answer(marked);
    expect(ends([...marked, ...after])).toEqual([]);
    expect(ends(bench.finish("a1"))).toEqual(["a1 sent", "a2 KEY_SET_ASIDE"]);
  });
});

describe("a replay that is steered", () => {
  it("begins nothing while it is paused, and goes on where it was", () => {
    const bench = setup(["a1", "a2", "b1"]);
    bench.replay();
    bench.send({ kind: "replay-steered", job: JOB, wish: "pause" });

    expect(bench.replayOf()?.stage).toBe("stopping");
    bench.finish("b1");
    expect(bench.names(bench.finish("a1"))).toEqual([]);
    expect(bench.replayOf()).toMatchObject({ stage: "waiting", unsettledBytes: 0 });

    const resumed = bench.send({ kind: "replay-steered", job: JOB, wish: "run" });
    expect(bench.names(bench.read(resumed))).toEqual(["a2"]);
  });

  it("takes a reading that comes after a pause for nothing", () => {
    const bench = setup(["a1"]);
    bench.send({
      ...{ kind: "replay", job: JOB, mode: "repair", wish: "run", step: null },
      ...{ topic: owned(bench).topic, partition: asPartition(0) },
      ...{ from: asOffset(0), to: asOffset(1) },
    });
    const reading = bench.reading();
    bench.send({ kind: "replay-steered", job: JOB, wish: "pause" });

    expect(bench.names(bench.find(reading))).toEqual([]);
    const resumed = bench.send({ kind: "replay-steered", job: JOB, wish: "run" });
    expect(bench.names(bench.read(resumed))).toEqual(["a1"]);
  });

  it("ends when it is cancelled, once what is in flight has ended", () => {
    const bench = setup(["a1", "a2", "a3"]);
    bench.replay();
    bench.send({ kind: "replay-steered", job: JOB, wish: "cancel" });
    bench.send({ kind: "replay-steered", job: JOB, wish: "run" });

    expect(bench.names(bench.finish("a1", FAILED))).toEqual([]);
    const { step } = bench.keepProgress();
    expect(step).toMatchObject({ end: "cancelled", next: 0, counts: { sent: 0 } });
    expect(bench.names(bench.wait(60_000))).toEqual([]);
  });
});

describe("a replay whose range has left the log", () => {
  it("sends what it holds, and ends with the count of what is gone", () => {
    const bench = setup(["a1", "b1", "a2", "b2"]);
    bench.pageCount = 1;
    const [effect] = bench.send({
      ...{ kind: "replay", job: JOB, mode: "repair", wish: "run", step: null },
      ...{ topic: owned(bench).topic, partition: asPartition(0) },
      ...{ from: asOffset(0), to: asOffset(4) },
    });
    expect(effect?.kind).toBe("read-replay");
    bench.find(bench.reading());
    const ends = { logStartOffset: asOffset(3), logEndOffset: asOffset(4) };
    bench.send({
      kind: "replay-failed",
      reading: bench.reading(),
      failure: { kind: "gone", ...ends },
    });

    expect(bench.replayOf()?.stage).toBe("running");
    bench.end("a1");
    bench.keepProgress();
    expect(bench.keepProgress().step).toMatchObject({
      end: "range-gone",
      next: 1,
      counts: { sent: 1, failed: { RANGE_GONE: 2 } },
    });
  });
});
