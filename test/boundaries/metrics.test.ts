/** The table of metrics and the code that fills them name the same ones. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { METRICS } from "@millrace/telemetry";
import { describe, expect, it } from "vitest";

const root = execFileSync("git", ["rev-parse", "--show-toplevel"], { encoding: "utf8" }).trim();
const sources = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", ":(glob)services/*/src/**/*.ts"],
  { cwd: root, encoding: "utf8" },
)
  .split("\n")
  .filter((file) => file !== "" && !file.endsWith(".test.ts"))
  .filter((file) => file !== "services/telemetry/src/metrics.ts")
  .map((file) => readFileSync(join(root, file), "utf8"));
const names: readonly string[] = Object.keys(METRICS);

/** Names handed to `counter`, `histogram` and `gauge`. */
const used = sources.flatMap((text) =>
  [...text.matchAll(/(?:counter|histogram|gauge)\(\s*"([^"]+)"/gu)].map(([, name = ""]) => name),
);

describe("metrics", () => {
  it("are all in the table", () => {
    expect(used.length).toBeGreaterThan(8);
    expect(used.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("of the table are all filled", () => {
    const unused = names.filter((name) => !sources.some((text) => text.includes(`"${name}"`)));

    expect(unused).toEqual([]);
  });

  it.each(names.filter((name) => /latency|duration|\.age\b|bytes/u.test(name)))(
    "have their unit in the name: %s",
    (name) => {
      expect(name).toMatch(/\.(?:seconds|bytes)$/u);
    },
  );

  it("are not made of keys, offsets or event ids", () => {
    const labels = sources.flatMap((text) =>
      [...text.matchAll(/\.(?:add|record)\([^;]*?\{([^}]*)\}/gu)].map(([, label = ""]) => label),
    );

    expect(labels.filter((label) => /\b(?:key|offset|eventId|id|tenant)\b/u.test(label))).toEqual(
      [],
    );
  });
});
