import type { RecordPosition } from "@millrace/engine";
import { startStack, type Stack } from "@millrace/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RealWorld } from "../support/kafka-world.ts";
import { RecordingListener } from "../support/recording-listener.ts";
import { until } from "../support/until.ts";

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** What the adapter does when its one broker is silent, gone, or comes back. The tests of this file are one story. */
describe("the Kafka adapter without its broker", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ ephemeral: true });
  });

  afterAll(async () => {
    await stack.stop();
  });

  const newWorld = (): RealWorld => new RealWorld(stack.state.brokers);

  it("fences itself when no heartbeat is acknowledged, and goes on when the broker answers again", async () => {
    const world = newWorld();
    const topic = await world.topic(1);
    const groupId = world.groupId();
    const source = world.source(groupId, [topic]);
    const listener = new RecordingListener(source);
    await source.start(listener);
    const sink = world.sink();
    await sink.append([{ topic, key: null, value: Buffer.from("0"), headers: {} }]);
    await listener.received(1);

    process.kill(stack.state.kafka.pid, "SIGSTOP");
    const frozenAt = performance.now();
    const write = sink.append([{ topic, key: null, value: Buffer.from("1"), headers: {} }]);
    const failed = expect(write).rejects.toMatchObject({ code: "PRODUCE_FAILED" });
    await listener.heard("lost");
    const fencedMs = performance.now() - frozenAt;
    const isProven = source.isProven();
    await failed;
    const failedMs = performance.now() - frozenAt;
    process.kill(stack.state.kafka.pid, "SIGCONT");
    await listener.heard("assigned", 2);
    await sink.append([{ topic, key: null, value: Buffer.from("2"), headers: {} }]);
    await until("the last record", () => textsOf(listener).includes("2"));

    expect(listener.of("lost")[0]?.reason).toContain("no acknowledged heartbeat");
    expect(fencedMs).toBeLessThan(world.sessionMs);
    expect(isProven).toBe(false);
    expect(failedMs).toBeLessThan(13_000);
    expect(listener.assignment.partitions[0]?.isContinued).toBe(false);
  });

  it("waits at the start for a broker that is away, and says so once", async () => {
    const world = newWorld();
    const topic = await world.topic(1);
    await stack.stopKafka("SIGTERM");
    const source = world.source(world.groupId(), [topic]);
    const log = world.stateLog(await Promise.resolve(topic));
    const listener = new RecordingListener(source);

    const start = source.start(listener);
    await until("the complaint", () => world.telemetry.messages("warn").length > 0);
    await stack.startKafka();
    await start;
    const [offset] = await log.append([{ key: "a", value: 1 }]);
    if (offset !== undefined) await log.readTo(offset);

    expect(listener.of("assigned")).toHaveLength(1);
    const complaints = world.telemetry.messages("warn", "error");
    expect(complaints.filter((message) => message.startsWith("group"))).toHaveLength(1);
    expect(world.telemetry.messages("info").some((message) => message.endsWith("again"))).toBe(
      true,
    );
    expect(log.get("a")?.value).toBe(1);
  });

  it("writes what it acknowledges once and in order over a crash of the broker", async () => {
    const world = newWorld();
    const topic = await world.topic(1);
    const sink = world.sink();
    const acknowledged = new Map<number, RecordPosition>();
    let next = 0;
    let isOver = false;
    const write = async (): Promise<void> => {
      while (!isOver) {
        const value = next;
        next += 1;
        const record = {
          topic,
          key: Buffer.from("k"),
          value: Buffer.from(`${value}`),
          headers: {},
        };
        const [position] = await sink.append([record]).catch(() => []);
        if (position !== undefined) acknowledged.set(value, position);
      }
    };
    const writers = Promise.all(numbers(20).map(write));
    await until("writes", () => acknowledged.size > 500);

    const warnings: string[] = [];
    const onWarning = ({ name }: Error): number => warnings.push(name);
    process.on("warning", onWarning);
    await stack.stopKafka("SIGKILL");
    const before = acknowledged.size;
    await stack.startKafka();
    await until("writes again", () => acknowledged.size > before + 500);
    isOver = true;
    await writers;
    process.off("warning", onWarning);
    const texts = (await world.read(topic)).map(({ value }) => Buffer.from(value ?? []).toString());

    for (const [value, { offset }] of acknowledged) {
      expect(texts[offset]).toBe(`${value}`);
      expect(texts.filter((text) => text === `${value}`)).toHaveLength(1);
    }
    expect(warnings).toEqual([]);
    const acknowledgedTexts = texts.filter((text) => acknowledged.has(Number(text)));
    expect(acknowledgedTexts).toEqual([...acknowledgedTexts].sort((a, b) => Number(a) - Number(b)));
  });
});

function textsOf(listener: RecordingListener): readonly string[] {
  return listener.all.map(({ value }) => Buffer.from(value ?? []).toString());
}
