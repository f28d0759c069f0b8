import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const MODULES = join(ROOT, "node_modules");
const CONSUMER = `
import { createEmitter, type Receipt } from "@millrace/emitter";
export const emit = createEmitter;
export const offsetOf = (receipt: Receipt): number => receipt.offset;
`;

const place = mkdtempSync(join(tmpdir(), "millrace-consumer-"));
afterAll(() => rmSync(place, { recursive: true }));

/** A folder as it is after `npm install @millrace/emitter`: what is packed, and third parties. */
beforeAll(() => {
  run(
    process.execPath,
    [join(MODULES, "typescript/bin/tsc"), "-b", "services/emitter/tsconfig.build.json"],
    ROOT,
  );
  mkdirSync(join(place, "node_modules/@millrace"), { recursive: true });
  for (const name of readdirSync(MODULES))
    if (!name.startsWith(".") && name !== "@millrace")
      symlinkSync(join(MODULES, name), join(place, "node_modules", name));
  install("@millrace/emitter", new Set());
});

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function install(name: string, installed: Set<string>): void {
  if (!name.startsWith("@millrace/") || installed.has(name)) return;
  installed.add(name);
  const folder = join(place, "node_modules", name);
  mkdirSync(folder, { recursive: true });
  const packed = run(
    "npm",
    ["pack", "--loglevel=error", "--pack-destination", folder],
    join(MODULES, name),
  );
  run("tar", ["-xzf", packed.trim().split("\n").at(-1) ?? "", "--strip-components=1"], folder);
  for (const dependency of dependenciesOf(folder)) install(dependency, installed);
}

function dependenciesOf(folder: string): string[] {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (typeof manifest !== "object" || manifest === null || !("dependencies" in manifest)) return [];
  return Object.keys(manifest.dependencies ?? {});
}

it("gives plain JavaScript that Node runs from node_modules", () => {
  const code =
    'import { createEmitter } from "@millrace/emitter"; console.log(typeof createEmitter)';

  expect(run(process.execPath, ["--input-type=module", "-e", code], place)).toBe("function\n");
});

it("gives types that a strict consumer compiles against", () => {
  writeFileSync(join(place, "package.json"), '{ "type": "module" }');
  writeFileSync(join(place, "consumer.ts"), CONSUMER);
  const tsc = join(MODULES, "typescript/bin/tsc");
  const options = [
    "--strict",
    "--noEmit",
    "--module",
    "nodenext",
    "--target",
    "es2024",
    "--types",
    "node",
  ];

  expect(run(process.execPath, [tsc, ...options, "--skipLibCheck", "consumer.ts"], place)).toBe("");
});

it("ships no tests", () => {
  const files = readdirSync(join(place, "node_modules/@millrace"), { recursive: true });

  expect(files.filter((file) => String(file).includes(".test."))).toEqual([]);
});
