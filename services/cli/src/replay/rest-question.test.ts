import { describe, expect, it } from "vitest";
import { answeringTerminal } from "../../test-support/answering-terminal.ts";
import { isRestWanted } from "./rest-question.ts";

const GONE = [
  { topic: "users", partition: 0, from: "3", to: "13", isExact: true },
  { topic: "users", partition: 1, from: "0", to: "2", isExact: true },
];
const QUESTION =
  "12 records of the range are gone from the log (users:0: 10, users:1: 2). Plan what is left?";

describe("what is left of a range that retention has cut", () => {
  it("is taken where somebody says so who was told how many are gone, and where", async () => {
    const { context, told } = answeringTerminal(["y", "n"]);

    expect(await isRestWanted(context, GONE, "Plan")).toBe(true);
    expect(await isRestWanted(context, GONE, "Plan")).toBe(false);
    expect(told).toEqual([`${QUESTION} [y/N] `, `${QUESTION} [y/N] `]);
  });

  it("is taken with --yes, and refused where nobody can be asked", async () => {
    const { context, told } = answeringTerminal([], "assume-yes");

    expect(await isRestWanted(context, GONE, "Plan")).toBe(true);
    expect(told).toEqual([]);
    await expect(
      isRestWanted(answeringTerminal([], "never").context, GONE, "Plan"),
    ).rejects.toMatchObject({ exitCode: 5, message: `${QUESTION} Nobody can be asked here.` });
  });

  it("is not asked about where all is there", async () => {
    const { context, told } = answeringTerminal([], "never");

    expect(await isRestWanted(context, [], "Plan")).toBe(true);
    expect(told).toEqual([]);
  });
});
