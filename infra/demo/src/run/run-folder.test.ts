import { expect, it } from "vitest";
import { outdated, runName } from "./run-folder.ts";

it("names a run by its time, so that names sort as runs do", () => {
  const earlier = runName(new Date("2026-01-31T09:45:03.120Z"));
  const later = runName(new Date("2026-01-31T09:45:03.121Z"));

  expect(earlier).toBe("demo-20260131-094503-120");
  expect([later, earlier].sort()).toEqual([earlier, later]);
});

it("forgets all but the last three runs, and nothing that is not a run", () => {
  const names = [5, 1, 4, 2, 3].map((second) => `demo-20260131-09450${second}-000`);

  expect(outdated([...names, "notes"])).toEqual([
    "demo-20260131-094501-000",
    "demo-20260131-094502-000",
  ]);
});
