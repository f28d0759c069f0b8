import { asEpoch, asJob, asOffset, asPartition, asTarget, asTopic } from "@millrace/engine";
import type { IndexedEntry, JournalAnswer, JournalQuery } from "@millrace/journal";
import { parseCursor } from "@millrace/journal";
import { describe, expect, it } from "vitest";
import { entriesOf } from "./job-entries.ts";
import type { ReplayItem, ReplayPartitionItem } from "./replay-item.ts";
import { isWhole, replayReport, reportLines } from "./replay-report.ts";

function part(counts: Partial<ReplayPartitionItem>): ReplayPartitionItem {
  return {
    ...{ topic: "users", partition: 0, from: "0", to: "100" },
    ...{ planned: 10, sent: 10, skipped: 0, failed: 0, end: "done", ...counts },
  };
}

function jobOf(
  partitions: readonly ReplayPartitionItem[],
  of: Partial<ReplayItem> = {},
): ReplayItem {
  const sum = (name: "planned" | "sent"): number =>
    partitions.reduce((total, one) => total + one[name], 0);
  return {
    ...{ job: "r1", target: "crm", mode: "repair", wanted: "run", state: "done" },
    ...{ by: "dana", reason: "lost", planned: sum("planned"), sent: sum("sent") },
    ...{ skipped: {}, failed: {}, partitions, ...of },
  };
}

function entry(offset: number, outcome: IndexedEntry["outcome"], partition = 0): IndexedEntry {
  const failure = outcome === "failed" ? "HTTP_REJECTED" : null;
  return {
    ...{ target: asTarget("crm"), topic: asTopic("users"), partition: asPartition(partition) },
    ...{ offset: asOffset(offset), epoch: asEpoch(1), key: `user-${offset}`, id: `id-${offset}` },
    ...{ source: "/s", type: "t", tenant: "default", outcome, reason: failure },
    ...{ detail: failure === null ? null : "HTTP 422", mappingRevision: "r1", settledAt: offset },
    ...{ traceId: null, attemptCount: 1, attempts: [], job: asJob("r1"), request: null },
  };
}

/** An index whose answers have two entries each. */
function indexOf(newestFirst: readonly IndexedEntry[]) {
  const find = ({ job, after }: JournalQuery): JournalAnswer => {
    const start = after === undefined ? 0 : Number(after.split(".")[0]);
    const entries = newestFirst.filter((one) => one.job === job).slice(start, start + 2);
    const hasMore = start + 2 < newestFirst.length;
    return { entries, skipped: [], next: hasMore ? parseCursor(`${start + 2}.0.0.0`) : null };
  };
  return { find };
}

const plain = (_topic: string, key: string): string => key;

describe("the report of a replay", () => {
  it("says of every partition that planned is sent, skipped and failed", async () => {
    const parts = [part({ sent: 7, skipped: 2, failed: 1 }), part({ partition: 1 })];
    const job = jobOf(parts, { skipped: { FILTERED: 2 }, failed: { HTTP_REJECTED: 1 } });
    const sent = Array.from({ length: 10 }, (_, offset) => entry(offset, "delivered", 1));
    const journal = await entriesOf(
      indexOf([
        ...sent,
        ...sent.slice(0, 7).map((one) => ({ ...one, partition: asPartition(0) })),
        entry(9, "failed"),
      ]),
      "r1",
    );

    const report = replayReport(job, journal, plain);
    expect(report).toEqual({
      ...{ job: "r1", target: "crm", mode: "repair", wanted: "run", state: "done" },
      ...{ by: "dana", reason: "lost", planned: 20, sent: 17, left: 0, isReconciled: true },
      ...{ skipped: { FILTERED: 2 }, failed: { HTTP_REJECTED: 1 } },
      failures: [
        {
          ...{ topic: "users", partition: 0, offset: "9", key: "user-9", id: "id-9" },
          ...{ reason: "HTTP_REJECTED", detail: "HTTP 422", attempts: 1 },
        },
      ],
      items: [
        { ...parts[0], left: 0, difference: 0, journal: { sent: 7, failed: 1 } },
        { ...parts[1], left: 0, difference: 0, journal: { sent: 10, failed: 0 } },
      ],
    });
    expect(reportLines(report)).toEqual([
      "r1: planned 20 = sent 17 + skipped 2 (FILTERED 2) + failed 1 (HTTP_REJECTED 1)",
      "the journal says the same",
    ]);
    expect(isWhole(report)).toBe(false);
    expect(isWhole(replayReport(jobOf([part({})]), null, plain))).toBe(true);
  });

  it("says what is left of a replay that ended early, or goes on", () => {
    for (const end of ["cancelled", null]) {
      const state = end === null ? "open" : "ended";
      const report = replayReport(jobOf([part({ sent: 4, end })], { state }), null, plain);

      expect(report).toMatchObject({ left: 6, isReconciled: true, failures: null });
      expect(reportLines(report)).toEqual([
        "r1: planned 10 = sent 4 + skipped 0 + failed 0 + not sent 6",
      ]);
      expect(isWhole(report)).toBe(false);
    }
  });

  it.each([
    ["less", 8, 2],
    ["more", 11, -1],
  ])("says where a part that is done has %s than was planned", (_, sent, difference) => {
    const report = replayReport(jobOf([part({}), part({ partition: 1, sent })]), null, plain);

    expect(report).toMatchObject({ isReconciled: false, left: 0 });
    expect(report.items.map((item) => item.difference)).toEqual([0, difference]);
    expect(reportLines(report)[0]).toContain(`does not add up (users:1: ${difference})`);
    expect(isWhole(report)).toBe(false);
  });

  it("counts an event once that several owners wrote, by the last of them", async () => {
    const entries = [
      entry(3, "delivered"),
      entry(3, "failed"),
      entry(4, "failed"),
      entry(3, "failed"),
    ];

    const { counts, failures } = await entriesOf(indexOf(entries), "r1");
    expect(counts.get("users/0")).toEqual({ sent: 1, failed: 1 });
    expect(failures.map(({ offset }) => offset)).toEqual([4]);
  });

  it("says where the journal knows of others", async () => {
    const journal = await entriesOf(indexOf([entry(1, "delivered")]), "r1");

    expect(reportLines(replayReport(jobOf([part({})]), journal, plain))).toContain(
      "the journal knows of 1 sent and 0 failed events: it may be behind, or have lost some",
    );
  });

  it("shows keys as it is told to", async () => {
    const journal = await entriesOf(indexOf([entry(1, "failed")]), "r1");

    const { failures } = replayReport(jobOf([part({})]), journal, (topic) => `${topic}:***`);
    expect(failures?.[0]?.key).toBe("users:***");
  });
});
