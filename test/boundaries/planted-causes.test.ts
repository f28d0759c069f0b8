/** Every kind of cause is planted on real Kafka: a test under `test/e2e` waits until it alone is found. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CAUSE_KINDS } from "@millrace/diagnosis";
import { describe, expect, it } from "vitest";

const root = execFileSync("git", ["rev-parse", "--show-toplevel"], { encoding: "utf8" }).trim();
const tests = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", ":(glob)test/e2e/*.test.ts"],
  { cwd: root, encoding: "utf8" },
)
  .split("\n")
  .filter((file) => file !== "")
  .map((file) => readFileSync(join(root, file), "utf8"));

/** Kinds that a text waits for, in calls of `untilAlone`. */
const plantedIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(/\buntilAlone\(\s*world,\s*"([^"]+)"/gu), ([, kind = ""]) => kind);

describe("the kinds of causes", () => {
  it("are all planted on real Kafka, each alone", () => {
    const planted = new Set(tests.flatMap(plantedIn));

    expect([...planted].toSorted()).toEqual(CAUSE_KINDS.toSorted());
  });

  it("are found missing where one is not", () => {
    expect(plantedIn('await untilAlone(world, "throttled", {});')).toEqual(["throttled"]);
    expect(plantedIn('await untilCauses(world, ["throttled"]);')).toEqual([]);
  });
});
