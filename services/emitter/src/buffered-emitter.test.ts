import { describe, expect, it } from "vitest";
import {
  MillraceError,
  type Span,
  type SpanOptions,
  type Telemetry,
  NO_TELEMETRY,
} from "@millrace/engine";
import {
  createEncoder,
  DEFAULT_CATALOG_PATH,
  loadCatalog,
  type Catalog,
  type EventContracts,
  type EventMap,
} from "@millrace/schemas";
import { ManualClock } from "../test-support/manual-clock.ts";
import { headerOf, ScriptedSink } from "../test-support/scripted-sink.ts";
import { BufferedEmitter } from "./buffered-emitter.ts";
import { problemsOf } from "./emit-error.ts";
import type { Emitter } from "./emitter.ts";
import { resolveLimits, type EmitterLimits } from "./options.ts";

const catalog: Catalog = await loadCatalog(DEFAULT_CATALOG_PATH);
const ids = new Map([...catalog.types.keys()].map((type, index) => [type, index + 1]));
const CHANGED = "users.PasswordChanged";
const changed = (userId = "u1") => ({ userId, changedAt: 0 });

interface SetupOptions extends Partial<EmitterLimits> {
  readonly telemetry?: Telemetry;
  readonly source?: string | null;
}

function setup(options: SetupOptions = {}) {
  const sink = new ScriptedSink();
  const clock = new ManualClock();
  const emitter = new BufferedEmitter<EventContracts>({
    catalog,
    encoder: createEncoder(catalog, ids, { registryUrl: "http://registry" }),
    sink,
    clock,
    entropy: () => 0,
    telemetry: options.telemetry ?? NO_TELEMETRY,
    limits: resolveLimits(options),
    source: options.source === undefined ? "/tests" : options.source,
  });
  return { sink, clock, emitter };
}

/** The error a promise is rejected with. */
async function errorOf(promise: Promise<unknown>): Promise<MillraceError> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (error instanceof MillraceError) return error;
  return expect.fail("it was not rejected with a MillraceError");
}

