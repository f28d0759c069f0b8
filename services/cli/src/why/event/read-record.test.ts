import {
  asOffset,
  asPartition,
  asTopic,
  MillraceError,
  type PartitionRange,
  type SourceRecord,
} from "@millrace/engine";
import type { LogReader } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { assertInLog, readRecord, recordFact } from "./read-record.ts";

const RANGE: PartitionRange = {
  ...{ partition: asPartition(3), logStartOffset: asOffset(10), logEndOffset: asOffset(50) },
};

function record(offset: number, headers: Readonly<Record<string, string>> = {}): SourceRecord {
  const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const);
  return {
    ...{ topic: asTopic("users"), partition: asPartition(3), offset: asOffset(offset) },
    ...{ timestampMs: 7, key: Buffer.from("k"), value: null, headers: Object.fromEntries(bytes) },
  };
}

/** A reader of one partition from 10 up to 50, which has these records of it. */
function readerOf(records: readonly SourceRecord[], error: Error | null = null) {
  const reader: Pick<LogReader, "ranges" | "read"> = {
    ranges: () => Promise.resolve([RANGE]),
    // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous
    async *read([range]) {
      if (error !== null) throw error;
      const found = records.filter(({ offset }) => offset === range?.from);
      if (found.length === 0) return;
      const [topic, partition] = [asTopic("users"), asPartition(3)];
      yield { topic, partition, records: found, logEndOffset: RANGE.logEndOffset };
    },
  };
  return reader;
}

const place = (offset: number, partition = 3) => ({ topic: "users", partition, offset });

describe("the record at a place", () => {
  it("is read where it stands", async () => {
    expect(await readRecord(readerOf([record(42)]), place(42))).toMatchObject({ offset: 42 });
  });

  it("is gone below the log's start, also where retention runs meanwhile", async () => {
    const gone = new MillraceError("OFFSETS_GONE", "gone");

    expect(await readRecord(readerOf([]), place(9))).toBe("gone");
    expect(await readRecord(readerOf([], gone), place(42))).toBe("gone");
  });

  it("is none where the log has left it out, beyond its end, and where there is no such partition", async () => {
    const reader = readerOf([record(42)]);

    expect(await readRecord(reader, place(43))).toBe("none");
    expect(await readRecord(reader, place(50))).toBe("none");
    expect(await readRecord(reader, place(42, 4))).toBe("none");
  });

  it("has to be in the log, or have been, where someone names it", async () => {
    await expect(assertInLog(readerOf([]), place(49))).resolves.toBeUndefined();
    await expect(assertInLog(readerOf([]), place(9))).resolves.toBeUndefined();
    await expect(assertInLog(readerOf([]), place(50))).rejects.toMatchObject({
      ...{ exitCode: 4, message: "users:3 has no offset 50 yet" },
      hint: "its log goes from 10 up to 50",
    });
    await expect(assertInLog(readerOf([]), place(42, 4))).rejects.toMatchObject({
      ...{ exitCode: 4, message: "users has no partition 4", hint: "it has 1, from 0 on" },
    });
  });
});

describe("what a record says", () => {
  it("is its key, its envelope and what caused it", () => {
    const headers = {
      ...{ ce_specversion: "1.0", ce_id: "e-1", ce_source: "/orders", ce_type: "users.Updated" },
      ...{ ce_causationid: "c-1", ce_correlationid: "k-1", traceparent: "00-aa-bb-01" },
    };

    expect(recordFact(record(42, headers))).toEqual({
      ...{ at: 7, key: "k" },
      envelope: {
        ...{ id: "e-1", source: "/orders", type: "users.Updated", subject: null, time: null },
        ...{ causationId: "c-1", correlationId: "k-1", traceparent: "00-aa-bb-01" },
      },
    });
  });

  it("is its coordinates alone where its headers are no envelope", () => {
    expect(recordFact(record(42))).toEqual({ at: 7, key: "k", envelope: null });
    expect(recordFact("gone")).toBe("gone");
  });
});
