import { describe, expect, it } from "vitest";

import { settled, setupDriver } from "../../testing/driver-bench.ts";
import type { AttemptResult } from "../core/lanes/attempt-result.ts";
import type { EngineConfig } from "../core/config.ts";
import { MillraceError } from "../errors.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const UNAVAILABLE: AttemptResult = {
  kind: "retry",
  reason: "HTTP_STATUS",
  status: 503,
  ambiguous: true,
  retryAfterMs: null,
};

describe("spans", () => {
  it("lead from the record to each attempt in one trace", async () => {
    const bench = await bundle();
    await bench.fetch(["a:1"]);
    await bench.fail();
    await bench.succeed();

    const [process, first, second] = bench.telemetry.spans;
    expect(process?.parent?.traceparent).toBe(`00-${TRACE}-b7ad6b7169203331-01`);
    expect(first?.parent).toEqual(process?.context);
    expect(second?.parent).toEqual(process?.context);
    expect(bench.sender.calls.map(({ request }) => request.traceparent)).toEqual([
      first?.context.traceparent,
      second?.context.traceparent,
    ]);
    expect(bench.telemetry.spans.map(({ endCount }) => endCount)).toEqual([1, 1, 1]);
  });

  it("carry the attributes of OpenTelemetry's conventions and no path", async () => {
    const bench = await bundle();
    await bench.fetch(["a:1"]);
    await bench.fail();
    await bench.succeed();

    const [process, first, second] = bench.telemetry.spans;
    expect(process).toMatchObject({
      name: "process users",
      kind: "consumer",
      error: undefined,
      attributes: {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "users",
        "messaging.destination.partition.id": "0",
        "messaging.consumer.group.name": "shop.crm",
        "messaging.kafka.offset": 0,
        "messaging.message.id": "id-0",
        "millrace.target": "crm",
      },
    });
    expect(first).toMatchObject({
      name: "PUT",
      kind: "client",
      error: "503",
      set: { "http.response.status_code": 503 },
    });
    expect(first?.attributes).toEqual({
      "http.request.method": "PUT",
      "server.address": "api.example.com",
      "server.port": 8443,
      "url.scheme": "https",
      "millrace.target": "crm",
    });
    expect(second?.attributes).toMatchObject({ "http.request.resend_count": 1 });
    expect(second).toMatchObject({ error: undefined, set: { "http.response.status_code": 204 } });
  });

  it("end with their epoch", async () => {
    const bench = await bundle();
    await bench.fetch(["a:1"]);

    bench.driver.lost("no heartbeat");
    await settled();

    expect(bench.telemetry.spans.map(({ error }) => error)).toEqual(["EPOCH_ENDED", "abandoned"]);
  });
});

describe("log lines", () => {
  it("say of a failed attempt what, where and in which trace", async () => {
    const bench = await bundle();
    await bench.fetch(["a:1"]);
    await bench.fail();

    expect(bench.telemetry.lines.at(-1)).toMatchObject({
      level: "info",
      message: "attempt failed",
      fields: {
        target: "crm",
        eventId: "id-0",
        source: "urn:test",
        type: "users.ProfileUpdated",
        topic: "users",
        partition: 0,
        offset: 0,
        attempt: 1,
        traceId: TRACE,
        outcome: "retry",
        error: "HTTP_STATUS",
        status: 503,
      },
    });
  });

  it("of failed attempts are bounded while a target is down; metrics count them all", async () => {
    const bench = await bundle({ concurrencyMax: 300 });
    await bench.fetch(Array.from({ length: 150 }, (_, index) => `key-${index}:1`));
    while (bench.sender.open.length > 0) await bench.failOpen();

    const failures = bench.telemetry.lines.filter(({ message }) => message === "attempt failed");
    expect(bench.telemetry.valuesOf("millrace.delivery.attempts")).toHaveLength(150);
    expect(failures).toHaveLength(100);
  });

  it("say that it drains, why, and how many attempts are open", async () => {
    const bench = await bundle();
    await bench.fetch(["a:1", "b:2"]);

    const drained = bench.driver.draining("rebalance", 45_000);
    const told = bench.telemetry.lines.at(-1);
    await bench.succeed();
    await bench.succeed();
    await drained;

    expect(told).toMatchObject({
      level: "info",
      message: "draining",
      fields: { target: "crm", reason: "rebalance", inFlight: 2 },
    });
  });

  it("complain of a port that fails once, not for each try", async () => {
    const bench = await bundle();
    bench.source.onCommit = () =>
      Promise.reject(new MillraceError("COMMIT_FAILED", "brokers are away"));
    await bench.fetch(["a:skip"]);

    await bench.clock.advance(9_000);
    const complaints = bench.telemetry.lines.filter(({ level }) => level === "warn");

    expect(bench.source.commits.length).toBeGreaterThan(5);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatchObject({ fields: { error: "brokers are away" } });
  });
});

