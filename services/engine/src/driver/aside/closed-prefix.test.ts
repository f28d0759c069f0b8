import { describe, expect, it } from "vitest";
import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  type TopicPartition,
} from "../../core/lanes/identity.ts";
import type { SourceRecord } from "../../ports.ts";
import { ClosedPrefix, type AsideKind, type AsideKnowledge } from "./closed-prefix.ts";
import type { SetAsideKey } from "./set-aside-keys.ts";

const USERS: TopicPartition = { topic: asTopic("users"), partition: asPartition(0) };
const ORDERS: TopicPartition = { topic: asTopic("orders"), partition: asPartition(0) };

interface RecordOf {
  readonly of?: TopicPartition;
  readonly key?: string | null;
  readonly redriveCount?: number | null;
  readonly holdsKey?: boolean | null;
  readonly timestampMs?: number;
  readonly epoch?: number;
}

/** A record of an own topic, of the event at an offset of its source. */
function record(offset: number, of: RecordOf = {}): SourceRecord {
  const { key = "a", redriveCount = 0, holdsKey = true, timestampMs = 0, epoch = 3 } = of;
  const { topic, partition } = of.of ?? USERS;
  const texts = {
    "millrace-topic": topic,
    "millrace-partition": partition,
    "millrace-offset": offset,
    "millrace-redrive-count": redriveCount,
    "millrace-holds-key": holdsKey,
    "millrace-epoch": epoch,
  };
  const headers = Object.entries(texts).flatMap(([name, text]) =>
    text === null ? [] : [[name, Buffer.from(String(text))] as const],
  );
  return {
    ...{ topic: asTopic("millrace.crm.dead"), partition: asPartition(0), offset: asOffset(0) },
    ...{ timestampMs, value: null, key: key === null ? null : Buffer.from(key) },
    headers: Object.fromEntries(headers),
  };
}

function marker(offset: number, of: Partial<SetAsideKey> = {}): SetAsideKey {
  return {
    ...{ ...USERS, kind: "quarantine", key: asRecordKey("a"), offset: asOffset(offset) },
    ...{ next: asOffset(offset), redriveCount: 0, dead: null, since: null },
    ...{ firstEpoch: asEpoch(3), ...of },
  };
}

/** What of these stays first, by its place among them. All is settled and nothing is resolved unless it is said. */
function firstKept(
  kind: AsideKind,
  records: readonly SourceRecord[],
  known: Partial<AsideKnowledge> = {},
) {
  const numbered = records.map((one, index) => ({ ...one, offset: asOffset(index) }));
  const judge = new ClosedPrefix({
    ...{ setAside: [], isSettled: () => true, isResolved: () => false, keptFromMs: 1_000 },
    ...known,
  });
  const kept = judge.firstKept(kind, numbered);
  return kept === null ? null : `${kept.offset} ${kept.why}`;
}

