import { describe, expect, it } from "vitest";
import {
  at,
  delivery,
  entry,
  facts,
  lane,
  letter,
  now,
  only,
  OPEN,
  owned,
  parked,
  PLACE,
  quarantine,
  RECORD,
  rejected,
  SETTLED,
} from "../../test-support/event-facts.ts";
import { tellStory } from "./tell-story.ts";

describe("an event that is not settled", () => {
  it("is shown as its owner has it, with its last failure and its next attempt", () => {
    const partitions = [owned({ failing: [lane()], failingCount: 1 })];

    expect(only({ reading: OPEN, now: now({ partitions }) })).toMatchObject({
      ...{ attempts: 1, reading: { committed: "40", waitingBefore: 2 }, behind: null },
      lane: { process: "p1", state: "waiting", attempts: 1, nextAttemptMs: 4_000 },
      causes: [{ kind: "key-failing", keys: ["cust-42"], evidence: ["users:3:42"] }],
    });
  });

  it("waits behind an earlier event of its key, and not behind those of other keys", () => {
    const failing = [lane({ offset: "40", key: "other" }), lane({ offset: "41" })];
    const partitions = [owned({ failing, failingCount: 2 })];

    const { outcome, behind, causes } = only({ reading: OPEN, now: now({ partitions }) });

    expect({ outcome, behind }).toEqual({ outcome: "waiting", behind: "users:3:41" });
    expect(causes).toMatchObject([{ kind: "key-failing", keyCount: 1, evidence: ["users:3:41"] }]);
  });

  it("waits behind the dead letter that its key is held for, whether or not a process tells of it", () => {
    const held = { reading: OPEN, marker: { kind: "block", offset: 40 } } as const;

    expect(only({ ...held, now: now() }).behind).toBe("users:3:40");
    expect(only({ ...held, marker: { kind: "deferred", offset: 42 } }).behind).toBeNull();
    expect(only({ ...held, entries: [entry()] }).behind).toBeNull();
  });

  it("waits behind whatever is before it where its target wants the partition in order", () => {
    const partitions = [owned({ head: lane({ offset: "40", key: "other", lastFailure: null }) })];
    const target = { reading: OPEN, now: now({ partitions }) };

    expect(only({ ...target, order: "partition" }).behind).toBe("users:3:40");
    expect(only({ ...target, order: "none" }).behind).toBeNull();
  });

  it("has the causes that hold its target, its partition and its key, and no others", () => {
    const aside = { kind: "quarantine", topic: "users", since: null, parkedCount: 1 } as const;
    const dead = { reason: "HTTP_REJECTED", error: "HTTP 422", offset: "7" };
    const behind = { topic: "users", state: "reading", goneCount: null, doneCount: 0 } as const;
    const held = now(
      { holds: [{ kind: "breaker-open", waitMs: 8_000 }], partitions: [owned()] },
      {
        pauses: [{ pauser: "operator", by: "dana", reason: "maintenance", since: null }],
        setAside: [
          { ...aside, ...dead, partition: 3, key: "other" },
          { ...aside, ...dead, partition: 4, key: "cust-42" },
        ],
        partitions: [{ ...behind, partition: 5, waitingCount: 9, hasOwner: false, head: null }],
      },
    );

    expect(only({ reading: OPEN, now: held }).causes.map(({ kind }) => kind)).toEqual([
      "paused",
      "breaker-open",
    ]);
  });

  it("is not read where no process says that it has it", () => {
    const nobody = now({}, { members: [], groupState: "Empty" });
    const waiting = { topic: "users", partition: 3, state: "reading", goneCount: null } as const;
    const partitions = [{ ...waiting, waitingCount: 3, doneCount: 0, hasOwner: false, head: null }];

    expect(only({ reading: OPEN, now: { ...nobody, partitions } })).toMatchObject({
      ...{ outcome: "not-read", lane: null, reading: { committed: "40", waitingBefore: 2 } },
      causes: [{ kind: "no-process" }],
    });
  });
});

describe("the story of an event", () => {
  it("has a document that stays as it is", () => {
    expect(tellStory(facts({ entries: [parked], marker: quarantine }))).toEqual({
      ...{ at: at(60_000), place: "users:3:42", otherPlaces: [], record: "present" },
      ...{ producedAt: at(0), key: "cust-42" },
      event: {
        ...{ id: "e-42", source: "/orders", type: "users.ProfileUpdated", subject: null },
        time: "2026-01-01T09:59:59Z",
      },
      chain: {
        ...{ causationId: null, correlationId: null },
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      },
      journal: { from: at(-3_600_000), unreadable: 0, failure: null },
      targets: [
        {
          ...{ target: "crm", outcome: "parked", settledAt: at(1_000), attempts: 0 },
          steps: [
            { kind: "waited", at: at(0), forMs: 1_000, behind: { kind: "unknown" } },
            {
              ...{ kind: "parked", at: at(1_000), reason: "KEY_QUARANTINED" },
              ...{ behind: "users:3:40", parked: null },
            },
          ],
          ...{ reading: { committed: "43", waitingBefore: 0 }, lane: null, behind: "users:3:40" },
          causes: [],
          next: "millrace why users:3:40 says why that was given up, and how it is redriven",
        },
      ],
    });
  });

  it("knows the event from the journal where its record is gone", () => {
    const { record, producedAt, event, key, chain } = tellStory(
      facts({ entries: [entry({ traceId: "t1", key: { hex: "ff" } })] }, { record: "gone" }),
    );

    expect({ record, producedAt, key }).toEqual({ record: "gone", producedAt: null, key: "ff" });
    expect(event).toMatchObject({ id: "e-42", source: "/orders", time: null });
    expect(chain.traceId).toBe("t1");
  });

  it("names what caused it, and where it stands a second time", () => {
    const { envelope } = RECORD;
    if (envelope === null) throw new Error("the record has no envelope");
    const caused = { ...envelope, causationId: "c-1", correlationId: "k-1" };

    const { chain, otherPlaces } = tellStory(
      facts(
        {},
        { record: { ...RECORD, envelope: caused }, otherPlaces: [{ ...PLACE, offset: 50 }] },
      ),
    );

    expect(chain).toMatchObject({ causationId: "c-1", correlationId: "k-1" });
    expect(otherPlaces).toEqual(["users:3:50"]);
  });

  it("tells an entry once that the journal has twice", () => {
    const { attempts, steps } = only({ entries: [entry(), entry()] });

    expect({ attempts, kinds: steps.map(({ kind }) => kind) }).toEqual({
      attempts: 1,
      kinds: ["attempt", "delivered"],
    });
  });

  it("tells each target apart", () => {
    const targets = [delivery({ entries: [entry()] }), delivery({ target: "audit" })];

    expect(
      tellStory(facts({}, { targets })).targets.map(({ target, outcome }) => [target, outcome]),
    ).toEqual([
      ["crm", "delivered"],
      ["audit", "settled"],
    ]);
  });

  it("says what to do about a dead letter: redrive it, or drop it where its key went on", () => {
    const dead = { entries: [rejected], letters: [letter], reading: SETTLED };

    expect(only({ ...dead, marker: { ...quarantine, offset: 42 } }).next).toBe(
      "millrace dlq redrive --target crm --id e-42 --reason TXT",
    );
    expect(only(dead).next).toContain("millrace dlq drop --target crm --id e-42 --reason TXT");
  });
});
