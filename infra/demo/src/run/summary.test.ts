import { expect, it } from "vitest";
import type { Problem, Verdict } from "../verdict/verdict.ts";
import { renderSummary } from "./summary.ts";

function verdict(problems: readonly Problem[] = []): Verdict {
  return {
    scene: "users",
    seed: 1,
    verdict: problems.length === 0 ? "ok" : "failed",
    targets: {
      "profile-api": {
        emitted: 2_390,
        delivered: 2_390,
        attempts: 2_411,
        repeats: 21,
        repeatsAcrossKill: 4,
        unjustifiedRepeats: 0,
        orderViolations: 0,
        lost: 0,
        p50Ms: 11.6,
        p99Ms: null,
      },
    },
    faults: {
      serverErrors: 612,
      refusals: 0,
      callsCut: 3,
      connectionsRefused: 5,
      outageMs: 3_012,
      kills: 1,
      openAtKill: 17,
    },
    onCall: null,
    problems,
  };
}

const render = (of: Verdict): string => renderSummary(of, "/somewhere/demo-1", "demo-1.users");

it("shows what each target got, the faults, the verdict and where to look next", () => {
  const text = render(verdict());

  expect(text).toMatch(/profile-api .* 2390 .* 2390 .* 2411 .* 21 .* 0 .* 0 .* 12 ms .* - /u);
  expect(text).toMatch(/612 answers 5xx, an API away for 3.0 s, 5 connections refused/u);
  expect(text).toMatch(/1 kill with 17 calls open/u);
  expect(text).not.toMatch(/refuse for good/u);
  expect(text).toMatch(/verdict: ok/u);
  expect(text).toMatch(/where to look next:\n.*demo-1\//u);
});

it("tells of what there was to find where someone was on call", () => {
  const onCall = { stuckKeys: 20, deliveredWhileAway: 4_980 };

  expect(render({ ...verdict(), onCall })).toMatch(
    /\non call: 20 stuck keys; 4980 events delivered beside the outage\n/u,
  );
  expect(render(verdict())).not.toContain("on call");
});

it("names each problem, and says how many it leaves out", () => {
  const lost = (id: string): Problem => ({
    check: "lost",
    target: "profile-api",
    eventId: id,
    detail: "never arrived",
  });
  const text = render(verdict(Array.from({ length: 22 }, (_, index) => lost(`e${index}`))));

  expect(text).toContain("problem: lost profile-api e0 never arrived");
  expect(text).toContain("and 2 more problems");
  expect(text).toContain("verdict: failed - 22 problems");
});
