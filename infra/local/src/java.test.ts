import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findJava, parseJavaMajor, type JavaSearch } from "./java.ts";

describe("parseJavaMajor", () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17],
    ['java version "1.8.0_392"', 8],
    ['openjdk version "25" 2025-09-16 LTS', 25],
    ['openjdk version "26-ea" 2026-03-17', 26],
    ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21.0.2" 2024-01-16', 21],
    ["command not found", null],
  ])("reads %j as %s", (output, major) => {
    expect(parseJavaMajor(output)).toBe(major);
  });
});

describe("findJava", () => {
  let place = "";
  beforeEach(() => (place = mkdtempSync(join(tmpdir(), "millrace-java-"))));
  afterEach(() => rmSync(place, { recursive: true }));

  function install(folder: string, version: string): string {
    const bin = join(place, folder, "bin");
    mkdirSync(bin, { recursive: true });
    const command = join(bin, "java");
    writeFileSync(command, `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`);
    chmodSync(command, 0o755);
    return command;
  }

  function search(env: NodeJS.ProcessEnv, majorMin = 21): JavaSearch {
    return { neededBy: "the test", majorMin, env, folders: [join(place, "jvm")] };
  }

  it("takes JAVA_HOME before PATH before the usual folders", () => {
    const home = install("home", "21.0.1");
    install("path", "22");
    const usual = install("jvm/jdk-23", "23");
    const PATH = join(place, "path/bin");

    expect(findJava(search({ PATH, JAVA_HOME: join(place, "home") })).command).toBe(home);
    expect(findJava(search({ PATH })).major).toBe(22);
    expect(findJava(search({ PATH: "/nowhere" })).command).toBe(usual);
  });

  it("passes over one that is too old for one that is new enough", () => {
    install("path", "17.0.15");
    const usual = install("jvm/jdk-25", "25");

    expect(findJava(search({ PATH: join(place, "path/bin") }))).toEqual({
      command: usual,
      major: 25,
    });
  });

  it("names what is too old, and what to do", () => {
    const old = install("jvm/jdk-17", "17.0.15");

    expect(() => findJava(search({ PATH: "/nowhere", JAVA_HOME: "/nowhere" }))).toThrow(
      expect.objectContaining({
        code: "JAVA_TOO_OLD",
        message: expect.stringContaining(`needs 21, but ${old} is 17`) as unknown,
        hint: expect.stringMatching(/JDK 21 .* JAVA_HOME/u) as unknown,
      }),
    );
  });

  it("says when there is none, with what needs it", () => {
    expect(() => findJava(search({ PATH: "/nowhere" }))).toThrow(
      expect.objectContaining({
        code: "JAVA_MISSING",
        message: expect.stringContaining("no Java found for the test") as unknown,
      }),
    );
  });
});
