import { describe, expect, it } from "vitest";
import { isRfc3339, parseDay, parseMoment } from "./rfc3339.ts";

describe("an RFC 3339 time", () => {
  it.each([
    ["1970-01-01T00:00:00Z", 0, 0],
    ["2026-11-23T10:00:00.5Z", 1_795_428_000_500, 0],
    ["2026-11-23T10:00:00.123456789Z", 1_795_428_000_123, 456],
    ["2026-11-23T11:30:00+01:30", 1_795_428_000_000, 0],
    ["2026-11-23t10:00:00z", 1_795_428_000_000, 0],
    ["1969-12-31T23:59:59.9999Z", -1, 900],
    ["2024-02-29T00:00:00Z", 1_709_164_800_000, 0],
    ["0001-01-01T00:00:00Z", -62_135_596_800_000, 0],
  ])("%s is read", (text, epochMs, microseconds) => {
    expect(parseMoment(text)).toEqual({ epochMs, microseconds });
  });

  it.each([
    "2026-11-23",
    "2026-11-23T10:00:00",
    "2026-11-23 10:00:00Z",
    "2026-02-30T10:00:00Z",
    "2023-02-29T10:00:00Z",
    "2026-13-01T10:00:00Z",
    "2026-11-23T24:00:00Z",
    "2026-11-23T10:60:00Z",
    "2026-11-23T10:00:60Z",
    "2026-11-23T10:00:00+24:00",
    "2026-11-23T10:00:00+00:60",
    "2026-11-23T10:00:00.Z",
    "2026-11-23T10:00:00Z\n",
    "+002026-11-23T10:00:00Z",
    "2026-11-23T10:00:00.5",
    "2026-11-23T10:00:00+0100",
    "2026-11-23T10:00:00*01:00",
    "2026-11-2aT10:00:00Z",
    "2026-00-10T10:00:00Z",
    "2026-11-00T10:00:00Z",
    "2026/11-23T10:00:00Z",
    "2026-11-23T1a:00:00Z",
    "1795428000000",
    "",
  ])("%j is none", (text) => {
    expect(isRfc3339(text)).toBe(false);
  });
});

describe("a calendar date", () => {
  it("counts days from 1970", () => {
    expect(parseDay("1970-01-01")).toBe(0);
    expect(parseDay("1969-12-31")).toBe(-1);
    expect(parseDay("2024-02-29")).toBe(19_782);
    expect(parseDay("2023-02-29")).toBeNull();
    expect(parseDay("2023-2-9")).toBeNull();
    expect(parseDay("2023-02-09T")).toBeNull();
  });

  it("is the day that Date counts, every day of 800 years", () => {
    const firstMs = Date.UTC(1600, 0);
    const wrong: string[] = [];
    for (let ms = firstMs; ms < Date.UTC(2400, 0); ms += 86_400_000) {
      const text = new Date(ms).toISOString();
      const isSame = parseDay(text.slice(0, 10)) === ms / 86_400_000;
      if (!isSame || parseMoment(text)?.epochMs !== ms) wrong.push(text);
    }

    expect(wrong).toEqual([]);
  });
});