describe("metrics", () => {
  it("count attempts, ends and dead letters by target, never by key or offset", async () => {
    const bench = await bundle();
    await bench.fetch(["a:1", "b:skip", "c:bad"]);
    await bench.fail();
    await bench.succeed();

    const { telemetry } = bench;
    expect(telemetry.valuesOf("millrace.delivery.attempts")).toEqual([
      { value: 1, labels: { target: "crm", outcome: "retry", status_class: "5xx" } },
      { value: 1, labels: { target: "crm", outcome: "delivered", status_class: "2xx" } },
    ]);
    const outcomes = telemetry.valuesOf("millrace.delivery.events").map(({ labels }) => labels);
    expect(outcomes).toEqual([
      { target: "crm", outcome: "skipped" },
      { target: "crm", outcome: "dead_lettered" },
      { target: "crm", outcome: "delivered" },
    ]);
    expect(telemetry.valuesOf("millrace.dlq.messages")).toEqual([
      { value: 1, labels: { target: "crm", reason: "DECODE_FAILED" } },
    ]);
  });

  it("show lag and its age also of records that wait outside the engine", async () => {
    const bench = await bundle();
    bench.preparer.isRegistryUp = false;
    await bench.fetch(["schema:9", "b:2"]);
    await bench.clock.advance(60_000);

    expect(bench.telemetry.valuesOf("millrace.consumer.lag")[0]?.value).toBe(2);
    expect(
      bench.telemetry.valuesOf("millrace.consumer.lag.age.seconds")[0]?.value,
    ).toBeGreaterThanOrEqual(60);
  });

  it("show the age of the oldest record that is not settled", async () => {
    const bench = await bundle();
    const age = (): number | undefined =>
      bench.telemetry.valuesOf("millrace.consumer.lag.age.seconds")[0]?.value;
    await bench.fetch(["a:1"]);
    const fetchedAt = age() ?? 0;
    await bench.clock.advance(60_000);
    const laterAt = age() ?? 0;
    await bench.succeed();

    expect(laterAt - fetchedAt).toBe(60);
    expect(age()).toBe(0);
  });

  it("tell how long an event took from its record to its delivery, and nothing of one that was given up", async () => {
    const bench = await bundle();
    await bench.fetch(["a:1", "c:bad"]);
    const before = bench.telemetry.valuesOf("millrace.consumer.lag.age.seconds")[0]?.value ?? 0;
    await bench.clock.advance(2_000);
    await bench.succeed();

    expect(bench.telemetry.valuesOf("millrace.delivery.latency.seconds")).toEqual([
      { value: before + 2, labels: { target: "crm" } },
    ]);
  });

  it("end their gauges with the driver", async () => {
    const bench = await bundle();

    await bench.driver.stop();

    expect(bench.telemetry.gauges.size).toBe(0);
  });
});

async function bundle(engine: Partial<EngineConfig> = {}) {
  const bench = await setupDriver(engine);
  const end = async (result: Parameters<(typeof bench.sender.calls)[0]["end"]>[0]) => {
    bench.sender.open[0]?.end(result);
    await bench.clock.advance(0);
  };
  return {
    driver: bench.driver,
    clock: bench.clock,
    source: bench.source,
    preparer: bench.preparer,
    sender: bench.sender,
    telemetry: bench.telemetry,
    fetch: (texts: readonly string[]) => bench.fetch(texts),
    /** The open attempt gets 503; the next has begun when this resolves. */
    fail: async () => {
      await end(UNAVAILABLE);
      await bench.clock.advance(500);
    },
    /** All open attempts get 503, and no time passes. */
    failOpen: async () => {
      for (const call of [...bench.sender.open]) call.end(UNAVAILABLE);
      await bench.clock.advance(0);
    },
    succeed: () => end({ kind: "delivered", status: 204 }),
  };
}
