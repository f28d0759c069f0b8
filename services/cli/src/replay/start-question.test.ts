import { describe, expect, it } from "vitest";
import { answeringTerminal } from "../../test-support/answering-terminal.ts";
import { isStartWanted, type StartQuestion } from "./start-question.ts";

const ITEM = {
  ...{ topic: "users", partition: 0, from: "0", to: "9", records: 9, events: 7 },
  ...{ first: null, last: null, firstTime: null, only: null },
};
const PLAN = { target: "crm", items: [ITEM, ITEM], laterKeys: null };

const SEND = "Send 14 events to crm again? [y/N] ";
const NEW_KEYS = "With new Idempotency-Keys, so that crm does all of it again? [y/N] ";

async function ask(answers: readonly string[], of: Partial<StartQuestion>) {
  const { context, told } = answeringTerminal(answers);
  const question: StartQuestion = { plan: PLAN, gone: [], mode: "repair", ...of };
  return { isWanted: await isStartWanted(context, question), told };
}

describe("the start of a replay", () => {
  it("is asked once where keys stay, and twice where they are new", async () => {
    expect(await ask(["y"], {})).toEqual({ isWanted: true, told: [SEND] });
    expect(await ask(["y", "y"], { mode: "reprocess" })).toEqual({
      ...{ isWanted: true, told: [SEND, NEW_KEYS] },
    });
  });

  it("is not wanted once either is not", async () => {
    expect(await ask(["n"], { mode: "reprocess" })).toEqual({ isWanted: false, told: [SEND] });
    expect(await ask(["y", ""], { mode: "reprocess" })).toMatchObject({ isWanted: false });
    expect(await ask(["no"], {})).toMatchObject({ isWanted: false });
  });

  it("is asked with what is gone, and after what speaks against it", async () => {
    const gone = [{ topic: "users", partition: 0, from: "0", to: "3", isExact: true }];
    const laterKeys = { count: 1, keys: ["ada\u0007"], isComplete: true };
    const { told } = await ask(["y"], { gone, plan: { ...PLAN, laterKeys } });

    expect(told).toEqual([
      expect.stringContaining("1 key has had later events than the range"),
      "3 records of the range are gone from the log (users:0: 3). " +
        "Send the 14 events that are left to crm again? [y/N] ",
    ]);
    expect(told[0]).toContain("ada\\u0007");
  });
});
