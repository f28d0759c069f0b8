import { describe, expect, it } from "vitest";
import { IdSource, formatTraceparent, parseTraceparent } from "./trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("traceparent", () => {
  it("comes back as it was written", () => {
    const parsed = { traceId: TRACE, spanId: SPAN, isSampled: true };

    expect(parseTraceparent(formatTraceparent(parsed))).toEqual(parsed);
  });

  it("is sampled by the lowest flag alone", () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-02`)?.isSampled).toBe(false);
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-03`)?.isSampled).toBe(true);
  });

  it.each([
    ["an empty text", ""],
    ["a zero trace id", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["a zero span id", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["upper case", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ["version ff", `ff-${TRACE}-${SPAN}-01`],
    ["version 00 with more behind the flags", `00-${TRACE}-${SPAN}-01-x`],
    ["a header of another line", `00-${TRACE}-${SPAN}-01\r\nx: y`],
  ])("is refused as %s", (_what, text) => {
    expect(parseTraceparent(text)).toBeNull();
  });

  it("of a later version is read as far as it is known", () => {
    expect(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)?.traceId).toBe(TRACE);
  });
});

describe("ids", () => {
  it("are hex of the right length and do not repeat beyond the pool", () => {
    const ids = new IdSource();

    const made = Array.from({ length: 2_000 }, () => ids.spanId());

    expect(new Set(made).size).toBe(2_000);
    expect(made.every((id) => /^[0-9a-f]{16}$/u.test(id))).toBe(true);
    expect(ids.traceId()).toMatch(/^[0-9a-f]{32}$/u);
  });
});
