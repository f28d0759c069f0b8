import { describe, expect, it } from "vitest";
import { answeringTerminal } from "../../test-support/answering-terminal.ts";
import type { CommandContext } from "../context.ts";
import type { PlannedMove } from "./planned-move.ts";
import { isRewindWanted } from "./rewind-question.ts";
import type { RewindPlan } from "./rewind-text.ts";

const MOVE: PlannedMove = {
  ...{ topic: "users", partition: 0, committed: "90", to: "40", direction: "back" },
  ...{ again: 50, lost: 0, held: 0, first: null, last: null },
};

async function ask(
  answers: readonly string[],
  of: Partial<RewindPlan> & {
    readonly named?: string;
    readonly asking?: CommandContext["asking"];
  } = {},
) {
  const { context, told } = answeringTerminal(answers, of.asking);
  const plan = { items: of.items ?? [MOVE], gone: of.gone ?? [] };
  const isWanted = await isRewindWanted(context, { target: "crm", plan, named: of.named });
  return { isWanted, told };
}

const STOP = "Stop crm and have it go on from there? [y/N] ";
const NAME = "Type crm to go on. > ";

describe("the questions before a rewind", () => {
  it("are two, the second for the target's name", async () => {
    expect(await ask(["y", "crm"])).toEqual({ isWanted: true, told: [STOP, NAME] });
    expect(await ask(["y", "y"])).toEqual({ isWanted: false, told: [STOP, NAME] });
    expect(await ask(["n"])).toEqual({ isWanted: false, told: [STOP] });
  });

  it("say what retention has cut, and what will not be delivered", async () => {
    const gone = [{ topic: "users", partition: 0, from: "30", to: "40", isExact: true }];
    const { told } = await ask(["n"], { gone, items: [{ ...MOVE, lost: 1_200 }] });

    expect(told).toEqual([
      "10 records of the range are gone from the log (users:0: 10). " +
        "Stop crm and have it go on from there, without 1,200 records for good? [y/N] ",
    ]);
  });

  it("still ask for the name with --yes", async () => {
    expect(await ask(["crm"], { asking: "assume-yes" })).toEqual({ isWanted: true, told: [NAME] });
  });

  it("are both answered by the name on the command line, and by no other", async () => {
    expect(await ask([], { named: "crm", asking: "never" })).toEqual({ isWanted: true, told: [] });
    await expect(ask([], { named: "audit", asking: "never" })).rejects.toMatchObject({
      ...{ exitCode: 2, message: "--yes-i-mean names audit, and this is about crm" },
    });
  });

  it("refuse where nobody can be asked, and say what to do", async () => {
    await expect(ask([], { asking: "never" })).rejects.toMatchObject({ exitCode: 5 });
  });
});
