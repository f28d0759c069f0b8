import { describe, expect, it } from "vitest";
import { commandLines, readArguments, type DeliveryArguments } from "./arguments.ts";

describe("readArguments", () => {
  it("has a default for everything", () => {
    expect(readArguments([])).toEqual({
      configPath: "millrace.yaml",
      targets: [],
      adminHost: "127.0.0.1",
      adminPort: 9464,
      graceMs: 50_000,
      processCount: 1,
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
    [["--processes", "0"], /--processes takes a whole number from 1 to 64, not '0'/u],
    [["--processes", "2", "--admin-port", "65535"], /no admin port above 65535/u],
    [["--wrong"], /--wrong/u],
    [["--targt", "crm"], /--targt[^]*\(did you mean --target\?\)/u],
    [["extra"], /extra/u],
  ])("refuses %j and says why", (argv, text) => {
    const read = readArguments(argv);

    expect(read).toMatchObject({ exitCode: 2 });
    expect("text" in read ? read.text : "").toMatch(text);
  });
});

describe("the command lines of several processes", () => {
  const parsed = (...argv: readonly string[]): DeliveryArguments => {
    const read = readArguments(argv);
    if ("text" in read) throw new Error(read.text);
    return read;
  };

  it("say the same to each, but for a port of its own", () => {
    const args = parsed(
      ...["-c", "a.yaml", "--target", "crm", "--admin-port", "9500", "--grace", "7"],
      ...["--processes", "3"],
    );

    const lines = commandLines(args);

    const alone = { ...args, processCount: 1 };
    expect(lines.map((line) => parsed(...line))).toEqual([
      alone,
      { ...alone, adminPort: 9501 },
      { ...alone, adminPort: 9502 },
    ]);
  });

  it("leave it to each to find a free port", () => {
    const lines = commandLines(parsed("--admin-port", "0", "--processes", "2"));

    expect(lines.map((line) => parsed(...line).adminPort)).toEqual([0, 0]);
  });
});
