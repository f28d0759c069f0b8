import type { TargetConfig } from "@millrace/config";
import { describe, expect, it } from "vitest";
import { changedParts, plannedConfig, type PlanPlace } from "./plan-basis.ts";

const HEADERS = { a: "1", b: "2" };
const REQUEST = { method: "POST", url: "http://crm/v1", headers: HEADERS, timeout: "5s" };

function planned(parts: Partial<TargetConfig> = {}, place: Partial<PlanPlace> = {}) {
  const standard = {
    ...{ topics: ["users"], order: "key", onDeadLetter: "quarantine", onConflict: "retry" },
    ...{ answers: {}, input: { envelope: "require", tombstones: "skip" } },
    idempotency: { header: "idempotency-key", format: "bare", window: { kind: "undeclared" } },
    source: { filter: null, request: REQUEST, module: null },
    mappingRevision: "r1",
    ratePerSecond: { kind: "unlimited" },
    ...parts,
  };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- all that is looked at
  return plannedConfig(standard as unknown as TargetConfig, {
    ...{ namespace: "millrace", clusterId: "c1" },
    ...place,
  });
}

describe("what has changed since a plan was made", () => {
  it("is nothing where only the rate, the timeout or the window of keys is another", () => {
    const now = planned({
      ratePerSecond: { kind: "limited", perSecond: 5, burst: 5 },
      source: { filter: null, request: { ...REQUEST, timeout: "9s" }, module: null },
      idempotency: {
        ...{ header: "idempotency-key", format: "bare" },
        window: { kind: "declared", windowMs: 1_000 },
      },
    });

    expect(changedParts(planned(), now)).toEqual([]);
  });

  it("names the parts of filter and request", () => {
    const now = planned({
      source: { filter: "true", request: { ...REQUEST, url: "http://crm/v2" }, module: null },
      mappingRevision: "r2",
    });

    expect(changedParts(planned(), now)).toEqual(["filter", "request.url"]);
  });

  it("names what is there no more, and what is new", () => {
    const { method, url } = REQUEST;
    const source = { filter: null, request: { method, url, body: null }, module: null };

    const changed = changedParts(planned(), planned({ source, mappingRevision: "r2" }));
    expect(changed).toEqual(["request.headers", "request.body"]);
  });

  it("is nothing where the same request is written in another order", () => {
    const request = Object.fromEntries(Object.entries(REQUEST).reverse());
    const source = {
      filter: null,
      request: { ...request, headers: { b: "2", a: "1" } },
      module: null,
    };

    expect(changedParts(planned(), planned({ source }))).toEqual([]);
  });

  it("names the schemas where the revision alone is another", () => {
    expect(changedParts(planned(), planned({ mappingRevision: "r2" }))).toEqual([
      "the schemas of its events",
    ]);
  });

  it.each([
    ["cluster", planned({}, { clusterId: "c2" })],
    ["namespace", planned({}, { namespace: "other" })],
    ["topics", planned({ topics: ["users", "orders"] })],
    ["order", planned({ order: "none" })],
    ["onConflict", planned({ onConflict: "duplicate-ok" })],
    ["answers", planned({ answers: { "404": "retry" } })],
  ])("names %s", (name, now) => {
    expect(changedParts(planned(), now)).toEqual([name]);
  });
});
