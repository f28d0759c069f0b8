/** SPEC.md names real tests, real files and the defaults as they are; the code names no invariant that SPEC.md lacks. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULTS, METADATA_LENGTH_MAX, RETRY_AFTER_MAX_MS } from "@millrace/engine";
import { describe, expect, it } from "vitest";

const root = execFileSync("git", ["rev-parse", "--show-toplevel"], { encoding: "utf8" }).trim();
const engine = join(root, "services/engine");
// Tables are padded by the formatter.
const spec = readFileSync(join(engine, "SPEC.md"), "utf8").replaceAll(/ {2,}/gu, " ");
const files = (pattern: string): string[] =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", pattern], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => file.endsWith(".ts"));
const textOf = (file: string): string => readFileSync(join(root, file), "utf8");

/** Rows of the table of invariants. */
const invariants = spec
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(([, name]) => /^I\d+$/u.test(name ?? ""))
  .map(([, name = "", text = "", , places = "", proofs = ""]) => ({ name, text, places, proofs }));

describe("SPEC.md", () => {
  it("numbers its invariants in order", () => {
    expect(invariants.map(({ name }) => name)).toEqual(
      invariants.map((_, index) => `I${index + 1}`),
    );
  });

  it.each(invariants)("proves $name by tests that exist", ({ proofs }) => {
    const tests = files("services/engine/src").filter((file) => file.endsWith(".test.ts"));
    const titles = tests.map(textOf).join("\n");
    const named = [...proofs.matchAll(/"([^"]+)"/gu)].map(([, title = ""]) => title);

    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((title) => !titles.includes(`"${title}"`))).toEqual([]);
  });

  it.each(invariants)(
    "says where $name is kept, and asserted where it says so",
    ({ name, places }) => {
      for (const [, place = "", isAsserted] of places.matchAll(/`([^`]+)`( \(asserted\))?/gu)) {
        const path = join(engine, "src", place);
        expect(existsSync(path)).toBe(true);
        if (isAsserted !== undefined) expect(readFileSync(path, "utf8")).toContain(`"${name}: `);
      }
    },
  );

  it("knows every invariant that the code asserts", () => {
    const asserted = files("services/engine/src").flatMap((file) =>
      [...textOf(file).matchAll(/"(I\d+): /gu)].map(([, name = ""]) => name),
    );

    const known = invariants.map(({ name }) => name);
    expect(asserted.filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each<readonly [string, string | number]>([
    ["concurrencyMax", DEFAULTS.concurrencyMax],
    ["rate", DEFAULTS.rate.kind],
    ["retry.baseMs`, `retry.capMs", `${DEFAULTS.retry.baseMs}, ${DEFAULTS.retry.capMs}`],
    ["retry.maxAgeMs", DEFAULTS.retry.maxAgeMs],
    ["retry.maxAttempts", DEFAULTS.retry.maxAttempts.kind],
    ["commitIntervalMs", DEFAULTS.commitIntervalMs],
    ["probeIntervalMs", DEFAULTS.probeIntervalMs],
    ["RETRY_AFTER_MAX_MS", RETRY_AFTER_MAX_MS],
    ["METADATA_LENGTH_MAX", METADATA_LENGTH_MAX],
    ...Object.entries(DEFAULTS.breaker).map(([name, value]) => [`breaker.${name}`, value] as const),
    ...Object.entries(DEFAULTS.bounds).map(([name, value]) => [`bounds.${name}`, value] as const),
  ])("gives the default of %s as it is", (name, value) => {
    expect(spec).toContain(`| \`${name}\` | ${value} |`);
  });
});
