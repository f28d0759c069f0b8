import type { TargetConfig } from "@millrace/config";
import { asOffset, asPartition, asTopic } from "@millrace/engine";
import type { ShadowGroup, ShadowResult, ShownOutcome } from "@millrace/jobs";
import { describe, expect, it } from "vitest";
import { shadowReport, type ShadowReport } from "./shadow-report.ts";
import { groupsText, summaryLines, warningLines } from "./shadow-text.ts";

const terminal = { paint: (_: unknown, text: string) => text };

function sent(parts: Partial<Extract<ShownOutcome, { outcome: "sent" }>> = {}): ShownOutcome {
  const standard = { method: "POST", url: "http://t/board", headers: {}, body: '{"a":1,"b":2}' };
  return { outcome: "sent", ...standard, ...parts };
}

function groupOf(before: ShownOutcome, after: ShownOutcome): ShadowGroup {
  const place = {
    topic: "flights",
    partition: 1,
    offset: 7,
    id: "e7",
    type: "flights.FlightArrived",
  };
  return {
    ...{ change: "request-changed", text: "body: ~ /a", count: 13_411, isCut: false },
    changes: [{ part: "body", kind: "changed", path: "/a" }],
    samples: [{ ...place, before, after }],
  };
}

function targetOf(parts: Partial<TargetConfig>): TargetConfig {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- only these parts are reported
  return { name: "board-api", mappingRevision: "rev1", ...parts } as TargetConfig;
}

const UNCHANGED = { sent: 39_000, filtered: 800, undeliverable: 36 };
const CHANGED = {
  ...{ "request-changed": 13_411, "newly-filtered": 0, "no-longer-filtered": 0 },
  ...{ "newly-undeliverable": 0, "no-longer-undeliverable": 0, "undeliverable-otherwise": 0 },
};

function reportOf(
  result: Partial<ShadowResult> = {},
  after: Partial<TargetConfig> = { mappingRevision: "rev2" },
  gone: ShadowReport["gone"] = [],
): ShadowReport {
  const range = { topic: asTopic("flights"), partition: asPartition(1) };
  return shadowReport({
    before: { file: "millrace.yaml", target: targetOf({}) },
    after: { file: "new.yaml", target: targetOf(after) },
    ranges: [{ ...range, from: asOffset(0), to: asOffset(53_247) }],
    gone,
    result: {
      ...{ recordCount: 53_247, unchanged: UNCHANGED, changed: CHANGED },
      groups: [groupOf(sent(), sent({ body: '{"a":3,"b":2}' }))],
      leftOut: { groupCount: 0, recordCount: 0 },
      comparedHeaders: ["content-type"],
      ...result,
    },
  });
}

describe("shadowReport", () => {
  it("has the members that scripts rely on, offsets as text", () => {
    expect(reportOf()).toEqual({
      ...{ apiVersion: "millrace/v1", kind: "ShadowReplay", target: "board-api" },
      before: { file: "millrace.yaml", mappingRevision: "rev1" },
      after: { file: "new.yaml", mappingRevision: "rev2" },
      otherTerms: [],
      ranges: [{ topic: "flights", partition: 1, from: "0", to: "53247" }],
      gone: [],
      ...{ records: 53_247, unchanged: UNCHANGED, changed: CHANGED },
      headers: { compared: ["content-type"], leftOut: ["idempotency-key"] },
      leftOut: { records: 0, shapes: 0 },
      items: [
        {
          ...{ change: "request-changed", text: "body: ~ /a", count: 13_411, isCut: false },
          changes: [{ part: "body", kind: "changed", path: "/a" }],
          samples: [
            {
              ...{ topic: "flights", partition: 1, offset: "7" },
              ...{ id: "e7", type: "flights.FlightArrived" },
              before: sent(),
              after: sent({ body: '{"a":3,"b":2}' }),
            },
          ],
        },
      ],
    });
  });
});

function textOf(before: ShownOutcome, after: ShownOutcome): readonly string[] {
  return groupsText(reportOf({ groups: [groupOf(before, after)] }), terminal).split("\n");
}

describe("groupsText", () => {
  it("shows each shape with its count, and samples as a diff", () => {
    expect(textOf(sent(), sent({ body: '{"a":3,"b":2}' }))).toEqual([
      "13,411  request-changed  body: ~ /a",
      "  flights:1:7  flights.FlightArrived  e7",
      "    POST http://t/board",
      "    {",
      '  -   "a": 1,',
      '  +   "a": 3,',
      '      "b": 2',
      "    …",
      "",
    ]);
  });

  it("shows headers, and outcomes that are no request", () => {
    const with1 = sent({ headers: { "x-a": "1" }, body: null });

    expect(textOf(with1, sent({ headers: { "x-a": "2" }, body: null })).slice(2)).toEqual([
      "    POST http://t/board",
      "  - x-a: 1",
      "  + x-a: 2",
      "",
    ]);
    expect(textOf(with1, { outcome: "filtered" }).slice(2)).toEqual([
      "  - POST http://t/board",
      "  - x-a: 1",
      "  + (filtered)",
      "",
    ]);
    const failed = { outcome: "undeliverable", reason: "MAPPING_FAILED", detail: "no x" } as const;
    expect(textOf(failed, with1)[2]).toBe("  - (cannot be sent: MAPPING_FAILED: no x)");
  });

  it("shows bodies as they are sent where only their writing differs", () => {
    const bodies = ['{"a":1}', '{ "a": 1 }'] as const;

    expect(textOf(sent({ body: bodies[0] }), sent({ body: bodies[1] })).slice(3)).toEqual([
      `  - ${bodies[0]}`,
      `  + ${bodies[1]}`,
      "",
    ]);
  });

  it("lets no control character of an event through", () => {
    const lines = textOf(sent({ body: "\u001b[31m\nb" }), sent({ body: "a\u0007" }));

    expect(lines.join("\n")).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/u);
    expect(lines).toContain("  - \\u001b[31m");
  });
});

describe("summaryLines", () => {
  it("accounts for all records and says what was compared", () => {
    expect(summaryLines(reportOf())).toEqual([
      "53,247 records for board-api: 13,411 change, 39,836 do not (39,000 sent, 800 filtered, 36 undeliverable); nothing was sent",
      "compared: method, URL, body, content-type; not compared: idempotency-key, and what sending adds",
    ]);
  });

  it("says that the configurations make the same, and what else differs", () => {
    const report = reportOf({}, { timeoutMs: 5, concurrencyMax: 1 });

    expect(summaryLines(report).slice(2)).toEqual([
      "filter, request and schemas are the same in both",
      "differs too, in no request: concurrency, request.timeout",
    ]);
  });
});

describe("warningLines", () => {
  it("warns of what of the range is gone", () => {
    const gone = { topic: "flights", partition: 1, from: "3", to: "8", isExact: true };

    expect(warningLines(reportOf({}, {}, [gone]))).toEqual([
      "5 records of the range are gone from the log (flights:1: 5)",
    ]);
    expect(reportOf({}, {}, [gone]).gone).toEqual([gone]);
  });

  it("warns of records that cannot be sent any more, and of shapes that are not shown", () => {
    expect(warningLines(reportOf())).toEqual([]);
    const report = reportOf({
      changed: { ...CHANGED, "newly-undeliverable": 12 },
      leftOut: { groupCount: 3, recordCount: 4_000 },
    });

    expect(warningLines(report)).toEqual([
      "12 records cannot be sent any more with new.yaml",
      "4,000 changed records of 3 more shapes are not shown: raise --shapes",
    ]);
  });
});
