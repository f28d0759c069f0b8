import { describe, expect, it } from "vitest";
import { chooseTargets, type TargetChoice } from "./target-choice.ts";

function choose(known: readonly string[], ...names: readonly string[]): TargetChoice<string> {
  const targets = new Map(known.map((name) => [name, `the target ${name}`]));
  return chooseTargets({ targets, files: ["millrace.yaml", "targets/crm.yaml"] }, names);
}

describe("the targets that a process is asked to run", () => {
  it("are those named, each once, in the order of the names", () => {
    expect(choose(["crm", "audit"], "audit", "crm", "audit")).toEqual({
      kind: "chosen",
      targets: ["the target audit", "the target crm"],
    });
  });

  it("are all where none is named", () => {
    expect(choose(["crm", "audit"])).toMatchObject({
      targets: ["the target crm", "the target audit"],
    });
  });

  it("are refused with the nearest name where one is not there, else with all there are", () => {
    expect(choose(["crm", "profile-api"], "crm", "profile-ap")).toEqual({
      kind: "refused",
      message: "no such target in millrace.yaml: profile-ap\n  did you mean profile-api?",
    });
    expect(choose(["crm", "audit"], "warehouse")).toMatchObject({
      message: "no such target in millrace.yaml: warehouse\n  it has crm, audit",
    });
  });

  it("are refused where a configuration has none", () => {
    expect(choose([])).toEqual({
      kind: "refused",
      message: "no targets in millrace.yaml, targets/crm.yaml: add one",
    });
  });
});
