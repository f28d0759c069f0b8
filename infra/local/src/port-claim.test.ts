import { mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { claimPort } from "./port-claim.ts";

function setup() {
  const folder = mkdtempSync(join(tmpdir(), "port-claim-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { folder, claim: (port: number) => claimPort(port, folder) };
}

it("gives a port that is drawn twice to the first only", () => {
  const { claim } = setup();

  expect([claim(20_001), claim(20_001), claim(20_002)]).toEqual([true, false, true]);
});

it("gives a port again when its claim has run out", () => {
  const { claim, folder } = setup();
  claim(20_001);
  const longAgo = new Date(Date.now() - 200_000);
  utimesSync(join(folder, "20001"), longAgo, longAgo);

  expect([claim(20_001), claim(20_001)]).toEqual([true, false]);
});