describe("a dead letter", () => {
  it("is closed when its event is settled and its key set aside no more", () => {
    expect(firstKept("dead", [record(5), record(9)])).toBeNull();
  });

  it("is open while its event is not known to be settled: its marker may be on its way", () => {
    const isSettled: AsideKnowledge["isSettled"] = ({ offset }) => offset < 9;

    expect(firstKept("dead", [record(5), record(9)], { isSettled })).toBe("1 open");
  });

  it.each(["quarantine", "block"] as const)("is open while its key is in %s for it", (kind) => {
    expect(firstKept("dead", [record(5)], { setAside: [marker(5, { kind })] })).toBe("0 open");
  });

  it("is open while its key waits for an earlier event: it may be given up again on its way back", () => {
    expect(firstKept("dead", [record(9)], { setAside: [marker(5)] })).toBe("0 open");
  });

  it("is closed when its key waits for a later event", () => {
    expect(firstKept("dead", [record(5), record(9)], { setAside: [marker(9)] })).toBe("1 open");
  });

  it("is closed when the same event was redriven and given up again after it", () => {
    const letters = [record(5), record(5, { redriveCount: 1 }), record(5, { redriveCount: 2 })];

    const again = { setAside: [marker(5, { redriveCount: 1 })] };

    expect(firstKept("dead", letters, again)).toBe("1 open");
    expect(firstKept("dead", letters.slice(2), again)).toBe("0 open");
  });

  it("is open for its key's marker where it does not say how often it was redriven", () => {
    const again = { setAside: [marker(5, { redriveCount: 1 })] };

    expect(firstKept("dead", [record(5, { redriveCount: null })], again)).toBe("0 open");
  });

  it("is not kept by markers of other keys, partitions and topics", () => {
    const setAside = [
      marker(5, { key: asRecordKey("b") }),
      marker(5, { partition: asPartition(1) }),
      marker(5, ORDERS),
    ];

    expect(firstKept("dead", [record(5)], { setAside })).toBeNull();
    expect(firstKept("dead", [record(5), record(5, { of: ORDERS })], { setAside })).toBe("1 open");
  });

  it("is kept by the marker of a whole partition, whatever its key", () => {
    const setAside = [marker(5, { kind: "block", key: asRecordKey("") })];

    expect(firstKept("dead", [record(5)], { setAside })).toBe("0 open");
  });

  it("is kept by any key of its partition where its own did not fit into the record", () => {
    const letter = record(5, { key: null });

    expect(firstKept("dead", [letter], { setAside: [marker(5)] })).toBe("0 open");
    expect(firstKept("dead", [letter], { setAside: [marker(6)] })).toBeNull();
  });

  it.each([false, null])("is open until it is resolved where its key went on: %s", (holdsKey) => {
    const letters = [record(5, { key: null, holdsKey }), record(9, { holdsKey })];
    const isResolved: AsideKnowledge["isResolved"] = ({ offset }) => offset === 5;

    expect(firstKept("dead", letters)).toBe("0 open");
    expect(firstKept("dead", letters, { isResolved })).toBe("1 open");
    expect(firstKept("dead", letters, { isResolved: () => true })).toBeNull();
  });

  it("is open for its key's marker although it was resolved before: it was given up anew", () => {
    const standing = { setAside: [marker(5)], isResolved: () => true };

    expect(firstKept("dead", [record(5, { holdsKey: false })], standing)).toBe("0 open");
    expect(firstKept("dead", [record(5)], { isSettled: () => false, isResolved: () => true })).toBe(
      "0 open",
    );
  });

  it("is asked for with what tells whether a resolution is of it", () => {
    const asked: unknown[] = [];
    const isResolved: AsideKnowledge["isResolved"] = (letter) => asked.push(letter) > 0;

    firstKept("dead", [record(5, { holdsKey: false, timestampMs: 70 })], { isResolved });

    expect(asked).toEqual([{ ...USERS, offset: 5, writtenAtMs: 70, holdsKey: false }]);
  });
});

describe("a parked event", () => {
  it("is closed where it was parked before its key was set aside: it is parked again behind the marker", () => {
    const records = [record(6, { epoch: 2 }), record(6)];

    expect(firstKept("parked", records, { setAside: [marker(5)] })).toBe("1 open");
  });

  it("is closed when its key is set aside no more", () => {
    expect(firstKept("parked", [record(6), record(7)])).toBeNull();
  });

  it.each(["quarantine", "block", "deferred"] as const)(
    "is open while its key is set aside: %s",
    (kind) => {
      const setAside = [marker(5, { kind })];

      expect(firstKept("parked", [record(5)], { setAside })).toBe("0 open");
      expect(firstKept("parked", [record(6)], { setAside })).toBe("0 open");
    },
  );

  it("is closed when its key's way back has come by it", () => {
    const setAside = [marker(5, { next: asOffset(8) })];

    expect(firstKept("parked", [record(6), record(7), record(8)], { setAside })).toBe("2 open");
  });

  it("is closed when it stands before the marker of its key", () => {
    expect(firstKept("parked", [record(4), record(6)], { setAside: [marker(5)] })).toBe("1 open");
  });

  it("is open for each source whose key is set aside, whoever owns it", () => {
    const records = [record(6), record(6, { of: ORDERS })];

    expect(firstKept("parked", records, { setAside: [marker(5, ORDERS)] })).toBe("1 open");
  });

  it("is judged by the marker of a whole partition, whatever its key", () => {
    const setAside = [marker(5, { key: asRecordKey("") })];

    expect(firstKept("parked", [record(6, { key: "b" })], { setAside })).toBe("0 open");
    expect(firstKept("parked", [record(6, { key: null })], { setAside })).toBe("0 open");
  });

  it("is closed whether its event is settled or not: who has not settled it parks it again", () => {
    expect(firstKept("parked", [record(6)], { isSettled: () => false })).toBeNull();
  });
});

describe("what stays in any case", () => {
  it.each(["dead", "parked"] as const)("is what is young: %s", (kind) => {
    const records = [record(5, { timestampMs: 1_000 }), record(6, { timestampMs: 1_001 })];

    expect(firstKept(kind, records)).toBe("1 young");
  });

  it.each(["dead", "parked"] as const)("is what this version cannot read: %s", (kind) => {
    expect(firstKept(kind, [record(5), { ...record(6), headers: {} }])).toBe("1 unreadable");
  });

  it("is nothing of nothing", () => {
    expect(firstKept("dead", [])).toBeNull();
  });
});
