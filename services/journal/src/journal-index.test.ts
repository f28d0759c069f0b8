import { asOffset, MillraceError } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { setupIndex } from "../test-support/index-bench.ts";
import { delivered, rejected, skipped, T0 } from "../test-support/pages.ts";

/** Entries at these offsets. */
const at = (...offsets: readonly number[]) =>
  offsets.map((offset) => delivered({ offset: asOffset(offset) }));

/** Lets everything run that promises have led to. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("an index that catches up", () => {
  it("has every entry of every partition as it was written", async () => {
    const { log, index, find } = await setupIndex();
    const entries = [
      delivered({ offset: asOffset(1), key: null, traceId: "0af7651916cd43dd" }),
      delivered({ offset: asOffset(2), key: { hex: "00ff" }, id: null, source: null, type: null }),
      rejected({ offset: asOffset(Number.MAX_SAFE_INTEGER - 1), settledAt: T0 + 3 }),
    ];
    log.page({ target: "crm", entries: entries.slice(0, 2) }, 0);
    log.page({ target: "crm", entries: entries.slice(2) }, 1);
    await index.catchUp();

    const expected = entries.toReversed().map((entry) => ({ ...entry, target: "crm" }));
    expect(find()).toEqual({ entries: expected, skipped: [], next: null });
    expect(index.status()).toEqual({
      ...{ pageCount: 2, entryCount: 3, unreadableCount: 0, unreadable: [] },
      settled: { from: T0 + 1, to: T0 + 3 },
    });
  });

  it("reads on from where it stands, and each page once", async () => {
    const { log, index, ids } = await setupIndex();
    log.page({ entries: at(0) }, 0);
    log.page({ entries: at(1) }, 1);
    await index.catchUp();
    log.page({ entries: at(2) }, 0);
    await index.catchUp();
    await index.catchUp();

    expect(ids()).toEqual(["id-2", "id-1", "id-0"]);
    expect(log.asked).toEqual([
      ["0:0", "1:0"],
      ["0:1", "1:1"],
      ["0:2", "1:1"],
    ]);
  });

  it("keeps an offset that was settled twice twice, in the order of time", async () => {
    const { log, index, find } = await setupIndex();
    const [again] = at(7);
    if (again === undefined) throw new Error("no entry");
    log.page({ entries: [again] }, 0);
    log.page({ entries: [{ ...again, settledAt: again.settledAt + 1_000 }] }, 0);
    await index.catchUp();

    expect(find({ id: "id-7" }).entries.map(({ settledAt }) => settledAt - T0)).toEqual([1_007, 7]);
  });

  it("tells how far it has come", async () => {
    const { log, index } = await setupIndex();
    for (let page = 0; page < 5; page += 1) log.page({ entries: at(page) });
    const seen: unknown[] = [];
    await index.catchUp({ onProgress: (progress) => seen.push(progress) });

    expect(seen.at(-1)).toEqual({ readCount: 5, totalCount: 5 });
  });

  it("keeps what it has read when it is ended early, and goes on later", async () => {
    const { log, index, ids } = await setupIndex();
    for (let page = 0; page < 6; page += 1) log.page({ entries: at(page) });
    const ending = new AbortController();
    log.onBatch = () => ending.abort();
    await index.catchUp({ signal: ending.signal });
    expect(ids()).toEqual(["id-1", "id-0"]);

    await index.catchUp();
    expect(ids()).toHaveLength(6);
  });

  it("counts and tells what it cannot read, and reads on", async () => {
    const { log, index, ids, lines } = await setupIndex();
    log.write(Buffer.from('{"v":1}'));
    log.write(null);
    log.page({ entries: at(1) });
    await index.catchUp();
    await index.catchUp();

    expect(ids()).toEqual(["id-1"]);
    expect(index.status()).toMatchObject({
      unreadableCount: 2,
      unreadable: [
        { partition: 0, offset: 0, detail: expect.stringContaining("frame") as unknown },
        { partition: 0, offset: 1 },
      ],
    });
    expect(lines).toMatchObject([{ level: "warn", fields: { count: 2, partition: 0, offset: 0 } }]);
  });

  it("fails with what the reading fails with, and goes on when that is over", async () => {
    const { log, index, ids } = await setupIndex();
    log.page({ entries: at(0) });
    const away = new MillraceError("BROKER_UNREACHABLE", "away");
    log.onBatch = () => {
      throw away;
    };
    await expect(index.catchUp()).rejects.toBe(away);

    log.onBatch = () => undefined;
    await index.catchUp();
    expect(ids()).toEqual(["id-0"]);
  });
});

describe("an index and retention", () => {
  it("forgets the pages below the log's start, and nothing else", async () => {
    const { log, index, ids, find } = await setupIndex();
    log.page({ entries: at(0, 1), skipped: [skipped(100, 110)] }, 0);
    log.page({ entries: at(2), skipped: [skipped(110, 120)] }, 0);
    log.page({ entries: at(1) }, 1);
    log.write(Buffer.from("no page"), 1);
    await index.catchUp();
    log.truncate(1, 0);
    await index.catchUp();

    expect(ids()).toEqual(["id-2", "id-1"]);
    const runsAt = (offset: number): number =>
      find({ place: { topic: "users", partition: 0, offset } }).skipped.length;
    expect([runsAt(105), runsAt(115)]).toEqual([0, 1]);

    log.truncate(2, 1);
    await index.catchUp();
    expect(ids()).toEqual(["id-2"]);
    expect(index.status()).toMatchObject({ pageCount: 1, entryCount: 1, unreadableCount: 0 });
  });

  it("forgets any number of pages", async () => {
    const { log, index, ids } = await setupIndex();
    for (let page = 0; page < 100; page += 1) log.page({ entries: at(page) });
    await index.catchUp();
    log.truncate(99);
    await index.catchUp();

    expect(ids()).toEqual(["id-99"]);
  });

  it("goes on at the log's start when retention has passed it", async () => {
    const { log, index, ids } = await setupIndex();
    log.page({ entries: at(0) });
    await index.catchUp();
    log.page({ entries: at(1) });
    log.page({ entries: at(2) });
    log.truncate(2);
    await index.catchUp();

    expect(ids()).toEqual(["id-2"]);
  });

  it("begins a pass again when retention is faster than it", async () => {
    const { log, index, ids } = await setupIndex();
    for (let page = 0; page < 6; page += 1) log.page({ entries: at(page) });
    log.onBatch = () => log.truncate(4);
    await index.catchUp();

    expect(ids()).toEqual(["id-5", "id-4"]);
  });
});

describe("an index of a topic that was made anew", () => {
  it("begins anew when the log is shorter than what it has", async () => {
    const { log, index, ids } = await setupIndex();
    log.page({ entries: at(0) });
    log.page({ entries: at(1) });
    await index.catchUp();
    log.recreate();
    log.page({ entries: at(9) });
    await index.catchUp();

    expect(ids()).toEqual(["id-9"]);
  });
});

describe("an index that follows", () => {
  it("has what comes, until it is ended", async () => {
    const { log, index, ids } = await setupIndex();
    log.page({ entries: at(0) });
    const ending = new AbortController();
    const following = index.follow(ending.signal);
    await settled();
    expect(ids()).toEqual(["id-0"]);

    log.page({ entries: at(1) }, 1);
    await settled();
    expect(ids()).toEqual(["id-1", "id-0"]);

    ending.abort();
    await following;
    log.page({ entries: at(2) });
    await settled();
    expect(ids()).toHaveLength(2);
  });
});
