import { describe, expect, test } from "vitest";
import { loadText, problemsOf } from "../test/load-text.ts";

const main = (...include: readonly string[]): string =>
  `apiVersion: millrace/v1\ninclude: [${include.map((path) => `"${path}"`).join(", ")}]`;

const target = (name: string, more = ""): string =>
  `targets:\n  ${name}:\n    topics: [users]\n    startAt: latest\n    request: { url: https://${name}.example }\n${more}`;

describe("included files", () => {
  test("add their targets, globs in the order of names and each file once", async () => {
    const { targets, files } = await loadText(
      main("one.yaml", "targets/*.yaml", "targets/a.yaml"),
      {
        files: {
          "conf/one.yaml": target("one"),
          "conf/targets/b.yaml": target("b"),
          "conf/targets/a.yaml": `apiVersion: millrace/v1\n${target("a")}`,
          "conf/targets/readme.md": "no YAML",
        },
      },
    );

    expect([...targets.keys()]).toEqual(["one", "a", "b"]);
    expect(files).toEqual([
      "conf/millrace.yaml",
      "conf/one.yaml",
      "conf/targets/a.yaml",
      "conf/targets/b.yaml",
    ]);
  });

  test("include further files, with paths relative to themselves", async () => {
    const body = "    auth: { type: bearer, token: '${file:token}' }\n    module: map.ts";
    const { targets } = await loadText(main("teams/crm.yaml"), {
      files: {
        "conf/teams/crm.yaml": `include: [more/*.yaml]\n${target("crm", body)}`,
        "conf/teams/token": "t0ken",
        "conf/teams/map.ts": { default: { map: () => ({ url: "https://crm.example/" }) } },
        "conf/teams/more/erp.yaml": target("erp"),
      },
    });

    expect([...targets.keys()]).toEqual(["crm", "erp"]);
    expect(targets.get("crm")?.auth).toEqual({ type: "bearer", token: "t0ken" });
    expect(targets.get("crm")?.source.module?.path).toBe("map.ts");
  });

  test("may be none where a glob finds none", async () => {
    expect((await loadText(main("targets/*.yaml"))).targets.size).toBe(0);
  });

  test("are refused in a circle", async () => {
    const files = {
      "conf/a.yaml": "include: [sub/b.yaml]",
      "conf/sub/b.yaml": "\ninclude: [c.yaml, ../a.yaml]",
      "conf/sub/c.yaml": "include: [../millrace.yaml]",
    };

    expect(await problemsOf(main("a.yaml"), { files })).toEqual([
      "conf/sub/b.yaml:2:19  include[1]: includes itself: conf/millrace.yaml -> conf/a.yaml -> conf/sub/b.yaml -> conf/a.yaml",
      "conf/sub/c.yaml:1:11  include[0]: includes itself: conf/millrace.yaml -> conf/a.yaml -> conf/sub/b.yaml -> conf/sub/c.yaml -> conf/millrace.yaml",
    ]);
  });

  test("are refused for what each has wrong, all at once", async () => {
    const files = {
      "conf/a.yaml": "kafka: {}\ninclude: x",
      "conf/b.yaml": "targets: {",
      "conf/c.yaml": target("crm", "    rat: 5/s"),
    };

    expect(await problemsOf(main("a.yaml", "b.yaml", "c.yaml", "nope.yaml"), { files })).toEqual([
      "conf/a.yaml:1:1  kafka: unknown key",
      "known: apiVersion, include, targets",
      "conf/a.yaml:2:1  include: must be a list",
      expect.stringContaining("conf/b.yaml:1:11  broken YAML"),
      "conf/c.yaml:6:5  targets.crm.rat: unknown key",
      'did you mean "rate"?',
      "conf/nope.yaml:1:1  cannot be read (ENOENT)",
    ]);
  });

  test("cannot have a target that another file has", async () => {
    const files = { "conf/a.yaml": target("crm"), "conf/b.yaml": target("crm") };

    expect(await problemsOf(main("a.yaml", "b.yaml"), { files })).toEqual([
      "conf/b.yaml:2:3  targets.crm: there is a target of this name already, at conf/a.yaml:2",
    ]);
  });
});
