import { describe, expect, it } from "vitest";

import { setupDriver } from "../../../testing/driver-bench.ts";
import { MillraceError } from "../../errors.ts";
import type { SinkRecord } from "../../ports.ts";

const text = (record: SinkRecord | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record?.headers ?? {}).map(([name, value]) => [
      name,
      Buffer.from(value instanceof Uint8Array ? value : (value?.[0] ?? [])).toString(),
    ]),
  );

/** A driver that dead-letters one event, through a broker that takes only what `takes` allows. */
async function setup(
  takes: (record: SinkRecord) => boolean = () => true,
  engine: Parameters<typeof setupDriver>[0] = {},
) {
  const bench = await setupDriver(engine);
  bench.sink.onAppend = (record) =>
    takes(record)
      ? Promise.resolve()
      : Promise.reject(new MillraceError("PRODUCE_REFUSED", "too large"));
  await bench.fetch(["a:payload"]);
  await bench.end("payload", 422);
  await bench.clock.advance(25);
  return bench;
}

describe("a dead letter", () => {
  it("holds the original bytes, where they came from, and why", async () => {
    const { sink } = await setup();
    const [record] = sink.records;

    expect(record).toMatchObject({ topic: "millrace.crm.dead" });
    expect(Buffer.from(record?.key ?? []).toString()).toBe("a");
    expect(Buffer.from(record?.value ?? []).toString()).toBe("payload");
    expect(text(record)).toMatchObject({
      ce_id: "id-0",
      "millrace-target": "crm",
      "millrace-reason": "HTTP_REJECTED",
      "millrace-error": "HTTP 422",
      "millrace-http-status": "422",
      "millrace-attempts": "1",
      "millrace-topic": "users",
      "millrace-partition": "0",
      "millrace-offset": "0",
      "millrace-timestamp": String(Date.UTC(2026, 0, 1)),
      "millrace-mapping-revision": "r1",
      "millrace-epoch": "0",
      "millrace-redrive-count": "0",
      "millrace-holds-key": "true",
      "millrace-tenant": "acme",
    });
    expect(text(record)["millrace-first-failed-at"]).toMatch(/^2026-01-01T/u);
    expect(text(record)["millrace-last-failed-at"]).toMatch(/^2026-01-01T/u);
  });

  it("says when its key goes on without it", async () => {
    const { sink } = await setup(undefined, { onDeadLetter: "skip" });

    expect(text(sink.records[0])["millrace-holds-key"]).toBe("false");
  });

  it("keeps key and headers when only the value is too large", async () => {
    const { sink } = await setup(({ value }) => value === null);
    const [record] = sink.records;

    expect(record?.value).toBeNull();
    expect(Buffer.from(record?.key ?? []).toString()).toBe("a");
    expect(text(record)).toMatchObject({ ce_id: "id-0", "millrace-value": "omitted: too large" });
  });

  it("leads to its event although nothing else fits", async () => {
    const bench = await setup(({ key, headers }) => key === null && headers["ce_id"] === undefined);

    expect(text(bench.sink.records[0])).toMatchObject({
      "millrace-offset": "0",
      "millrace-partition": "0",
    });
    expect(bench.committed()).toBe(1);
  });

  it("says what kept an event from any call", async () => {
    const bench = await setupDriver();

    await bench.fetch(["a:bad"]);

    expect(text(bench.sink.records[0])).toMatchObject({
      "millrace-reason": "DECODE_FAILED",
      "millrace-error": "no magic byte",
      "millrace-attempts": "0",
    });
    expect(text(bench.sink.records[0])).not.toHaveProperty("millrace-http-status");
  });
});
