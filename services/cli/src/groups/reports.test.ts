import { asOffset, asPartition, asTopic, MillraceError, type SourceRecord } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { tableText } from "../output/table.ts";
import { describeReport } from "./describe-report.ts";
import { listReport } from "./list-report.ts";
import type { ObservedGroup, ObservedPartition } from "./observed-group.ts";

const NOW = Date.parse("2026-11-26T10:00:00Z");
const USERS = asTopic("users");
const TARGET = { name: "crm", topics: ["users"], order: "key" } as const;

/** A partition at work: offset 12 waits, 13 is done. Number 0. */
function partitionOf(given: Partial<ObservedPartition> = {}): ObservedPartition {
  return {
    topic: USERS,
    partition: asPartition(0),
    state: "behind",
    committed: asOffset(12),
    logStartOffset: asOffset(0),
    logEndOffset: asOffset(15),
    lag: 3,
    doneRuns: [{ from: 13, to: 14 }],
    doneCount: 1,
    waitingCount: 2,
    goneCount: 0,
    owner: { member: "m-1", host: "10.0.0.7", process: "host-42-abc" },
    head: { record: recordOf(), waitsFor: "in-work" },
    unreadFrom: null,
    ...given,
  };
}

function recordOf(given: Partial<SourceRecord> = {}): SourceRecord {
  return {
    topic: USERS,
    partition: asPartition(0),
    offset: asOffset(12),
    timestampMs: NOW - 192_500,
    key: Buffer.from("u1"),
    value: null,
    headers: {
      ce_specversion: Buffer.from("1.0"),
      ce_id: Buffer.from("e-1"),
      ce_source: Buffer.from("/orders"),
      ce_type: Buffer.from("users.ProfileUpdated"),
      ce_time: Buffer.from("2026-11-26T09:56:47Z"),
    },
    ...given,
  };
}

const NOT_STARTED: ObservedPartition = partitionOf({
  partition: asPartition(1),
  state: "not-started",
  committed: null,
  lag: null,
  doneCount: 0,
  waitingCount: null,
  owner: null,
  head: null,
});

function groupOf(
  partitions: readonly ObservedPartition[],
  given: Partial<ObservedGroup> = {},
): ObservedGroup {
  return {
    kind: "observed",
    target: TARGET,
    groupId: "ns.crm",
    state: "Stable",
    memberCount: 1,
    partitions,
    ...given,
  };
}

function describeItems(group: ObservedGroup, isKeyHidden = (): boolean => false) {
  return describeReport(group, { nowMs: NOW, isKeyHidden });
}

const rowsOf = async ({ document, columns }: ReturnType<typeof describeItems>): Promise<string> =>
  (await tableText(document.items, columns)).replaceAll(/ +/gu, " ");

describe("the document of groups describe", () => {
  it("has these keys for each partition, and no others", () => {
    const { document } = describeItems(groupOf([partitionOf(), NOT_STARTED]));

    expect(document).toEqual({
      kind: "GroupDescription",
      items: [
        {
          at: "2026-11-26T10:00:00.000Z",
          target: "crm",
          group: "ns.crm",
          groupState: "Stable",
          topic: "users",
          partition: 0,
          state: "behind",
          committed: "12",
          logStart: "0",
          logEnd: "15",
          lag: 3,
          doneAbove: 1,
          waiting: 2,
          gone: 0,
          lagAgeSeconds: 192.5,
          owner: { member: "m-1", host: "10.0.0.7", process: "host-42-abc" },
          head: {
            offset: "12",
            key: "u1",
            timestamp: "2026-11-26T09:56:47.500Z",
            event: {
              id: "e-1",
              source: "/orders",
              type: "users.ProfileUpdated",
              time: "2026-11-26T09:56:47Z",
            },
            waitsFor: "in-work",
          },
        },
        {
          at: "2026-11-26T10:00:00.000Z",
          target: "crm",
          group: "ns.crm",
          groupState: "Stable",
          topic: "users",
          partition: 1,
          state: "not-started",
          committed: null,
          logStart: "0",
          logEnd: "15",
          lag: null,
          doneAbove: 0,
          waiting: null,
          gone: 0,
          lagAgeSeconds: null,
          owner: null,
          head: null,
        },
      ],
    });
  });

  it("shows a record without an envelope, and a key that is no text, as such", () => {
    const record = recordOf({ headers: {}, key: Buffer.from([0, 255]) });

    const { items } = describeItems(
      groupOf([partitionOf({ head: { record, waitsFor: "in-work" } })]),
    ).document;

    expect(items[0]?.head).toMatchObject({ key: "00ff", event: null });
  });

  it("masks keys that are personal data", () => {
    const group = groupOf([partitionOf()]);

    const { items } = describeItems(group, () => true).document;

    expect(items[0]?.head?.key).toBe("***");
  });

  it("takes an event that is newer than this clock for one without age", () => {
    const record = recordOf({ timestampMs: NOW + 400 });

    const { items } = describeItems(
      groupOf([partitionOf({ head: { record, waitsFor: "in-work" } })]),
    ).document;

    expect(items[0]?.lagAgeSeconds).toBe(0);
  });
});