describe("an emitter", () => {
  it("gives a receipt when the sink acknowledged, with the ids and times the caller gave", async () => {
    const { sink, emitter } = setup();
    const attributes = { id: "e1", time: "2026-01-02T03:04:05Z", subject: "s", key: "k" };
    const receipt = emitter.emit(CHANGED, changed(), attributes);
    const append = await sink.next();
    append.acknowledge();

    expect(await receipt).toEqual({
      id: "e1",
      source: "/tests",
      type: CHANGED,
      topic: "users",
      partition: 0,
      offset: 0,
      sends: 1,
    });
    const [record] = append.records;
    expect(record?.key?.toString()).toBe("k");
    expect(headerOf(record, "ce_time")).toBe("2026-01-02T03:04:05Z");
    expect(headerOf(record, "ce_subject")).toBe("s");
    expect(headerOf(record, "ce_dataschema")).toBe("http://registry/schemas/ids/3");
  });

  it("makes UUIDv7 ids and takes the key from the data where none is given", async () => {
    const { sink, emitter } = setup();
    void emitter.emit(CHANGED, changed("u7"));
    const { records, ids: made } = await sink.next();

    expect(made[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/u);
    expect(records[0]?.key?.toString()).toBe("u7");
  });

  it("refuses what does not fit the schema, with pointers, and sends nothing", async () => {
    const { sink, emitter } = setup();
    const error = await errorOf(emitter.emit(CHANGED, { userId: 7, extra: 1 }));

    expect([error.code, error.retryable]).toEqual(["EMIT_INVALID", false]);
    expect(problemsOf(error).map(({ pointer }) => pointer)).toEqual([
      "/data/extra",
      "/data/userId",
      "/data/changedAt",
    ]);
    expect(sink.appendCount).toBe(0);
  });

  it("names the type that was probably meant", async () => {
    const { emitter } = setup();
    const error = await errorOf(emitter.emit("users.PasswordChange", {}));

    expect(error.code).toBe("EMIT_UNKNOWN_TYPE");
    expect(error.message).toContain("did you mean users.PasswordChanged?");
  });

  it("needs a source from somewhere", async () => {
    const { emitter } = setup({ source: null });
    const error = await errorOf(emitter.emit(CHANGED, changed()));

    expect(problemsOf(error)).toMatchObject([{ pointer: "/source" }]);
  });

  it("refuses an event of one byte beyond the limit, and takes one at it", async () => {
    const { sink, emitter } = setup({ eventBytesMax: 100_000 });
    const named = (length: number) =>
      emitter.emit(
        "users.ProfileUpdated",
        { userId: "u", display_name: "x".repeat(length), email: "" },
        { id: "e", time: "2026-01-02T03:04:05Z" },
      );
    const error = await errorOf(named(100_000));
    const over = Number(error.details["bytes"]) - 100_000;
    void named(100_000 - over);

    expect(error.code).toBe("EMIT_TOO_LARGE");
    expect((await errorOf(named(100_000 - over + 1))).code).toBe("EMIT_TOO_LARGE");
    expect((await sink.next()).ids).toEqual(["e"]);
  });
});

describe("a batch", () => {
  it("gives receipts in its order, whatever their keys", async () => {
    const { sink, emitter } = setup();
    const receipts = emitter.emitBatch([
      { type: CHANGED, data: changed("u1"), id: "e1" },
      { type: CHANGED, data: changed("u2"), id: "e2" },
    ]);
    (await sink.next()).acknowledge();

    expect((await receipts).map(({ id, offset }) => [id, offset])).toEqual([
      ["e1", 0],
      ["e2", 1],
    ]);
  });

  it("is refused whole, with every problem of every event under its index", async () => {
    const { sink, emitter } = setup();
    const error = await errorOf(
      emitter.emitBatch([
        { type: CHANGED, data: changed() },
        { type: CHANGED, data: { userId: 1 } },
        { type: "users.Nothing", data: {} },
      ]),
    );

    expect(error.code).toBe("EMIT_INVALID");
    expect(problemsOf(error).map(({ pointer }) => pointer)).toEqual([
      "/1/data/userId",
      "/1/data/changedAt",
      "/2/type",
    ]);
    expect(sink.appendCount).toBe(0);
  });

  it("of nothing is nothing to do", async () => {
    expect(await setup().emitter.emitBatch([])).toEqual([]);
  });

  it("that can never fit the buffer is too large, not full", async () => {
    const { emitter } = setup({ bufferEventsMax: 1 });
    const event = { type: CHANGED, data: changed() } as const;

    expect((await errorOf(emitter.emitBatch([event, event]))).code).toBe("EMIT_TOO_LARGE");
  });
});

describe("an emitter that cannot write", () => {
  it("says after its deadline which ids to emit again", async () => {
    const { sink, clock, emitter } = setup({ timeoutMs: 1_000 });
    const receipt = errorOf(emitter.emit(CHANGED, changed()));
    const { ids: sent } = await sink.next();
    clock.advance(1_000);

    const error = await receipt;
    expect([error.code, error.retryable]).toEqual(["EMIT_UNACKNOWLEDGED", true]);
    expect(error.details).toMatchObject({ ids: sent, unacknowledged: [0] });
  });

  it("tells which part of a batch is acknowledged", async () => {
    const { sink, clock, emitter } = setup({ timeoutMs: 1_000 });
    const [user, order] = [
      { type: CHANGED, data: changed(), id: "u" },
      {
        type: "orders.OrderCancelled",
        data: { orderId: "o", reason: "CUSTOMER" },
        id: "o",
      },
    ];
    const receipts = errorOf(emitter.emitBatch([user, order]));
    const appends = [await sink.next(), await sink.next()];
    appends.find(({ ids: sent }) => sent.includes("u"))?.acknowledge();
    await expect.poll(() => sink.log).toEqual(["u"]);
    clock.advance(1_000);

    expect((await receipts).details).toMatchObject({ ids: ["u", "o"], unacknowledged: [1] });
  });

  it("makes callers wait for room, in order", async () => {
    const { sink, emitter } = setup({ bufferEventsMax: 1 });
    void emitter.emit(CHANGED, changed(), { id: "e1" });
    void emitter.emit(CHANGED, changed(), { id: "e2" });
    const first = await sink.next();

    expect(sink.hasOpen).toBe(false);
    first.acknowledge();
    expect((await sink.next()).ids).toEqual(["e2"]);
  });

  it("lets no more wait than it holds", async () => {
    const { emitter } = setup({ bufferEventsMax: 1 });
    void emitter.emit(CHANGED, changed());
    void emitter.emit(CHANGED, changed());

    const error = await errorOf(emitter.emit(CHANGED, changed()));
    expect([error.code, error.retryable]).toEqual(["EMIT_BUFFER_FULL", true]);
  });

  it("rejects at once where it was told to", async () => {
    const { sink, emitter } = setup({ bufferEventsMax: 1, onFull: "reject" });
    void emitter.emit(CHANGED, changed(), { id: "e1" });

    expect((await errorOf(emitter.emit(CHANGED, changed()))).code).toBe("EMIT_BUFFER_FULL");
    expect((await sink.next()).ids).toEqual(["e1"]);
  });

  it("gives up waiting for room at the deadline", async () => {
    const { sink, clock, emitter } = setup({ bufferEventsMax: 1, timeoutMs: 1_000 });
    const first = errorOf(emitter.emit(CHANGED, changed()));
    await sink.next();
    const second = errorOf(emitter.emit(CHANGED, changed()));
    clock.advance(1_000);

    expect((await first).code).toBe("EMIT_UNACKNOWLEDGED");
    expect((await second).code).toBe("EMIT_BUFFER_FULL");
  });

  it("keeps no timer once nothing is open", async () => {
    const { sink, clock, emitter } = setup();
    const receipt = emitter.emit(CHANGED, changed());
    (await sink.next()).acknowledge();
    await receipt;

    expect(clock.timerCount).toBe(0);
  });
});

describe("an emitter typed by a catalog", () => {
  it("takes the catalog's types and their data only", async () => {
    const typed: Emitter<EventMap> = setup().emitter;
    // @ts-expect-error -- no such type
    const unknown = errorOf(typed.emit("users.Nothing", {}));
    // @ts-expect-error -- `changedAt` is missing
    const incomplete = errorOf(typed.emit(CHANGED, { userId: "u1" }));

    expect((await unknown).code).toBe("EMIT_UNKNOWN_TYPE");
    expect((await incomplete).code).toBe("EMIT_INVALID");
  });
});

describe("closing", () => {
  it("flushes, then closes the sink, once", async () => {
    const { sink, emitter } = setup();
    const receipt = emitter.emit(CHANGED, changed());
    const closed = Promise.all([emitter.close(), emitter.close()]);
    const append = await sink.next();
    expect(sink.closeCount).toBe(0);
    append.acknowledge();

    await closed;
    expect((await receipt).offset).toBe(0);
    expect(sink.closeCount).toBe(1);
  });

  it("takes no event any more", async () => {
    const { emitter } = setup();
    await emitter.close();

    expect((await errorOf(emitter.emit(CHANGED, changed()))).code).toBe("EMIT_CLOSED");
    expect((await errorOf(emitter.emitBatch([]))).code).toBe("EMIT_CLOSED");
  });

  it("happens at the end of an `await using` block", async () => {
    const { sink, emitter } = setup();
    {
      await using used = emitter;
      await used.flush();
    }

    expect(sink.closeCount).toBe(1);
  });

  it("does not reject a flush when an event is given up", async () => {
    const { sink, clock, emitter } = setup({ timeoutMs: 1_000 });
    const failed = errorOf(emitter.emit(CHANGED, changed()));
    await sink.next();
    const flushed = emitter.flush();
    clock.advance(1_000);

    await flushed;
    expect((await failed).code).toBe("EMIT_UNACKNOWLEDGED");
  });
});

const PARENT = { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, tracestate: "v=1" };
const CHILD = { traceparent: `00-${"a".repeat(32)}-${"c".repeat(16)}-01`, tracestate: null };

function recordingTelemetry() {
  const spans: { name: string; options: SpanOptions; ended: string[] }[] = [];
  const gauges = new Map<string, () => Iterable<{ value: number }>>();
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    gauge(name, _description, observe) {
      gauges.set(name, observe);
      return () => gauges.delete(name);
    },
    startSpan(name, options): Span {
      const ended: string[] = [];
      spans.push({ name, options, ended });
      return { context: CHILD, set: () => undefined, end: (error = "ok") => ended.push(error) };
    },
  };
  const read = (name: string): number | undefined => [...(gauges.get(name)?.() ?? [])][0]?.value;
  return { telemetry, spans, gauges, read };
}

