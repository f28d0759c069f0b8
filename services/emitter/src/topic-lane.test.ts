import { describe, expect, it } from "vitest";
import { asTopic, type SinkRecord } from "@millrace/engine";
import { ManualClock } from "../test-support/manual-clock.ts";
import { ScriptedSink } from "../test-support/scripted-sink.ts";
import { PendingEvent } from "./pending-event.ts";
import { TopicLane } from "./topic-lane.ts";

function setup() {
  const sink = new ScriptedSink();
  const clock = new ManualClock();
  const ends = new Map<string, string>();
  const left: string[] = [];
  const lane = new TopicLane("users", {
    sink,
    clock,
    entropy: () => 0,
    left: (event) => left.push(nameOf(event)),
  });
  /** Pushes an event named `<key><n>`; `-` is no key. */
  const push = (name: string, of: { bytes?: number; deadlineAt?: number } = {}): PendingEvent => {
    const [key = "-"] = name;
    const event = new PendingEvent(recordOf(name, key === "-" ? null : Buffer.from(key)), {
      bytes: of.bytes ?? 100,
      deadlineAt: of.deadlineAt ?? 1_000,
      end: {
        acknowledged: (_position, sends) => ends.set(name, `sends ${sends}`),
        failed: ({ code }) => ends.set(name, code),
      },
    });
    lane.push(event);
    return event;
  };
  return { sink, clock, lane, ends, left, push };
}

function recordOf(name: string, key: Uint8Array | null): SinkRecord {
  return { topic: asTopic("users"), key, value: null, headers: { ce_id: Buffer.from(name) } };
}

function nameOf({ record }: PendingEvent): string {
  const id = record.headers["ce_id"];
  return id instanceof Uint8Array ? Buffer.from(id).toString() : "";
}

describe("the lane of a topic", () => {
  it("sends what came in one breath together, and gathers the rest while that is open", async () => {
    const { sink, push } = setup();
    push("a1");
    push("b1");
    const first = await sink.next();
    push("a2");
    push("a3");

    expect(first.ids).toEqual(["a1", "b1"]);
    expect(sink.hasOpen).toBe(false);
    first.acknowledge();
    expect((await sink.next()).ids).toEqual(["a2", "a3"]);
  });

  it("repeats a failed write before anything later, in the same order", async () => {
    const { sink, clock, ends, push } = setup();
    push("a1");
    push("a2");
    const first = await sink.next();
    push("a3");
    first.fail("PRODUCE_FAILED");
    await expect.poll(() => clock.timerCount).toBe(1);
    clock.advance(0);
    const second = await sink.next();

    expect(second.ids).toEqual(["a1", "a2"]);
    second.acknowledge();
    (await sink.next()).acknowledge();
    await expect.poll(() => ends.size).toBe(3);
    expect([...ends]).toEqual([
      ["a1", "sends 2"],
      ["a2", "sends 2"],
      ["a3", "sends 1"],
    ]);
  });

  it("gives up at the deadline, together with the later events of that key only", async () => {
    const { sink, lane, ends, left, push } = setup();
    push("a1", { deadlineAt: 10 });
    const open = await sink.next();
    push("b1", { deadlineAt: 20 });
    push("a2", { deadlineAt: 20 });

    lane.expire(10);

    expect([...ends]).toEqual([
      ["a1", "EMIT_UNACKNOWLEDGED"],
      ["a2", "EMIT_UNACKNOWLEDGED"],
    ]);
    expect(left).toEqual(["a2"]);
    open.acknowledge();
    expect((await sink.next()).ids).toEqual(["b1"]);
    expect(left).toEqual(["a2", "a1"]);
  });

  it("gives up events without a key one by one: nothing orders them", async () => {
    const { lane, ends, push, sink } = setup();
    push("-1", { deadlineAt: 10 });
    push("-2", { deadlineAt: 20 });
    await sink.next();

    lane.expire(10);

    expect([...ends.keys()]).toEqual(["-1"]);
  });

  it("does not repeat what was given up meanwhile", async () => {
    const { sink, clock, lane, left, push } = setup();
    push("a1", { deadlineAt: 10 });
    push("b1", { deadlineAt: 20 });
    (await sink.next()).fail("PRODUCE_FAILED");
    await expect.poll(() => clock.timerCount).toBe(1);
    lane.expire(10);
    expect(left).toEqual([]);
    clock.advance(0);

    expect((await sink.next()).ids).toEqual(["b1"]);
    expect(left).toEqual(["a1"]);
  });

  it("lets only the record fail that can never be written, and keeps the others in order", async () => {
    const { sink, ends, push } = setup();
    for (const name of ["a1", "a2", "bad", "a3", "a4"]) push(name);
    for (let written = 0; written < 4;) {
      const append = await sink.next();
      if (append.ids.includes("bad")) append.fail("PRODUCE_REFUSED");
      else {
        append.acknowledge();
        written += append.ids.length;
      }
    }

    await expect.poll(() => ends.size).toBe(5);
    expect(ends.get("bad")).toBe("PRODUCE_REFUSED");
    expect(sink.log).toEqual(["a1", "a2", "a3", "a4"]);
  });

  it("fails all at once where repeating cannot help", async () => {
    const { sink, ends, push } = setup();
    push("a1");
    push("b1");
    (await sink.next()).fail("TOPIC_MISSING");

    await expect.poll(() => [...ends.values()]).toEqual(["TOPIC_MISSING", "TOPIC_MISSING"]);
    expect(sink.appendCount).toBe(1);
  });

  it("keeps one write below what brokers take as a batch, but sends a larger event alone", async () => {
    const { sink, push } = setup();
    push("a1", { bytes: 600_000 });
    push("a2", { bytes: 600_000 });
    push("a3", { bytes: 2_000_000 });
    push("a4");

    for (const ids of [["a1"], ["a2"], ["a3"], ["a4"]]) {
      const append = await sink.next();
      expect(append.ids).toEqual(ids);
      append.acknowledge();
    }
  });

  it("puts no more than 2,000 events into one write", async () => {
    const { sink, push } = setup();
    for (let n = 0; n < 2_001; n += 1) push(`a${n}`, { bytes: 1 });

    const append = await sink.next();
    append.acknowledge();

    expect(append.ids).toHaveLength(2_000);
    expect((await sink.next()).ids).toEqual(["a2000"]);
  });
});