describe("the table of groups describe", () => {
  it("says where a partition is, who has it, and what stands at its head", async () => {
    const text = await rowsOf(describeItems(groupOf([partitionOf(), NOT_STARTED])));

    expect(text.split("\n")).toEqual([
      "TOPIC PARTITION COMMITTED END LAG DONE WAITING AGE WAITS FOR HEAD OWNER KEY TYPE EVENT TIME",
      "users 0 12 15 3 1 2 3m12s in work 12 host-42-abc u1 ProfileUpdated e-1 2026-11-26T09:56:47Z",
      "users 1 - 15 - 0 - - not started - nobody - - - -",
      "",
    ]);
  });

  it.each([
    [{ state: "retention-passed", goneCount: 37 }, "retention: 37 gone"],
    [{ state: "beyond-end", head: null }, "committed beyond the end"],
    [{ state: "offsets-gone", head: null }, "offsets gone"],
    [{ head: { record: recordOf(), waitsFor: "deferred" } }, "deferred key"],
    [{ owner: null, head: { record: recordOf(), waitsFor: "no-owner" } }, "no owner"],
    [{ owner: { member: "m-9", host: "10.0.0.9", process: null } }, "m-9 (10.0.0.9)"],
    [{ head: { record: recordOf({ headers: {} }), waitsFor: "in-work" } }, "(no envelope)"],
  ] as const)("tells of %j", async (given, words) => {
    expect(await rowsOf(describeItems(groupOf([partitionOf(given)])))).toContain(words);
  });

  it("claims nobody's absence while the group divides its partitions", async () => {
    const partition = partitionOf({
      owner: null,
      head: { record: recordOf(), waitsFor: "rebalance" },
    });

    const text = await rowsOf(describeItems(groupOf([partition], { state: "PreparingRebalance" })));

    expect(text).toContain("rebalance");
    expect(text).not.toContain("nobody");
  });
});

describe("the document of groups list", () => {
  it("has these keys for each target, and no others", () => {
    const older = partitionOf({
      partition: asPartition(2),
      lag: 5,
      waitingCount: 5,
      head: { record: recordOf({ timestampMs: NOW - 300_000 }), waitsFor: "in-work" },
    });
    const halted = partitionOf({ partition: asPartition(3), state: "beyond-end", head: null });

    const { document } = listReport([groupOf([partitionOf(), NOT_STARTED, older, halted])], NOW);

    expect(document).toEqual({
      kind: "GroupList",
      items: [
        {
          at: "2026-11-26T10:00:00.000Z",
          target: "crm",
          group: "ns.crm",
          state: "Stable",
          members: 1,
          partitions: 4,
          lag: 11,
          waiting: 9,
          lagAgeSeconds: 300,
          notStarted: ["users/1"],
          halted: ["users/3"],
        },
      ],
    });
  });

  it("has no lag and no age for a target that has not started", async () => {
    const group = groupOf([NOT_STARTED], { state: "none", memberCount: 0 });

    const { document, columns } = listReport([group], NOW);

    expect(document.items).toMatchObject([{ lag: null, waiting: null, lagAgeSeconds: null }]);
    const text = await tableText(document.items, columns);
    expect(text.split("\n")[1]?.replaceAll(/ +/gu, " ")).toBe("crm ns.crm none 0 1 - - - all -");
  });

  it("complains of targets whose topics are missing, shows the others, and ends with 4", () => {
    const error = new MillraceError("TOPIC_MISSING", "topic does not exist: nosuch");
    const lost = { kind: "topic-missing", target: { ...TARGET, name: "lost" }, error } as const;

    const { document, complaints, exitCode } = listReport([lost, groupOf([partitionOf()])], NOW);

    expect(document.items.map(({ target }) => target)).toEqual(["crm"]);
    expect(complaints).toEqual(["target lost: topic does not exist: nosuch"]);
    expect(exitCode).toBe(4);
  });
});

it("complains of heads that could not be read, shows the rest, and ends with 3", () => {
  const group = groupOf([partitionOf({ head: null, unreadFrom: asOffset(14) }), NOT_STARTED]);

  for (const report of [listReport([group], NOW), describeItems(group)]) {
    expect(report.exitCode).toBe(3);
    expect(report.complaints).toEqual([
      "target crm: no record came of users/0 from offset 14 on: is a transaction open there?",
    ]);
  }
});
