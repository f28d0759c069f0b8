import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** Imports a module in a process of its own and prints everything that came with it. */
const SCRIPT = `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
await import(process.argv[1]);
console.log(JSON.stringify(loaded));
`;

/** URLs of all modules that a file loads. */
function modulesOf(file: string): readonly string[] {
  const flags = ["--conditions=millrace-source", "--input-type=module", "--eval", SCRIPT];
  const out = execFileSync(process.execPath, [...flags, path(file)], { encoding: "utf8" });
  const loaded: unknown = JSON.parse(out);
  return Array.isArray(loaded) ? loaded.map(String) : [];
}

/** What a target is called with. */
const CLIENT = /\/node_modules\/undici\/|\/services\/http\//u;

describe("a shadow replay", () => {
  it("loads nothing that could call a target", () => {
    const loaded = modulesOf("services/cli/src/actions/replay-shadow.ts");

    expect(loaded.filter((url) => url.includes("/services/preparer/"))).not.toEqual([]);
    expect(loaded.filter((url) => CLIENT.test(url))).toEqual([]);
  });

  it("would be caught when it did", () => {
    const found = modulesOf("services/http/src/index.ts").filter((url) => CLIENT.test(url));

    for (const part of ["/undici/", "/services/http/"]) {
      expect(found.some((url) => url.includes(part))).toBe(true);
    }
  });
});
