import { describe, expect, it } from "vitest";
import { answeringTerminal } from "../test-support/answering-terminal.ts";
import { confirm } from "./confirm.ts";

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
