import { describe, expect, it } from "vitest";
import { HELP, readArguments } from "./arguments.ts";

describe("the command line", () => {
  it("has defaults that serve this machine only", () => {
    expect(readArguments([])).toEqual({
      kind: "run",
      host: "127.0.0.1",
      port: 8080,
      configPath: null,
      catalogPath: null,
      apiKeysPath: null,
      admin: null,
      ackTimeoutMs: 10_000,
      graceMs: 25_000,
      logLevel: "info",
    });
  });

  it("needs keys for a host that others reach", () => {
    expect(readArguments(["--host", "0.0.0.0"])).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining("--api-keys FILE") as unknown,
    });
    expect(readArguments(["--host", "0.0.0.0", "--api-keys", "k.json"])).toMatchObject({
      kind: "run",
      apiKeysPath: "k.json",
    });
  });

  it.each(["127.0.0.1", "127.1.2.3", "::1", "localhost"])("takes %s without keys", (host) => {
    expect(readArguments(["--host", host])).toMatchObject({ kind: "run", host });
  });

  it("makes keys", () => {
    const line = "new-key --api-keys k.json --name a --scope emit:a --scope emit:b --expires 2030";

    expect(readArguments(line.split(" "))).toEqual({
      kind: "new-key",
      apiKeysPath: "k.json",
      name: "a",
      scopes: ["emit:a", "emit:b"],
      expiresAt: "2030",
    });
  });

  it("says which option is meant by one that is misspelt", () => {
    expect(readArguments(["--api-key", "k.json"])).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining("(did you mean --api-keys?)") as unknown,
    });
  });

  it.each([
    "--port x",
    "--port 65536",
    "--port -1",
    "--ack-timeout 0",
    "--log-level loud",
    "--nothing",
    "start",
    "new-key",
    "new-key --api-keys k.json",
    "--name a",
    "--host",
  ])("refuses %s as wrong use, in two lines", (line) => {
    const read = readArguments(line.split(" "));

    expect(read).toMatchObject({ kind: "usage", exitCode: 2 });
    expect("text" in read ? read.text.trim().split("\n") : []).toHaveLength(2);
  });

  it("explains itself with exit codes", () => {
    expect(readArguments(["-h"])).toEqual({ kind: "usage", text: HELP, exitCode: 0 });
    expect(HELP).toContain("Exit codes: 0 stopped as asked, 1 error, 2 wrong use, 4 no such file.");
  });
});
