import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { confirm } from "./confirm.ts";
import { Terminal } from "./output/terminal.ts";

/** A terminal whose person gives these answers, one for each question. */
function setup(answers: readonly string[], asking: "ask" | "assume-yes" | "never" = "ask") {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const error = Object.assign(new PassThrough(), { isTTY: true });
  const questions: string[] = [];
  const left = [...answers];
  error.on("data", (text: Buffer) => {
    questions.push(String(text));
    input.write(`${left.shift() ?? ""}\n`);
  });
  const output = new PassThrough();
  const terminal = new Terminal({ output, error, env: {}, verbosity: "normal", colour: "never" });
  return { context: { asking, input, terminal }, questions };
}

describe("confirm", () => {
  it("asks each question of its own", async () => {
    const { context, questions } = setup(["y", "no"]);

    expect([await confirm(context, "Send?"), await confirm(context, "Really?")]).toEqual([
      true,
      false,
    ]);
    expect(questions).toEqual(["Send? [y/N] ", "Really? [y/N] "]);
  });

  it("takes nothing for no", async () => {
    const { context } = setup([""]);

    expect(await confirm(context, "Send?")).toBe(false);
  });

  it("asks nobody with --yes", async () => {
    const { context, questions } = setup([], "assume-yes");

    expect(await confirm(context, "Send?")).toBe(true);
    expect(questions).toEqual([]);
  });

  it("refuses where nobody can be asked, and says what to do", async () => {
    const { context } = setup([], "never");

    await expect(confirm(context, "Send?")).rejects.toMatchObject({
      exitCode: 5,
      message: "Send? Nobody can be asked here.",
      hint: "say --yes to go on without being asked",
    });
  });
});
