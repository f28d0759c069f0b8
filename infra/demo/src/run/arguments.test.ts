import { describe, expect, it } from "vitest";
import { readArguments } from "./arguments.ts";

describe("readArguments", () => {
  it("runs the scene users and prints a table when nothing is said", () => {
    expect(readArguments([])).toEqual({
      scene: "users",
      eventCount: null,
      seed: 1,
      prints: "table",
      sabotage: null,
      recordedRun: null,
    });
  });

  it("takes what it is told", () => {
    const argv = "--scene orders --events 500 --seed 7 --json --sabotage repeat --run x".split(" ");

    expect(readArguments(argv)).toEqual({
      scene: "orders",
      eventCount: 500,
      seed: 7,
      prints: "json",
      sabotage: "repeat",
      recordedRun: "x",
    });
  });

  it.each([
    [["--scene", "moon"], /--scene: one of users, orders, flights, oncall/u],
    [["--scene", "user"], /not 'user'; did you mean users\?/u],
    [["--scene", "on-call"], /did you mean oncall\?/u],
    [["--events", "99"], /--events: a whole number of at least 100/u],
    [["--events", "1e3"], /--events/u],
    [["--sabotage", "all"], /--sabotage: one of lose/u],
    [["--scene", "flights", "--events", "500"], /its own events/u],
    [["--verbose"], /--verbose/u],
  ])("refuses %j and says where help is", (argv, message) => {
    const usage = readArguments(argv);

    expect(usage).toMatchObject({ exitCode: 2 });
    expect("text" in usage && usage.text).toMatch(message);
    expect("text" in usage && usage.text).toMatch(/--help/u);
  });

  it("prints help without complaint", () => {
    expect(readArguments(["-h"])).toMatchObject({ exitCode: 0 });
  });
});
