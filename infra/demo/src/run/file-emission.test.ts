import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { flightsScene } from "../scene/flights.ts";
import { parseLines, type AcknowledgedEvent } from "../verdict/records.ts";
import { countLines, recordFileEmission } from "./file-emission.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "millrace-file-emission-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const LINES = ["N1", "N2", "N1"].map((tailNumber, index) =>
  JSON.stringify({
    type: "flights.FlightDeparted",
    time: "2013-01-01T10:00:00Z",
    tailNumber,
    index,
  }),
);

function setup(printedCount: number) {
  const path = join(folder, "events.ndjson.gz");
  writeFileSync(path, gzipSync(`${LINES.join("\n")}\n`));
  const place = { topic: "flights", partition: 3 };
  const printed = LINES.slice(0, printedCount).map((_, index) =>
    JSON.stringify({
      id: `e${index}`,
      source: "urn:s",
      type: "flights.FlightDeparted",
      ...place,
      offset: `${index}`,
    }),
  );
  writeFileSync(join(folder, "emit.out"), printed.map((line) => `${line}\n`).join(""));
  const scene = { ...flightsScene, events: { kind: "file", path } } as const;
  const recordPath = join(folder, "acknowledged.ndjson");
  const record = async (): Promise<AcknowledgedEvent[]> => {
    await recordFileEmission(scene, join(folder, "emit.out"), recordPath);
    return parseLines(readFileSync(recordPath, "utf8"));
  };
  return { path, record };
}

it("counts the events of a gzip file", async () => {
  expect(await countLines(setup(0).path)).toBe(3);
});

it("joins each line with what was printed of it; what became the envelope is no data", async () => {
  const recorded = await setup(3).record();

  expect(recorded.map(({ seq, id, key, offset }) => [seq, id, key, offset])).toEqual([
    [1, "e0", "N1", 0],
    [2, "e1", "N2", 1],
    [3, "e2", "N1", 2],
  ]);
  expect(recorded[0]?.data).toEqual({ tailNumber: "N1", index: 0 });
});

it("records no more than was printed", async () => {
  expect(await setup(2).record()).toHaveLength(2);
});
