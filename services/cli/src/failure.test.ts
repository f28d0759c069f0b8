import { MillraceError } from "@millrace/engine";
import { StackError } from "@millrace/local";
import { SchemaError } from "@millrace/schemas";
import { describe, expect, it } from "vitest";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import { explain } from "./failure.ts";

describe("explain", () => {
  it("says what failed and what to do, from the table of error codes", async () => {
    const { text, exitCode } = await explain(new MillraceError("COMMIT_FAILED", "commit: t/0"), {});

    expect(text).toBe("commit: t/0\n  check the brokers");
    expect(exitCode).toBe(EXIT.error);
  });

  it("does not repeat what a message says already", async () => {
    const message = "topics do not exist: t; run millrace init";

    const { text, exitCode } = await explain(new MillraceError("TOPIC_MISSING", message), {});

    expect(text).toBe(message);
    expect(exitCode).toBe(EXIT.notFound);
  });

  it.each([
    new MillraceError("CONFIG_MISSING", "configuration cannot be read: nope.yaml (ENOENT)"),
    new SchemaError("CATALOG_MISSING", "cannot read the catalog: nope.yaml"),
  ])("ends with 4 where a file that is named is not there: $code", async (error) => {
    expect((await explain(error, {})).exitCode).toBe(EXIT.notFound);
  });

  it("takes the exit code and the hint of a command's own error", async () => {
    const error = new CliError(EXIT.precondition, "not now", { hint: "later" });

    expect(await explain(error, {})).toEqual({ exitCode: 5, text: "not now\n  later" });
  });

  it("ends with 5 where the machine lacks something", async () => {
    const error = new StackError("JAVA_MISSING", { message: "no Java", hint: "install one" });

    expect(await explain(error, {})).toEqual({ exitCode: 5, text: "no Java\n  install one" });
  });

  it("lists all problems of an event where the message has one", async () => {
    const problems = [
      { pointer: "/data/a", detail: "is required" },
      { pointer: "/data/b", detail: "is required" },
    ];
    const error = new MillraceError("EMIT_INVALID", "event: /data/a is required (and 1 more)", {
      details: { problems },
    });

    expect((await explain(error, {})).text).toContain(
      "\n  /data/a is required\n  /data/b is required",
    );
  });

  it("calls a fault a fault, and shows where only to who debugs", async () => {
    const error = new TypeError("x is not a function", { cause: new Error("deeper") });

    const plain = await explain(error, {});
    const debugging = await explain(error, { MILLRACE_DEBUG: "1" });

    expect(plain.text).toBe(
      "unexpected error: x is not a function\n  MILLRACE_DEBUG=1 shows where",
    );
    expect(debugging.text).toMatch(/\n\s+at .*failure\.test/u);
    expect(debugging.text).toContain("caused by Error: deeper");
  });

  it("takes a system's error for what it is", async () => {
    const error = Object.assign(new Error("EACCES: permission denied, open 'x'"), {
      code: "EACCES",
      syscall: "open",
    });

    expect((await explain(error, {})).text).toBe("EACCES: permission denied, open 'x'");
  });
});