describe("what an emitter reports", () => {
  it("carries the caller's trace context where there are no spans", async () => {
    const { sink, emitter } = setup();
    void emitter.emit(CHANGED, changed(), PARENT);
    const [record] = (await sink.next()).records;

    expect(headerOf(record, "traceparent")).toBe(PARENT.traceparent);
    expect(headerOf(record, "tracestate")).toBe("v=1");
  });

  it("makes a `send` span under the caller's and passes its context on", async () => {
    const { telemetry, spans } = recordingTelemetry();
    const { sink, emitter } = setup({ telemetry });
    const receipt = emitter.emit(CHANGED, changed(), PARENT);
    const append = await sink.next();
    const ended = [...(spans[0]?.ended ?? [])];
    append.acknowledge();
    await receipt;

    expect(spans[0]).toMatchObject({
      name: "send users",
      options: { kind: "producer", parent: PARENT },
      ended: ["ok"],
    });
    expect(ended).toEqual([]);
    expect(headerOf(append.records[0], "traceparent")).toBe(CHILD.traceparent);
    expect(headerOf(append.records[0], "tracestate")).toBeUndefined();
  });

  it("ends the span of a refused event with the error's code", async () => {
    const { telemetry, spans } = recordingTelemetry();
    const { emitter } = setup({ telemetry });
    await errorOf(emitter.emit(CHANGED, {}));

    expect(spans.map(({ ended }) => ended)).toEqual([["EMIT_INVALID"]]);
  });

  it("shows what is buffered until it is closed", async () => {
    const { telemetry, gauges, read } = recordingTelemetry();
    const { sink, emitter } = setup({ telemetry });
    const receipt = emitter.emit(CHANGED, changed());

    expect(read("millrace.emitter.buffered.events")).toBe(1);
    expect(read("millrace.emitter.buffered.bytes")).toBeGreaterThan(100);
    (await sink.next()).acknowledge();
    await receipt;
    expect(read("millrace.emitter.buffered.events")).toBe(0);
    await emitter.close();
    expect(gauges.size).toBe(0);
  });
});
