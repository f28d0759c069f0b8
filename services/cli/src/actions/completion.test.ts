import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { EXIT } from "../exit-code.ts";
import { run } from "../run.ts";

/** Runs a command line, and keeps what it writes. */
async function millrace(...argv: readonly string[]) {
  const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const interrupts = { take: () => AbortSignal.abort() };
  const exitCode = await run(argv, { stdout, stderr, stdin, env: {}, interrupts });
  return { exitCode, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

describe("millrace completion", () => {
  it.each([
    ["bash", "complete -F _millrace millrace"],
    ["zsh", "compdef _millrace millrace"],
    ["fish", "complete -c millrace -f -a '(__millrace_complete)'"],
  ])("prints a script for %s that registers it and asks the program alone", async (shell, line) => {
    const { exitCode, stdout, stderr } = await millrace("completion", shell);

    expect({ exitCode, stderr }).toEqual({ exitCode: EXIT.ok, stderr: "" });
    expect(stdout.split("\n").map((one) => one.trim())).toContain(line);
    expect(stdout).toContain("__complete -- ");
    expect(stdout).not.toMatch(/redrive|--target/u);
  });

  it("begins for zsh as a function that is loaded by its name has to", async () => {
    expect((await millrace("completion", "zsh")).stdout).toMatch(/^#compdef millrace\n/u);
  });

  it("knows no other shell", async () => {
    expect(await millrace("completion", "csh")).toMatchObject({
      ...{ exitCode: EXIT.usage, stdout: "" },
      stderr: expect.stringContaining("bash, zsh, fish") as unknown,
    });
  });
});

describe("millrace __complete", () => {
  it("says first what it offers, then each word with its description", async () => {
    expect(await millrace("__complete", "--", "ren")).toEqual({
      ...{ exitCode: EXIT.ok, stderr: "" },
      stdout: expect.stringMatching(/^words\nrender\tshow the call [^\n]*\n$/u) as unknown,
    });
    expect((await millrace("__complete", "--", "-c", "")).stdout).toBe("files\n");
  });

  it("tells nothing that is wrong, and offers nothing then", async () => {
    const line = ["-c", "/no/such/file.yaml", "dlq", "list", "--target", ""];

    expect(await millrace("__complete", "--", ...line)).toEqual({
      ...{ exitCode: EXIT.ok, stdout: "words\n", stderr: "" },
    });
    expect(await millrace("__complete")).toMatchObject({ exitCode: EXIT.ok, stderr: "" });
  });

  it("is shown nowhere", async () => {
    expect((await millrace("--help")).stdout).not.toContain("__complete");
    expect((await millrace("__complete", "--", "_")).stdout).toBe("words\n");
  });
});
