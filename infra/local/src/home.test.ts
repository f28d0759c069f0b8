import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveEndpoints } from "./endpoints.ts";
import { findHome, readState, removeState, writeState, type StackState } from "./home.ts";
import { startTimeOf } from "./known-process.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "millrace-home-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function state(startedAt: string): StackState {
  const server = { pid: process.pid, startedAt, log: "x.log" };
  return {
    version: 1,
    brokers: ["127.0.0.1:21111"],
    registryUrl: "http://127.0.0.1:22222/apis/ccompat/v7",
    kafka: { ...server, port: 21_111 },
    registry: { ...server, port: 22_222 },
    dataDir: "data",
  };
}

describe("findHome", () => {
  it("is MILLRACE_HOME where that is set", () => {
    expect(findHome("/", { MILLRACE_HOME: folder })).toBe(folder);
  });

  it("is the nearest .millrace upward", () => {
    mkdirSync(join(folder, ".millrace"));
    mkdirSync(join(folder, "a/b"), { recursive: true });

    expect(findHome(join(folder, "a/b"), {})).toBe(join(folder, ".millrace"));
  });

  it("is beside the nearest .git where there is no .millrace", () => {
    mkdirSync(join(folder, "a/.git"), { recursive: true });
    mkdirSync(join(folder, "a/b"), { recursive: true });

    expect(findHome(join(folder, "a/b"), {})).toBe(join(folder, "a/.millrace"));
  });

  it("is here where there is neither", () => {
    expect(findHome(folder, {})).toBe(join(folder, ".millrace"));
  });
});

describe("the state file", () => {
  it("reads back what was written, until it is removed", () => {
    writeState(folder, state("1"));
    expect(readState(folder)).toEqual(state("1"));

    removeState(folder);
    expect(readState(folder)).toBeNull();
  });

  it.each(["", "{", "[]", '{"version":2}', '{"version":1,"brokers":[],"registryUrl":"x"}'])(
    "is none when it holds %j",
    (text) => {
      writeFileSync(join(folder, "stack.json"), text);

      expect(readState(folder)).toBeNull();
    },
  );
});

describe("resolveEndpoints", () => {
  const usual = {
    brokers: ["127.0.0.1:9092"],
    registryUrl: "http://127.0.0.1:8081/apis/ccompat/v7",
    from: "default",
  };

  it("takes what the environment names", () => {
    const env = {
      MILLRACE_HOME: folder,
      KAFKA_BROKERS: "a:1, b:2,",
      SCHEMA_REGISTRY_URL: "http://r",
    };

    expect(resolveEndpoints(env)).toEqual({
      brokers: ["a:1", "b:2"],
      registryUrl: "http://r",
      from: "environment",
    });
  });

  it("takes the stack where the environment names nothing", () => {
    writeState(folder, state(String(startTimeOf(process.pid))));

    expect(resolveEndpoints({ MILLRACE_HOME: folder, KAFKA_BROKERS: "" })).toEqual({
      brokers: ["127.0.0.1:21111"],
      registryUrl: "http://127.0.0.1:22222/apis/ccompat/v7",
      from: "stack",
    });
  });

  it("keeps to the stack while its servers are away", () => {
    writeState(folder, state("1"));

    expect(resolveEndpoints({ MILLRACE_HOME: folder })).toMatchObject({
      brokers: ["127.0.0.1:21111"],
      from: "stack",
    });
  });

  it("takes the usual ports where no stack was started", () => {
    expect(resolveEndpoints({ MILLRACE_HOME: folder })).toEqual(usual);
  });
});
