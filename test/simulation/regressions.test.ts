import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import { readPlanFile } from "./plan-file.ts";
import { runSeed } from "./seed-run.ts";

const FOLDER = fileURLToPath(new URL("./regressions/", import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

describe("worlds in which a promise was once broken", () => {
  it.each(files)("keep every promise: %s", async (name) => {
    const { plan, suppressed } = readPlanFile(`${FOLDER}${name}`);

    const { broken, result } = await runSeed(plan.seed, { plan, suppressed });

    expect({ broken, failures: result.failures }).toEqual({ broken: [], failures: [] });
  });
});
