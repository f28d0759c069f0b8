import { ESLint } from "eslint";
import { describe, expect, it } from "vitest";

import { execFileSync } from "node:child_process";

const root = execFileSync("git", ["rev-parse", "--show-toplevel"], { encoding: "utf8" }).trim();
const eslint = new ESLint({ cwd: root });

/** The rules that fire when a file of the engine's core holds this text. */
async function broken(code: string, filePath: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(code, { filePath });
  return result?.messages.map((message) => message.ruleId) ?? [];
}

describe("lint", () => {
  it.each([
    ["reads the clock", "export const at = Date.now();", "no-restricted-globals"],
    ["reads the clock by a detour", "export const at = globalThis.Date;", "no-restricted-globals"],
    ["draws randomness", "export const dice = Math.random();", "no-restricted-properties"],
    ["waits", "export async function wait() { await null; }", "no-restricted-syntax"],
    ["imports a workspace", 'export { a } from "@millrace/kafka";', "no-restricted-imports"],
    ["imports Node", 'export { readFile } from "node:fs";', "no-restricted-imports"],
    ["imports the driver", 'export { a } from "../../driver/inbox.ts";', "no-restricted-imports"],
  ])("refuses a core that %s", async (_, code, rule) => {
    expect(await broken(code, "services/engine/src/core/lanes/identity.ts")).toContain(rule);
  });

  it("refuses imports that run in a circle", async () => {
    const code =
      'import { OffsetTracker } from "../offsets/offset-tracker.ts";\nexport const a = OffsetTracker;';

    expect(await broken(code, "services/engine/src/core/lanes/identity.ts")).toContain(
      "import-x/no-cycle",
    );
  });

  it.each(["it.skip", "test.only", "describe.todo", "it.fails"])(
    "refuses %s in a test",
    async (call) => {
      const code = `${call}("x", () => undefined);`;

      expect(await broken(code, "test/boundaries/purity.test.ts")).toContain(
        "no-restricted-syntax",
      );
    },
  );

  it("refuses a test that is tried again until it passes", async () => {
    const code = 'it("x", { retry: 3 }, () => undefined);';

    expect(await broken(code, "test/boundaries/purity.test.ts")).toContain("no-restricted-syntax");
  });

  it("refuses to reach into another workspace's inside", async () => {
    const code = 'export { step } from "@millrace/engine/src/core/step.ts";';

    expect(await broken(code, "services/kafka/src/index.ts")).toContain("no-restricted-imports");
  });
});
