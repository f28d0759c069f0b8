import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { EMITTER_LIMITS } from "./options.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("the README tells the defaults that hold", () => {
  const cells = [...README.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gmu)];
  const told = new Map(cells.map(([, name = "", value = ""]) => [name, value]));

  expect(EMITTER_LIMITS).toEqual({
    bufferEventsMax: Number(told.get("bufferEventsMax")?.replace(",", "")),
    bufferBytesMax: Number(told.get("bufferBytesMax")?.replace(" MiB", "")) * 1024 * 1024,
    eventBytesMax: told.get("eventBytesMax") === "1 MiB less 1 KiB" ? 1024 * 1023 : 0,
    timeoutMs: Number(told.get("timeoutMs")?.replace(",", "")),
    onFull: told.get("onFull")?.replaceAll("`", ""),
  });
});
