import { expect, it } from "vitest";
import { commandLine } from "./command-line.ts";

it("is what a shell takes apart as it was put together", () => {
  const args = ["dlq", "redrive", "--reason", "it's mended", "--key", "", "-c", "a/b.yaml"];

  expect(commandLine(args)).toBe(
    String.raw`npx millrace dlq redrive --reason 'it'\''s mended' --key '' -c a/b.yaml`,
  );
});
