import { describe, expect, test } from "vitest";
import { checkOverrides, classify } from "./answers.ts";
import type { AnswerRules } from "./options.ts";

const STRICT: AnswerRules = { onConflict: "retry" };

function kindOf(status: number, rules: AnswerRules = STRICT): string {
  return classify({ status, retryAfterMs: null, location: null }, rules).kind;
}

describe("the standard table", () => {
  test.each([
    ["delivered", [200, 201, 202, 204, 299]],
    ["retry", [408, 409, 425, 500, 501, 502, 503, 504, 599, 600, 999]],
    ["rejected", [400, 402, 404, 405, 406, 410, 412, 413, 415, 418, 422, 499]],
    ["throttled", [429]],
    ["misconfigured", [300, 301, 302, 303, 304, 307, 308, 399, 401, 403]],
  ])("takes as %s: %j", (kind, statuses) => {
    expect(statuses.map((status) => kindOf(status))).toEqual(statuses.map(() => kind));
  });

  test.each([
    [408, true],
    [409, false],
    [425, false],
    [500, true],
    [503, true],
  ])("%d may have been applied: %s", (status, ambiguous) => {
    const answer = { status, retryAfterMs: null, location: null };

    expect(classify(answer, STRICT)).toEqual({
      kind: "retry",
      reason: "HTTP_STATUS",
      status,
      ambiguous,
      retryAfterMs: null,
    });
  });

  test("503 throttles only when it says for how long", () => {
    const answer = { status: 503, retryAfterMs: 7_000, location: null };

    expect(classify(answer, STRICT)).toEqual({
      kind: "throttled",
      status: 503,
      retryAfterMs: 7_000,
    });
  });

  test("a retried answer keeps its wish to wait", () => {
    const answer = { status: 500, retryAfterMs: 3_000, location: null };

    expect(classify(answer, STRICT)).toMatchObject({ kind: "retry", retryAfterMs: 3_000 });
  });

  test("a redirect names where it points, without path and query", () => {
    const location = "https://other.example.com/login?token=secret";
    const result = classify({ status: 302, retryAfterMs: null, location }, STRICT);

    expect(result).toEqual({
      kind: "misconfigured",
      reason: "HTTP_REDIRECT",
      status: 302,
      detail: "HTTP 302 to https://other.example.com: redirects are never followed",
    });
  });
});

describe("a target's own rules", () => {
  test("409 is a delivery when the target answers duplicates so", () => {
    expect(kindOf(409, { onConflict: "duplicate-ok" })).toBe("delivered");
  });

  test("an override of a status wins over one of its class, both over the standard table", () => {
    const rules: AnswerRules = {
      onConflict: "duplicate-ok",
      answers: { "4xx": "delivered", "404": "retry", "409": "dead-letter", "5xx": "dead-letter" },
    };

    expect([400, 404, 409, 429, 503, 200].map((status) => kindOf(status, rules))).toEqual([
      "delivered",
      "retry",
      "rejected",
      "delivered",
      "rejected",
      "delivered",
    ]);
  });

  test("a retried refusal is definite", () => {
    const rules: AnswerRules = { onConflict: "retry", answers: { "404": "retry" } };
    const result = classify({ status: 404, retryAfterMs: null, location: null }, rules);

    expect(result).toMatchObject({ kind: "retry", ambiguous: false });
  });

  test.each(["1xx", "99", "600", "4x", "2XX", "__proto__x"])("refuses the key %j", (key) => {
    const check = (): void => checkOverrides({ onConflict: "retry", answers: { [key]: "retry" } });

    expect(check).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
