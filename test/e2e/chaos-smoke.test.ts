import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import type { Judgement } from "../chaos/judging.ts";

const CHAOS = fileURLToPath(new URL("../chaos/main.ts", import.meta.url));

/** Runs the smoke profile on servers of its own; resolves to what it found. */
async function runSmoke(seed: number): Promise<Pick<Judgement, "rows" | "verdict">> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-chaos-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const flags = ["--conditions=millrace-source", "--disable-warning=TimeoutNegativeWarning"];
  const args = ["--profile", "smoke", "--seed", String(seed), "--folder", folder];
  const child = spawn(process.execPath, [...flags, CHAOS, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGTERM"));
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  await once(child, "close");
  try {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- written by the run
    return JSON.parse(readFileSync(join(folder, "results.json"), "utf8")) as Judgement;
  } catch {
    throw new Error(`the run came to no end: ${printed}`);
  }
}

it("keeps every promise while a process is killed, another stopped, and a target is down", async () => {
  const { verdict, rows } = await runSmoke(1);

  const broken = Object.entries(verdict.rulings).filter(([, { status }]) => status === "broken");
  expect(broken).toEqual([]);
  expect(rows.map(({ fault, proof }) => [fault.name, proof.isProven])).toEqual(
    expect.arrayContaining([
      ["kill", true],
      ["rolling-restart", true],
      ["server-errors", true],
    ]),
  );
  expect(rows.map(({ falseDeadLetters }) => falseDeadLetters)).toEqual([0, 0, 0]);
});
