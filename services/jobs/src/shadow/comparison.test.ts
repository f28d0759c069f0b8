import type { PreparedRequest } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { compare, type ShadowChange } from "./comparison.ts";
import type { Outcome } from "./outcome.ts";
import { outcomeText, shownShape } from "./shape.ts";

const FILTERED: Outcome = { kind: "filtered" };
const FAILED: Outcome = { kind: "undeliverable", reason: "MAPPING_FAILED", detail: "x at 12" };
const BROKEN: Outcome = { kind: "undeliverable", reason: "DECODE_FAILED", detail: "schema 7" };

function sent(parts: Partial<PreparedRequest> = {}): Outcome {
  const standard = { method: "POST", url: "http://t/", headers: {}, body: "{}", timeoutMs: 1 };
  return { kind: "request", request: { ...standard, ...parts } };
}

/** The shape of a comparison as people read it; null for none. */
function shapeText(before: Outcome, after: Outcome, names?: readonly string[]): string | null {
  const comparison = compare(before, after);
  if (comparison.change === "unchanged") return null;
  const { change, diff } = comparison;
  const shape = { change, ...diff, before: outcomeText(before), after: outcomeText(after) };
  return shownShape(shape, (name) => names?.includes(name) ?? true).text;
}

describe("compare", () => {
  it.each<readonly [ShadowChange, string, { readonly before: Outcome; readonly after: Outcome }]>([
    ["newly-filtered", "sent -> filtered", { before: sent(), after: FILTERED }],
    ["no-longer-filtered", "filtered -> sent", { before: FILTERED, after: sent() }],
    ["newly-undeliverable", "sent -> MAPPING_FAILED: x at #", { before: sent(), after: FAILED }],
    [
      "newly-undeliverable",
      "filtered -> MAPPING_FAILED: x at #",
      { before: FILTERED, after: FAILED },
    ],
    [
      "no-longer-undeliverable",
      "MAPPING_FAILED: x at # -> sent",
      { before: FAILED, after: sent() },
    ],
    [
      "no-longer-undeliverable",
      "MAPPING_FAILED: x at # -> filtered",
      { before: FAILED, after: FILTERED },
    ],
    [
      "undeliverable-otherwise",
      "MAPPING_FAILED: x at # -> DECODE_FAILED: schema #",
      { before: FAILED, after: BROKEN },
    ],
    ["request-changed", "method", { before: sent(), after: sent({ method: "PUT" }) }],
  ])("says %s (%s) of %j", (change, text, { before, after }) => {
    expect(compare(before, after)).toMatchObject({ change });
    expect(shapeText(before, after)).toBe(text);
  });

  it("finds nothing where the same is made of a record", () => {
    for (const outcome of [FILTERED, FAILED, sent(), sent({ body: null })]) {
      expect(compare(outcome, structuredClone(outcome))).toEqual({ change: "unchanged" });
    }
  });

  it("tells which parts of a request differ, and where in headers and body", () => {
    const before = sent({
      headers: { "x-a": "1", "x-b": "1", "x-c": "1" },
      body: '{"carrier":"UA","legs":[{"from":"EWR"}],"old":{}}',
    });
    const after = sent({
      method: "PUT",
      url: "http://t/2",
      headers: { "x-a": "1", "x-b": "2", "x-d": "1" },
      body: '{"carrier":"ua","legs":[{"from":"ewr"}],"the gate/exit":1,"__proto__":2}',
    });

    expect(shapeText(before, after)).toBe(
      "method; url; headers: ~ x-b, - x-c, + x-d; body: + /__proto__, + /the gate~1exit, - /old, ~ /carrier, ~ /legs/*/from",
    );
  });

  it("compares no Idempotency-Key, which no mapping decides, and no deadline, which no target sees", () => {
    const before = sent({ headers: { "idempotency-key": "a" }, timeoutMs: 1 });
    const after = sent({ headers: { "idempotency-key": "b" }, timeoutMs: 2 });

    expect(compare(before, after)).toEqual({ change: "unchanged" });
  });

  it("tells a body that appears, one that goes, and one that is written otherwise", () => {
    const body = (text: string | null): Outcome => sent({ body: text });

    expect(shapeText(body(null), body("{}"))).toBe("body: + (all of it)");
    expect(shapeText(body("{}"), body(null))).toBe("body: - (all of it)");
    expect(shapeText(body('{"a":1,"b":2}'), body('{"b":2,"a":1}'))).toBe(
      "body: the same JSON, written otherwise",
    );
    expect(shapeText(body("plain text"), body("other text"))).toBe("body: ~ (all of it)");
  });

  it("says that there are more differences than it names", () => {
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [n, n])));

    expect(shapeText(sent(), sent({ body: wide }))).toMatch(/^body: .*, and more$/u);
  });

  it("shows no name of a member that may be made of data", () => {
    const after = sent({ body: '{"phones":{"+41 79 000":1,"+41 79 001":2}}' });
    const before = sent({ body: '{"phones":{}}' });

    expect(shapeText(before, after, ["phones"])).toBe("body: + /phones/***");
  });

  it("takes a name that is too long for a line short", () => {
    const after = sent({ body: JSON.stringify({ ["n".repeat(100)]: 1 }) });

    expect(shapeText(sent(), after)).toBe(`body: + /${"n".repeat(64)}…`);
  });
});
