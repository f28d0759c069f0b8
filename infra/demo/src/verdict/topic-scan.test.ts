import { expect, it } from "vitest";
import { parseEnds, parseRecords } from "./topic-scan.ts";

it("reads where partitions end", () => {
  expect(parseEnds("demo.users:0:12\ndemo.users:1:0\n")).toEqual([
    { topic: "demo.users", partition: 0, end: 12 },
    { topic: "demo.users", partition: 1, end: 0 },
  ]);
});

it("reads records, with whatever stands in their headers and keys", () => {
  const fields = (offset: number, headers: string, key: string): string =>
    [`CreateTime:1700000000000`, "Partition:3", `Offset:${offset}`, headers, key].join("\u001f");
  const headers = ["ce_id:a:b", "ce_source:urn:x, y", "ce_type:users.X"].join("\u001e");
  const output = `${fields(7, headers, "null")}\n${fields(8, "NO_HEADERS", "\u001d")}\n`;

  expect(parseRecords("demo.users", output)).toEqual([
    {
      topic: "demo.users",
      partition: 3,
      offset: 7,
      timestampMs: 1_700_000_000_000,
      key: "null",
      id: "a:b",
      source: "urn:x, y",
      type: "users.X",
    },
    {
      topic: "demo.users",
      partition: 3,
      offset: 8,
      timestampMs: 1_700_000_000_000,
      key: null,
      id: null,
      source: null,
      type: null,
    },
  ]);
});
