import {
  asOffset,
  asPartition,
  asTopic,
  type DoneRun,
  type RecordBatch,
  type SourceRecord,
} from "@millrace/engine";
import type { ReadRange } from "@millrace/kafka";
import { describe, expect, it } from "vitest";
import { headOfLine } from "./head-of-line.ts";

const PLACE = { topic: asTopic("users"), partition: asPartition(0) };
const BATCH = 3;

function recordAt(offset: number): SourceRecord {
  const rest = { timestampMs: 0, key: null, value: null, headers: {} };
  return { ...PLACE, offset: asOffset(offset), ...rest };
}

/** A log with records at these offsets only, which hands over three at a time and notes where it was read from. */
class FakeLog {
  readonly readFrom: number[] = [];
  readonly #offsets: readonly number[];

  constructor(offsets: readonly number[]) {
    this.#offsets = offsets;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port's form
  async *read([range]: readonly ReadRange[]): AsyncGenerator<RecordBatch, void> {
    const { from = 0, to = Infinity } = range ?? {};
    this.readFrom.push(from);
    const wanted = this.#offsets.filter((offset) => offset >= from && offset < to);
    for (let start = 0; start < wanted.length; start += BATCH) {
      const records = wanted.slice(start, start + BATCH).map(recordAt);
      yield { ...PLACE, records, logEndOffset: asOffset(100) };
    }
  }
}

async function headIn(
  log: FakeLog,
  of: { readonly from: number; readonly to: number; readonly doneRuns?: readonly DoneRun[] },
): Promise<number | null> {
  const { from, to, doneRuns = [] } = of;
  const range = { from: asOffset(from), to: asOffset(to) };
  const head = await headOfLine(log, { ...PLACE, ...range, doneRuns });
  return head.kind === "record" ? head.record.offset : null;
}

describe("headOfLine", () => {
  it("is the record at the committed offset", async () => {
    expect(await headIn(new FakeLog([4, 5, 6]), { from: 5, to: 7 })).toBe(5);
  });

  it("is the first record above a gap that compaction left", async () => {
    expect(await headIn(new FakeLog([1, 40, 41]), { from: 5, to: 42 })).toBe(40);
  });

  it("passes over what is done, though the record at the committed offset is gone", async () => {
    const doneRuns = [{ from: 6, to: 8 }];

    expect(await headIn(new FakeLog([6, 7, 8, 9]), { from: 5, to: 10, doneRuns })).toBe(8);
  });

  it("jumps over long runs of what is done instead of reading them", async () => {
    const offsets = Array.from({ length: 80 }, (_, index) => index).filter((one) => one !== 5);
    const log = new FakeLog(offsets);
    const doneRuns = [{ from: 6, to: 75 }];

    expect(await headIn(log, { from: 5, to: 80, doneRuns })).toBe(75);
    expect(log.readFrom).toEqual([5, 75]);
  });

  it("is none where everything up to the end is done", async () => {
    const log = new FakeLog([6, 7, 8]);

    expect(await headIn(log, { from: 5, to: 9, doneRuns: [{ from: 6, to: 9 }] })).toBeNull();
    expect(await headIn(log, { from: 6, to: 9, doneRuns: [{ from: 6, to: 9 }] })).toBeNull();
    expect(log.readFrom).toEqual([5]);
  });

  it("is none where no record is left, or the log is empty", async () => {
    const log = new FakeLog([1]);

    expect(await headIn(log, { from: 5, to: 9 })).toBeNull();
    expect(await headIn(log, { from: 0, to: 0 })).toBeNull();
  });

  it("is not known where nothing comes in time", async () => {
    const silent = new FakeLog([]);
    const line = { ...PLACE, from: asOffset(5), to: asOffset(9), doneRuns: [{ from: 5, to: 6 }] };

    const head = await headOfLine(silent, line, () => AbortSignal.abort());

    expect(head).toEqual({ kind: "unread", from: 6 });
  });
});
