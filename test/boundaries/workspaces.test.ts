import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

/** The arrows of the design: what each kind of workspace may depend on. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  engine: [],
  stack: [],
  adapter: ["engine", "schemas"],
  library: ["engine", "schemas", "adapter"],
  app: ["engine", "schemas", "adapter", "library", "stack"],
  demo: ["stack"],
  test: ["schemas", "engine", "stack", "adapter", "library", "app", "demo"],
};

const KINDS = Object.keys(ALLOWED);
const root = execFileSync("git", ["rev-parse", "--show-toplevel"], { encoding: "utf8" }).trim();
const turbo = join(root, "node_modules", ".bin", "turbo");

/** A workspace of one file, which uses another's. */
interface Fixture {
  readonly name: string;
  readonly kind: string;
  readonly uses: string | null;
}

function writeWorkspace(folder: string, { name, kind, uses }: Fixture): void {
  const at = join(folder, "packages", name);
  mkdirSync(at, { recursive: true });
  const dependencies = uses === null ? {} : { [`@fixture/${uses}`]: "0.0.0" };
  const manifest = { name: `@fixture/${name}`, version: "0.0.0", type: "module", dependencies };
  writeFileSync(join(at, "package.json"), JSON.stringify({ ...manifest, exports: "./index.ts" }));
  writeFileSync(join(at, "turbo.json"), JSON.stringify({ extends: ["//"], tags: [kind] }));
  const line = uses === null ? "export const a = 1;" : `export { a } from "@fixture/${uses}";`;
  writeFileSync(join(at, "index.ts"), `${line}\n`);
  const links = join(folder, "node_modules", "@fixture");
  mkdirSync(links, { recursive: true });
  symlinkSync(at, join(links, name));
}

/** What `turbo boundaries` says of these workspaces under the repository's own rules, on one line. */
function check(fixtures: readonly Fixture[]): { readonly isClean: boolean; readonly text: string } {
  const folder = mkdtempSync(join(tmpdir(), "millrace-boundaries-"));
  try {
    copyFileSync(join(root, "turbo.json"), join(folder, "turbo.json"));
    const manifest = { name: "fixture", private: true, packageManager: "npm@11.19.1" };
    const workspaces = ["packages/*"];
    writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, workspaces }));
    const packages = Object.fromEntries(
      fixtures.map(({ name }) => [
        `node_modules/@fixture/${name}`,
        { resolved: `packages/${name}`, link: true },
      ]),
    );
    const lock = {
      name: "fixture",
      lockfileVersion: 3,
      packages: { "": { workspaces }, ...packages },
    };
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
    for (const fixture of fixtures) writeWorkspace(folder, fixture);
    const done = spawnSync(turbo, ["boundaries", "--no-color"], { cwd: folder, encoding: "utf8" });
    const text = `${done.stdout}${done.stderr}`.replace(/\n\s*\|\s?/gu, "");
    return { isClean: done.status === 0 && text.includes("no issues found"), text };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const bases = KINDS.map((kind): Fixture => ({ name: kind, kind, uses: null }));
const arrows = KINDS.flatMap((from) =>
  KINDS.map((to) => ({ from, to, isAllowed: ALLOWED[from]?.includes(to) === true })),
);
const fixtureOf = ({ from, to }: { from: string; to: string }): Fixture => ({
  name: `${from}-uses-${to}`,
  kind: from,
  uses: to,
});

describe("boundaries between workspaces", () => {
  let said = "";
  beforeAll(() => {
    said = check([...bases, ...arrows.filter((arrow) => !arrow.isAllowed).map(fixtureOf)]).text;
  });

  it("lets every arrow of the design pass", () => {
    const allowed = arrows.filter((arrow) => arrow.isAllowed).map(fixtureOf);

    expect(check([...bases, ...allowed])).toMatchObject({ isClean: true });
  });

  it.each(arrows.filter((arrow) => !arrow.isAllowed))(
    "refuses that $from uses $to",
    ({ from, to }) => {
      expect(said).toContain(`@fixture/${from}-uses-${to}\``);
    },
  );

  it("holds for this repository", () => {
    const done = spawnSync(turbo, ["boundaries", "--no-color"], { cwd: root, encoding: "utf8" });

    expect(`${done.stdout}${done.stderr}`).toContain("no issues found");
  });
});
