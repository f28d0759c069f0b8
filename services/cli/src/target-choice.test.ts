import { describe, expect, it } from "vitest";
import { CliError } from "./cli-error.ts";
import { chooseTarget } from "./target-choice.ts";

const targetsOf = (...names: readonly string[]): ReadonlyMap<string, { readonly name: string }> =>
  new Map(names.map((name) => [name, { name }]));

function refusal(name: string, ...known: readonly string[]): CliError {
  try {
    chooseTarget({ targets: targetsOf(...known), origin: "millrace.yaml" }, name);
  } catch (error) {
    if (error instanceof CliError) return error;
  }
  throw new Error("it was found");
}

describe("chooseTarget", () => {
  it("finds a target by its name", () => {
    const known = { targets: targetsOf("crm", "audit"), origin: "millrace.yaml" };

    expect(chooseTarget(known, "audit").name).toBe("audit");
  });

  it("suggests the nearest name, else all there are", () => {
    expect(refusal("profile-ap", "crm", "profile-api")).toMatchObject({
      exitCode: 4,
      message: "no such target in millrace.yaml: profile-ap",
      hint: "did you mean profile-api?",
    });
    expect(refusal("warehouse", "crm", "audit").hint).toBe("it has crm, audit");
    expect(refusal("crm").hint).toBe("it has no targets");
  });
});
