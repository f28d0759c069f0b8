import type { TargetConfig } from "@millrace/config";
import { describe, expect, it } from "vitest";
import { changedTerms } from "./changed-terms.ts";

function target(parts: Partial<TargetConfig>): TargetConfig {
  const standard = { topics: ["t"], timeoutMs: 1, retry: { maxAgeMs: 1 }, auth: { type: "none" } };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- only these parts are compared
  return { ...standard, ...parts } as TargetConfig;
}

describe("changedTerms", () => {
  it("names the terms that differ as the configuration writes them", () => {
    const after = target({
      timeoutMs: 2,
      auth: { type: "bearer", token: "<file:token>" },
      concurrencyMax: 5,
    });

    expect(changedTerms(target({}), after)).toEqual(["auth", "concurrency", "request.timeout"]);
  });

  it("has none where only mapping and filter differ", () => {
    expect(
      changedTerms(target({ mappingRevision: "a" }), target({ mappingRevision: "b" })),
    ).toEqual([]);
  });
});
