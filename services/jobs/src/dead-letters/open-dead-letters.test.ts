import {
  asEpoch,
  asOffset,
  asPartition,
  asRecordKey,
  asTopic,
  type SetAsideKey,
  type SourceRecord,
} from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { readDeadLetter, readOriginal, type DeadLetter } from "./dead-letter.ts";
import { DeadLetterShelf, type Standing } from "./open-dead-letters.ts";
import { ParkedCount } from "./parked-count.ts";

/** A record of a dead-letter or parked topic, as the delivery driver writes it. */
function record(of: {
  readonly key?: string | null;
  readonly offset: number;
  readonly at: number;
  readonly headers?: Readonly<Record<string, string>>;
}): SourceRecord {
  const { key = "a", offset, at, headers = {} } = of;
  const text = {
    ...{
      ce_id: `id-${offset}`,
      ce_type: "users.ProfileUpdated",
      "millrace-reason": "HTTP_REJECTED",
    },
    ...{ "millrace-error": "HTTP 422", "millrace-http-status": "422", "millrace-attempts": "1" },
    ...{ "millrace-topic": "users", "millrace-partition": "0", "millrace-offset": `${offset}` },
    ...{ "millrace-epoch": "3", "millrace-redrive-count": "0" },
    ...headers,
  };
  const named = Object.entries(text).map(([name, value]) => [name, Buffer.from(value)] as const);
  return {
    ...{ topic: asTopic("millrace.crm.dead"), partition: asPartition(0), offset: asOffset(at) },
    ...{ timestampMs: at * 1_000, key: key === null ? null : Buffer.from(key), value: null },
    headers: Object.fromEntries(named),
  };
}

function letter(of: Parameters<typeof record>[0]): DeadLetter {
  const read = readDeadLetter(record(of));
  if (read === null) throw new Error("no dead letter");
  return read;
}

const marker = (offset: number, kind: SetAsideKey["kind"] = "quarantine"): SetAsideKey => ({
  ...{ topic: asTopic("users"), partition: asPartition(0), kind, key: asRecordKey("a") },
  ...{ offset: asOffset(offset), next: asOffset(offset), redriveCount: 0, dead: null, since: null },
  firstEpoch: asEpoch(3),
});

function open(letters: readonly DeadLetter[], standing: Partial<Standing> = {}) {
  const shelf = new DeadLetterShelf();
  for (const one of letters) shelf.add(one);
  const whole = { setAside: [], isResolved: () => false, holdsKeys: "yes", ...standing } as const;
  return shelf
    .open(whole)
    .map(({ offset, later, redriveCount }) => ({ offset, later, redriveCount }));
}

const VALUE = Buffer.from("value");

describe("a dead letter", () => {
  it("is read with where its event stands and why it was given up", () => {
    expect(letter({ offset: 5, at: 2 })).toMatchObject({
      ...{ topic: "users", partition: 0, offset: 5, key: "a", id: "id-5" },
      ...{ reason: "HTTP_REJECTED", error: "HTTP 422", httpStatus: 422, attemptCount: 1 },
      at: { partition: 0, offset: 2, timestampMs: 2_000 },
    });
  });

  it("is none of ours without its place", () => {
    expect(readDeadLetter({ ...record({ offset: 5, at: 2 }), headers: {} })).toBeNull();
  });

  it("has the record that it was made of, as that lay in its source", () => {
    const headers = { "millrace-timestamp": "1700" };
    const original = readOriginal({ ...record({ offset: 5, at: 2, headers }), value: VALUE });

    expect(original).toMatchObject({
      ...{ topic: "users", partition: 0, offset: 5, timestampMs: 1_700, value: VALUE },
    });
    expect(Object.keys(original?.headers ?? {})).toEqual(["ce_id", "ce_type"]);
  });

  it("has it no more where its bytes were too large, or where it is none of ours", () => {
    const headers = { "millrace-value": "omitted: too large" };

    expect(readOriginal(record({ offset: 5, at: 2, headers }))).toBeNull();
    expect(readOriginal({ ...record({ offset: 5, at: 2 }), headers: {} })).toBeNull();
  });
});

