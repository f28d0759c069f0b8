import type { PreparedRequest } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import type { Outcome } from "./outcome.ts";
import { publicNames, shownOutcome, TEXT_MAX, type Probes } from "./shown-outcome.ts";

const FILTERED: Outcome = { kind: "filtered" };

function sent(parts: Partial<PreparedRequest> = {}): Outcome {
  const standard = { method: "POST", url: "http://t/", headers: {}, body: "{}", timeoutMs: 1 };
  return { kind: "request", request: { ...standard, ...parts } };
}

function shown(outcome: Outcome, probes: Probes, maskText = (text: string) => text) {
  return shownOutcome(outcome, probes, maskText);
}

/** How a request is shown whose parts are made of the name of a person. */
function shownOf(parts: (who: string) => Partial<PreparedRequest>) {
  return shown(sent(parts("ann")), [sent(parts("***")), sent(parts("###"))]);
}

describe("shownOutcome", () => {
  it("shows a request as it is sent where nothing in it is personal", () => {
    const request = sent({ headers: { "x-a": "1", "idempotency-key": "k" }, body: '{"a": 1}' });

    expect(shown(request, [request, request])).toEqual({
      ...{ outcome: "sent", method: "POST", url: "http://t/" },
      ...{ headers: { "x-a": "1" }, body: '{"a": 1}' },
    });
  });

  it("masks the parts that are made of personal data, and only those", () => {
    const request = shownOf((who) => ({
      url: `http://t/users/${who}/mails?of=${who}&n=1`,
      headers: { "x-who": who, "x-a": "1" },
      body: JSON.stringify({ who, list: [{ who, n: 1 }], [who]: 1, "***": who }),
    }));

    expect(request).toEqual({
      ...{ outcome: "sent", method: "POST" },
      url: "http://t/users/***/mails?of=***&n=1",
      headers: { "x-who": "***", "x-a": "1" },
      body: JSON.stringify({ who: "***", list: [{ who: "***", n: 1 }], "***": "***" }),
    });
  });

  it("masks what cannot be compared part by part", () => {
    expect(shownOf((who) => ({ body: `<who>${who}</who>` }))).toMatchObject({ body: '"***"' });
    const lists = shownOf((who) => ({ body: JSON.stringify(who === "ann" ? [1, 2] : []) }));
    expect(lists).toMatchObject({ body: '"***"' });
    const urls = shownOf((who) => ({ url: who === "ann" ? "http://t/a/b" : "http://t/a" }));
    expect(urls).toMatchObject({ url: "***" });
  });

  it("shows no value where a probe does not come as far", () => {
    const request = sent({ headers: { "x-a": "1" }, body: '{"a":1}' });

    for (const probes of [
      [request, FILTERED],
      [FILTERED, request],
    ] as const) {
      expect(shown(request, probes)).toEqual({
        ...{ outcome: "sent", method: "POST", url: "***" },
        ...{ headers: { "x-a": "***" }, body: "***" },
      });
    }
  });

  it("shows no secret of a configuration, wherever it stands", () => {
    const request = sent({
      url: "http://t/s3cret",
      headers: { "x-a": "s3cret" },
      body: '{"a":"s3cret"}',
    });

    const text = JSON.stringify(
      shown(request, [request, request], (one) => one.replaceAll("s3cret", "***")),
    );

    expect(text).not.toContain("s3cret");
    expect(text).toContain("***");
  });

  it("cuts long texts", () => {
    const request = sent({ body: JSON.stringify("x".repeat(2 * TEXT_MAX)) });

    expect(shown(request, [request, request])).toMatchObject({
      body: `"${"x".repeat(TEXT_MAX - 1)}…`,
    });
  });

  it("tells what is no request, and why", () => {
    const reason = "MAPPING_FAILED";

    expect(shown(FILTERED, [FILTERED, FILTERED])).toEqual({ outcome: "filtered" });
    expect(
      shown({ kind: "undeliverable", reason, detail: "no field x" }, [FILTERED, FILTERED]),
    ).toEqual({ outcome: "undeliverable", reason, detail: "no field x" });
  });
});

describe("publicNames", () => {
  it("has the names of all members, however deep, of bodies that are JSON", () => {
    const bodies = ['{"a":[{"b":{"c":1}}]}', "plain", null];

    expect([...publicNames([FILTERED, ...bodies.map((body) => sent({ body }))])]).toEqual([
      "a",
      "b",
      "c",
    ]);
  });
});
