import { describe, expect, it } from "vitest";
import { answeringTerminal } from "../test-support/answering-terminal.ts";
import { confirm, confirmName } from "./confirm.ts";

describe("confirm", () => {
  it("asks each question of its own", async () => {
    const { context, told } = answeringTerminal(["y", "no"]);

    expect([await confirm(context, "Send?"), await confirm(context, "Really?")]).toEqual([
      true,
      false,
    ]);
    expect(told).toEqual(["Send? [y/N] ", "Really? [y/N] "]);
  });

  it("takes nothing for no", async () => {
    const { context } = answeringTerminal([""]);

    expect(await confirm(context, "Send?")).toBe(false);
  });

  it("asks nobody with --yes", async () => {
    const { context, told } = answeringTerminal([], "assume-yes");

    expect(await confirm(context, "Send?")).toBe(true);
    expect(told).toEqual([]);
  });

  it("refuses where nobody can be asked, and says what to do", async () => {
    const { context } = answeringTerminal([], "never");

    await expect(confirm(context, "Send?")).rejects.toMatchObject({
      exitCode: 5,
      message: "Send? Nobody can be asked here.",
      hint: "say --yes to go on without being asked",
    });
  });
});

describe("confirmName", () => {
  const name = { name: "crm", flag: "--yes-i-mean", said: undefined };

  it("has the name typed, and takes nothing else for it", async () => {
    const { context, told } = answeringTerminal(["crm", "y", ""]);

    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push(await confirmName(context, name));

    expect(answers).toEqual([true, false, false]);
    expect(told[0]).toBe("Type crm to go on. > ");
  });

  it("asks also with --yes, and takes the flag's name instead", async () => {
    const { context, told } = answeringTerminal(["crm"], "assume-yes");

    expect(await confirmName(context, { ...name, said: "crm" })).toBe(true);
    expect(told).toEqual([]);
    expect(await confirmName(context, name)).toBe(true);
  });

  it("refuses where nobody can be asked, and says what to do", async () => {
    const { context } = answeringTerminal([], "never");

    await expect(confirmName(context, name)).rejects.toMatchObject({
      exitCode: 5,
      hint: "say --yes-i-mean crm to go on without being asked",
    });
  });
});