describe("open dead letters", () => {
  it("are those that a waiting key is set aside for", () => {
    const letters = [letter({ offset: 5, at: 1 }), letter({ offset: 9, at: 2, key: "b" })];

    expect(open(letters, { setAside: [marker(5)] })).toEqual([
      { offset: 5, later: "parked", redriveCount: 0 },
    ]);
    expect(open(letters, { setAside: [marker(5, "block")] })).toMatchObject([{ later: "blocked" }]);
    expect(open(letters, { setAside: [marker(5, "deferred")] })).toEqual([]);
  });

  it("are told once, as they were given up last", () => {
    const again = { "millrace-redrive-count": "1", "millrace-epoch": "4" };
    const letters = [
      letter({ offset: 5, at: 3, headers: again }),
      letter({ offset: 5, at: 1 }),
      letter({ offset: 5, at: 2 }),
    ];

    expect(open(letters, { setAside: [marker(5)] })).toEqual([
      { offset: 5, later: "parked", redriveCount: 1 },
    ]);
  });

  it("are told as a later owner gave them up, however often an earlier one had redriven them", () => {
    const earlier = { "millrace-redrive-count": "2", "millrace-epoch": "3" };
    const later = { "millrace-redrive-count": "0", "millrace-epoch": "9" };
    const letters = [
      letter({ offset: 5, at: 2, headers: later }),
      letter({ offset: 5, at: 1, headers: earlier }),
    ];

    expect(open(letters, { setAside: [marker(5)] })).toMatchObject([{ redriveCount: 0 }]);
  });

  it("are all that nobody resolved where their keys went on, or have none", () => {
    const letters = [
      letter({ offset: 5, at: 1 }),
      letter({ offset: 6, at: 2 }),
      letter({ offset: 7, at: 3, key: null }),
    ];
    const isResolved: Standing["isResolved"] = ({ offset }) => offset === 6;

    expect(open(letters, { isResolved, holdsKeys: "no" }).map(({ offset }) => offset)).toEqual([
      5, 7,
    ]);
    expect(open(letters, { isResolved }).map(({ offset }) => offset)).toEqual([7]);
  });

  it("are told by their own record where their keys went on, whatever the target does today", () => {
    const letters = [
      letter({ offset: 5, at: 1, headers: { "millrace-holds-key": "false" } }),
      letter({ offset: 6, at: 2, headers: { "millrace-holds-key": "true" } }),
      letter({ offset: 7, at: 3, key: null, headers: { "millrace-holds-key": "true" } }),
    ];

    for (const holdsKeys of ["yes", "no"] as const)
      expect(open(letters, { holdsKeys })).toMatchObject([{ offset: 5, later: "delivered" }]);
    expect(open(letters, { isResolved: () => true })).toEqual([]);
  });
});

describe("what waits behind a key", () => {
  it("is counted once an event, from its dead letter on", () => {
    const count = new ParkedCount([marker(5)]);

    for (const [at, offset] of [4, 6, 7, 6].entries()) count.add(record({ offset, at }));
    count.add(record({ offset: 8, at: 9, key: "b" }));

    expect(count.of(marker(5))).toBe(2);
    expect(count.last(marker(5))).toBe(7);
    expect(count.last({ ...marker(5), key: asRecordKey("c") })).toBeNull();
  });

  it("is not what was parked before the key was set aside, of which a part may be deleted already", () => {
    const count = new ParkedCount([{ ...marker(5), firstEpoch: asEpoch(4) }]);

    count.add(record({ offset: 90, at: 0 }));
    count.add(record({ offset: 6, at: 1, headers: { "millrace-epoch": "4" } }));

    expect(count.of(marker(5))).toBe(1);
    expect(count.last(marker(5))).toBe(6);
  });

  it("counts the deferred event itself, which is parked too", () => {
    const deferred = marker(5, "deferred");
    const count = new ParkedCount([deferred]);

    for (const [at, offset] of [5, 6].entries()) count.add(record({ offset, at }));

    expect(count.of(deferred)).toBe(2);
  });

  it("is whatever key it has where a whole partition is blocked", () => {
    const whole = { ...marker(5, "block"), key: asRecordKey("") };
    const count = new ParkedCount([whole]);

    count.add(record({ offset: 6, at: 0 }));
    count.add(record({ offset: 7, at: 1, key: null }));

    expect(count.of(whole)).toBe(2);
  });
});
