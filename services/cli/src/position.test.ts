import { describe, expect, it } from "vitest";
import { parseDuration, parsePosition } from "./position.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");

describe("parsePosition", () => {
  it.each(["earliest", "latest", "committed"] as const)("reads %s", (kind) => {
    expect(parsePosition(kind, NOW)).toEqual({ kind });
  });

  it.each([
    ["@2026-11-25T10:00:00Z", "2026-11-25T10:00:00Z"],
    ["@2026-11-25T10:00:00.250+02:00", "2026-11-25T08:00:00.250Z"],
    ["@2026-11-25", "2026-11-25T00:00:00Z"],
    ["@2026-11-25T10:00", "2026-11-25T10:00:00Z"],
    ["@2026-11-25 10:00:01", "2026-11-25T10:00:01Z"],
  ])("reads the time %s, without a zone as UTC", (text, iso) => {
    expect(parsePosition(text, NOW)).toEqual({ kind: "time", epochMs: Date.parse(iso) });
  });

  it.each([
    ["-15m", 900_000],
    ["-1h30m", 5_400_000],
    ["-2d", 172_800_000],
    ["-250ms", 250],
  ])("counts %s back from now", (text, backMs) => {
    expect(parsePosition(text, NOW)).toEqual({ kind: "time", epochMs: NOW - backMs });
  });

  it("reads offsets by partition", () => {
    const position = parsePosition("0:1200,11:9007199254740991", NOW);

    expect(position).toEqual({
      kind: "offsets",
      offsets: new Map([
        [0, 1_200],
        [11, Number.MAX_SAFE_INTEGER],
      ]),
    });
  });

  it.each([
    "",
    "newest",
    "@yesterday",
    "@2026-13-01",
    "-15",
    "-",
    "-1.5h",
    "0:",
    ":5",
    "0:-1",
    "0:9007199254740992",
    "0:1,0:2",
    "0:1,",
  ])("refuses '%s' and shows the grammar", (text) => {
    expect(() => parsePosition(text, NOW)).toThrow(/earliest, latest, committed/u);
  });
});

describe("parseDuration", () => {
  it("refuses what has no unit or does not fit", () => {
    expect(parseDuration("15")).toBeNull();
    expect(parseDuration("m")).toBeNull();
    expect(parseDuration("99999999999999w")).toBeNull();
  });
});
