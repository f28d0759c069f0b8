import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadConfig } from "./load-config.ts";

const SCHEMA = {
  type: "record",
  name: "Ping",
  namespace: "x",
  fields: [{ name: "n", type: "int" }],
};
const CATALOG = [
  "apiVersion: millrace/v1",
  "topics:",
  "  pings: { partitions: 1, retention: 1d }",
  "  millrace.state: { partitions: 1, retention: 1d }",
  "events:",
  "  x.Ping: { topic: pings, schema: Ping.avsc, owner: me }",
].join("\n");
const TARGET = (name: string): string =>
  `targets: { ${name}: { topics: [pings], startAt: latest, request: { url: https://t.example } } }`;

describe("on disk", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-config-"));
    await mkdir(join(folder, "targets", "deep"), { recursive: true });
    const files = {
      "catalog.yaml": CATALOG,
      "Ping.avsc": JSON.stringify(SCHEMA),
      "broken.yaml": CATALOG.replace("1d }", "1x }"),
      "targets/b.yaml": TARGET("b"),
      "targets/a.yaml": TARGET("a"),
      "targets/deep/c.yml": TARGET("c"),
    };
    for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function load(...lines: readonly string[]) {
    const path = join(folder, "millrace.yaml");
    await writeFile(path, ["apiVersion: millrace/v1", ...lines].join("\n"));
    return await loadConfig(path, { env: {} });
  }

  test("globs find files in order, whichever way paths are written", async () => {
    const relative = await load(
      "namespace: own",
      "catalog: ./catalog.yaml",
      "include: [targets/*.yaml, 'targets/**/*.yml']",
    );
    const absolute = await load(
      "namespace: own",
      `catalog: ${folder}/catalog.yaml`,
      `include: ["${folder}/targets/{a,b}.yaml"]`,
    );

    expect([...relative.targets.keys()]).toEqual(["a", "b", "c"]);
    expect([...absolute.targets.keys()]).toEqual(["a", "b"]);
    expect(relative.catalogPath).toBe(join(folder, "catalog.yaml"));
  });

  test("a catalog that does not hold is told with its own lines", async () => {
    await expect(load("catalog: broken.yaml", "targets: 1")).rejects.toThrow(
      new RegExp(
        "^configuration: 2 problems\n" +
          ".*/broken.yaml:3:\\d+  topics.pings.retention: retention must be forever.*\n" +
          ".*/millrace.yaml:3:1  targets: must be a map of keys$",
      ),
    );
  });

  test("a catalog cannot have a topic of Millrace's own", async () => {
    await expect(load("catalog: catalog.yaml")).rejects.toThrow(
      "namespace: the catalog has the topic millrace.state, which is one of Millrace's own",
    );
  });
});
