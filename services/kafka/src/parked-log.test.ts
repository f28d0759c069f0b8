import {
  asOffset,
  asPartition,
  asTopic,
  MillraceError,
  type RecordBatch,
  type SourceRecord,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import type { LogReader } from "./log-reader.ts";
import { KafkaParkedLog } from "./parked-log.ts";

const place = { topic: asTopic("millrace.crm.parked"), partition: asPartition(0) };

const record = (offset: number): SourceRecord => ({
  ...{ ...place, offset: asOffset(offset), timestampMs: 0, key: null, value: null, headers: {} },
});

/** A log of ten offsets that begins at `actual`; `told` are the answers to whoever asks where it does. */
function setup(actual: number, ...told: readonly number[]) {
  const answers = [...told];
  const reads: number[] = [];
  const reader: LogReader = {
    ranges() {
      const logStartOffset = asOffset(answers.shift() ?? actual);
      const range = { partition: place.partition, logStartOffset, logEndOffset: asOffset(10) };
      return Promise.resolve([range]);
    },
    offsetAt: () => Promise.reject(new Error("not asked for")),
    async *read([range]): AsyncGenerator<RecordBatch, void> {
      const from = range?.from ?? 0;
      reads.push(from);
      await Promise.resolve();
      if (from < actual) throw new MillraceError("OFFSETS_GONE", "not in the log");
      const records = Array.from({ length: 10 - from }, (_, index) => record(from + index));
      yield { ...place, records, logEndOffset: asOffset(10) };
    },
    close: () => Promise.resolve(),
  };
  return { log: new KafkaParkedLog(reader), reads };
}

describe("a parked log whose start is deleted between the question for it and the reading", () => {
  it("goes on where the log starts then", async () => {
    const { log, reads } = setup(5, 2, 5);

    const { records, next, isEnd } = await log.read(place, asOffset(0), 2);

    expect({ offsets: records.map(({ offset }) => offset), next, isEnd }).toEqual({
      ...{ offsets: [5, 6], next: 7, isEnd: false },
    });
    expect(reads).toEqual([2, 5]);
  });

  it("is empty when all of it was", async () => {
    const { log } = setup(10, 2);

    expect(await log.read(place, asOffset(0), 2)).toEqual({ records: [], next: 10, isEnd: true });
  });

  it("says so when the log's start does not explain it", async () => {
    const { log, reads } = setup(5, 2, 2);

    await expect(log.read(place, asOffset(0), 1)).rejects.toMatchObject({ code: "OFFSETS_GONE" });
    expect(reads).toEqual([2]);
  });
});
