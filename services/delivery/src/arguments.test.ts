import { describe, expect, it } from "vitest";
import { readArguments } from "./arguments.ts";

describe("readArguments", () => {
  it("has a default for everything", () => {
    expect(readArguments([])).toEqual({
      configPath: "millrace.yaml",
      targets: [],
      adminHost: "127.0.0.1",
      adminPort: 9464,
      graceMs: 50_000,
    });
  });

  it("takes a configuration and several targets", () => {
    expect(readArguments(["-c", "a.yaml", "--target", "crm", "--target", "audit"])).toMatchObject({
      configPath: "a.yaml",
      targets: ["crm", "audit"],
    });
  });

  it("prints its help on demand", () => {
    expect(readArguments(["--help"])).toMatchObject({ exitCode: 0 });
  });

  it.each([
    [["--admin-port", "70000"], /--admin-port takes a whole number from 0 to 65535, not '70000'/u],
    [["--grace", "soon"], /--grace/u],
    [["--wrong"], /--wrong/u],
    [["--targt", "crm"], /--targt[^]*\(did you mean --target\?\)/u],
    [["extra"], /extra/u],
  ])("refuses %j and says why", (argv, text) => {
    const read = readArguments(argv);

    expect(read).toMatchObject({ exitCode: 2 });
    expect("text" in read ? read.text : "").toMatch(text);
  });
});
