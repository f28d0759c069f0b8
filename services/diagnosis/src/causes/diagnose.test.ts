import { createState, DEFAULTS } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import { viewTarget, type TargetView } from "../view/target-view.ts";
import type { LaneView, PartitionView } from "../view/partition-view.ts";
import { CAUSE_KINDS, type CauseKind } from "./cause.ts";
import { causeText } from "./cause-text.ts";
import { diagnose } from "./diagnose.ts";
import type { MemberFact, PartitionFact, SetAsideFact, TargetFacts } from "./facts.ts";

const SINCE = "2026-01-01T10:03:00.000Z";

const idle: TargetView = viewTarget(
  {
    name: "crm",
    group: "ns.crm",
    process: "p1",
    state: createState(DEFAULTS, 0),
    halts: [],
    replays: [],
  },
  { now: 0, wallNow: 0 },
);

const lane = (of: Partial<LaneView> = {}): LaneView => ({
  ...{ offset: "7", key: "cust-42", id: "e7", type: "orders.Placed", since: SINCE },
  ...{ state: "waiting", attempts: 4, nextAttemptMs: 8_000 },
  lastFailure: { reason: "HTTP_STATUS", status: 503, detail: "HTTP 503" },
  ...of,
});

const owned = (of: Partial<PartitionView> = {}): PartitionView => ({
  ...{ topic: "orders", partition: 0, epoch: 1, committed: "7", committable: "7", next: "9" },
  ...{ unsettled: 2, span: 0, fetching: "on", lanes: 1, head: null },
  ...{
    setAside: { block: 0, deferred: 0, quarantine: 0 },
    setAsideKeys: [],
    failing: [],
    failingCount: 0,
  },
  ...of,
});

const member = (view: Partial<TargetView> | null = {}): MemberFact => ({
  process: "p1",
  view: view === null ? null : { ...idle, ...view },
  failure: view === null ? "connect ECONNREFUSED" : null,
});

const partition = (of: Partial<PartitionFact> = {}): PartitionFact => ({
  ...{ topic: "orders", partition: 0, state: "reading", goneCount: null },
  ...{ waitingCount: 0, doneCount: 0, hasOwner: true, head: null },
  ...of,
});

const behind = (of: Partial<PartitionFact> = {}): PartitionFact =>
  partition({ waitingCount: 9, head: { offset: "7", key: "a", at: SINCE }, ...of });

const aside = (of: Partial<SetAsideFact> = {}): SetAsideFact => ({
  ...{ kind: "quarantine", key: "cust-42", topic: "orders", partition: 0, offset: "7" },
  ...{ since: SINCE, parkedCount: 999, reason: "HTTP_REJECTED", error: "HTTP 422" },
  ...of,
});

const facts = (of: Partial<TargetFacts> = {}): TargetFacts => ({
  ...{
    target: "crm",
    group: "ns.crm",
    at: SINCE,
    pauses: [],
    rewind: null,
    groupState: "Stable",
    setAside: [],
  },
  ...{ members: [member()], partitions: [partition()] },
  ...of,
});

const attempts = (of: Partial<TargetView["attempts"]>): TargetView["attempts"] => ({
  ...idle.attempts,
  ...of,
});

/** What brings each kind about, alone; and what is said of it. */
const PLANTED: Readonly<Record<CauseKind, readonly [Partial<TargetFacts>, string]>> = {
  "records-gone": [
    { partitions: [behind({ state: "records-gone", goneCount: 40, partition: 3 })] },
    "40 records of orders 3 went by retention before they were delivered",
  ],
  "offsets-gone": [
    { partitions: [partition({ state: "offsets-gone" })] },
    "the group's offsets of orders 0 are gone",
  ],
  rewinding: [
    {
      rewind: { by: "dana", reason: "restored from backup", since: SINCE },
      ...{ members: [], partitions: [behind({ hasOwner: false })], groupState: "Empty" },
    },
    `stopped for a rewind by dana: restored from backup, since ${SINCE}`,
  ],
  paused: [
    { pauses: [{ pauser: "operator", by: "dana", reason: "maintenance", since: null }] },
    "paused by dana: maintenance",
  ],
  "paused-by-guard": [
    { pauses: [{ pauser: "guard", by: "p1", reason: "DEAD_LETTER_FLOOD", since: SINCE }] },
    `paused by the guard of p1: DEAD_LETTER_FLOOD, since ${SINCE}`,
  ],
  "no-process": [
    { members: [], partitions: [behind({ hasOwner: false })], groupState: "Empty" },
    `no process delivers to it: 9 events of orders 0 wait, since ${SINCE}`,
  ],
  misconfigured: [
    { members: [member({ holds: [{ kind: "misconfigured", waitMs: 30_000 }] })] },
    "it does not take us as we are configured, next attempt in 30 s",
  ],
  "breaker-open": [
    {
      members: [
        member({
          holds: [{ kind: "breaker-open", waitMs: 7_100 }],
          partitions: [owned({ failing: [lane()], failingCount: 1 })],
        }),
      ],
    },
    "breaker open: HTTP_STATUS: HTTP 503, next attempt in 8 s",
  ],
  throttled: [
    { members: [member({ holds: [{ kind: "throttled", waitMs: 60_000, toldBy: null }] })] },
    "it asked for time, next attempt in 60 s",
  ],
  "partitions-unowned": [
    {
      members: [member({ partitions: [owned({ partition: 4 })] })],
      partitions: [behind({ hasOwner: false, partition: 3 }), behind({ partition: 4 })],
    },
    `no process owns orders 3: 9 events wait, since ${SINCE}`,
  ],
  "not-started": [
    { partitions: [partition({ state: "not-started" })] },
    "its process has not begun with orders 0",
  ],
  "partition-blocked": [
    { setAside: [aside({ kind: "block", key: null })] },
    `1 lane blocked behind a dead letter, HTTP 422 (HTTP_REJECTED), since ${SINCE}`,
  ],
  "key-quarantined": [
    { setAside: [aside()] },
    `1 stuck key: cust-42, HTTP 422 (HTTP_REJECTED), since ${SINCE}, 999 events parked behind`,
  ],
  "key-failing": [
    { members: [member({ partitions: [owned({ failing: [lane()], failingCount: 1 })] })] },
    `1 key failing: cust-42: HTTP_STATUS: HTTP 503, since ${SINCE}, next attempt in 8 s`,
  ],
  "rate-limited": [
    { members: [member({ attempts: attempts({ rateWaitMs: 20 }), partitions: [owned()] })] },
    "its rate is used up: events wait for their turn",
  ],
  "slowed-down": [
    {
      members: [member({ attempts: attempts({ limit: 4, limitMax: 64 }), partitions: [owned()] })],
    },
    "it answers late or fails: 4 calls at once instead of 64",
  ],
  "key-deferred": [
    { setAside: [aside({ kind: "deferred", reason: null, error: null, parkedCount: 3 })] },
    "1 slow key goes on behind the others: cust-42, 3 events parked",
  ],
  rebalancing: [{ groupState: "PreparingRebalance" }, "its group is rebalancing (1 members)"],
  "process-unreachable": [
    { members: [member(null)], partitions: [behind()] },
    "what process p1 knows could not be read: connect ECONNREFUSED",
  ],
};

describe("a diagnosis", () => {
  it("finds nothing with a target that is well", () => {
    expect(diagnose(facts())).toEqual([]);
    expect(diagnose(facts({ members: [], groupState: "none" }))).toEqual([]);
  });

  it.each(CAUSE_KINDS)("names %s alone where it is all that is wrong, and says it", (kind) => {
    const [planted, said] = PLANTED[kind];

    const causes = diagnose(facts(planted));

    expect(causes.map((cause) => cause.kind)).toEqual([kind]);
    // The text is made of what a program reads, and of nothing else.
    expect(structuredClone(causes).map(causeText)).toEqual([said]);
    expect(causes[0]?.next).not.toBe("");
  });

  it("says of a target that was never started that it was not", () => {
    const partitions = [partition({ state: "not-started", hasOwner: false })];

    const causes = diagnose(facts({ members: [], partitions, groupState: "none" }));

    expect(causes.map(causeText)).toEqual(["no process delivers to it, and none ever has"]);
  });

  it("takes a rebalance alone for the cause while Kafka tells no owners", () => {
    const partitions = [behind({ hasOwner: false })];

    const causes = diagnose(facts({ groupState: "PreparingRebalance", partitions }));

    expect(causes.map(({ kind }) => kind)).toEqual(["rebalancing"]);
  });

  it("says that nobody owns a partition of which nothing is committed yet, not that its process is late", () => {
    const partitions = [
      partition(),
      partition({ partition: 3, state: "not-started", hasOwner: false }),
    ];

    const causes = diagnose(facts({ partitions }));

    expect(causes.map(({ kind }) => kind)).toEqual(["partitions-unowned"]);
    expect(causes.map(causeText)).toEqual(["no process owns orders 3"]);
  });

  it("says so where a process has a partition and does not work on it, however far it came before", () => {
    const stuck = behind({ partition: 1, head: { offset: "7", key: "a", at: SINCE } });
    const members = [member({ partitions: [owned({ partition: 0 })] })];

    const causes = diagnose(facts({ members, partitions: [behind(), stuck] }));

    expect(causes).toMatchObject([{ kind: "not-started", evidence: ["orders:1:7"] }]);
    expect(causes.map(causeText)).toEqual([
      `its process has not begun with orders 1: 9 events wait, since ${SINCE}`,
    ]);
  });

  it("judges only by processes that have said what they work on", () => {
    const members = [member({ partitions: [] }), { ...member(null), process: "p2" }];

    const causes = diagnose(facts({ members, partitions: [behind()] }));

    expect(causes.map(({ kind }) => kind)).toEqual(["process-unreachable"]);
  });

  it("names a process that was not reached for what waits with it, and not for what others say they work on", () => {
    const reached = member({ partitions: [owned({ partition: 0 })] });
    const members = [reached, { ...member(null), process: "p2" }];
    const idleOne = partition({ partition: 1 });

    const waiting = diagnose(facts({ members, partitions: [behind(), behind({ partition: 1 })] }));
    const idle = diagnose(facts({ members, partitions: [behind(), idleOne] }));

    expect(waiting).toMatchObject([
      { kind: "process-unreachable", evidence: ["orders:1:7"], since: SINCE },
    ]);
    expect(idle).toEqual([]);
  });

  it("takes another program in the group for nobody who delivers, and says where it is seen", () => {
    const stranger = { process: null, view: null, failure: null };

    const causes = diagnose(facts({ members: [stranger], partitions: [behind()] }));

    expect(causes).toMatchObject([{ kind: "no-process", evidence: ["orders:0:7"] }]);
    expect(causes[0]?.next).toContain("millrace groups describe crm");
    expect(causes[0]?.next).toContain("millrace deliver --target crm");
  });

  it.each(["block", "quarantine"] as const)("gives a redrive all that it asks for: %s", (kind) => {
    const [cause] = diagnose(facts({ setAside: [aside({ kind })] }));

    expect(cause?.next).toContain("millrace dlq list --target crm;");
    expect(cause?.next).toContain("millrace dlq redrive --target crm --reason TEXT");
  });

  it.each(["records-gone", "offsets-gone"] as const)(
    "says how the offsets are set where Kafka has lost something: %s",
    (state) => {
      const more = { topic: "users", partition: 2 };
      const lost = [partition({ state }), partition({ state, partition: 3 })];

      const [cause] = diagnose(facts({ partitions: [...lost, partition({ state, ...more })] }));

      expect(cause?.next).toContain("stop its processes");
      expect(cause?.next).toContain(
        "kafka-consumer-groups.sh --bootstrap-server BROKERS --group ns.crm --topic orders:0,3 --topic users:2 --reset-offsets --to-earliest --execute",
      );
    },
  );

  it("says that what a configuration sets is in force after a restart", () => {
    const held = diagnose(facts(PLANTED.misconfigured[0]));
    const limited = diagnose(facts(PLANTED["rate-limited"][0]));

    expect([held, limited].map(([cause]) => cause?.next)).toEqual([
      expect.stringContaining("restart its processes"),
      expect.stringContaining("restart its processes"),
    ]);
  });

  it("says how a breaker is made to ask its target at once", () => {
    const [cause] = diagnose(facts(PLANTED["breaker-open"][0]));

    expect(cause?.next).toBe(
      "look at crm itself; it is asked again by itself, or at once: millrace breaker reset crm",
    );
  });

  it("says which process a target asked for time, where the others have it from that one", () => {
    const told = member({ holds: [{ kind: "throttled", waitMs: 19_000, toldBy: "p1" }] });
    const asked = member({ holds: [{ kind: "throttled", waitMs: 19_000, toldBy: null }] });

    const causes = diagnose(facts({ members: [asked, { ...told, process: "p2" }] }));

    expect(causes).toMatchObject([{ kind: "throttled", details: { processes: 2, asked: "p1" } }]);
    expect(causes.map(causeText)).toEqual(["it asked p1 for time, next attempt in 19 s"]);
  });

  it("says once what has no more to it than its reason", () => {
    const lastFailure = { reason: "CONNECT_FAILED", status: null, detail: "CONNECT_FAILED" };
    const partitions = [owned({ failing: [lane({ lastFailure })], failingCount: 1 })];
    const holds = [{ kind: "breaker-open", waitMs: null }] as const;

    const held = diagnose(facts({ members: [member({ holds, partitions })] }));
    const failing = diagnose(facts({ members: [member({ partitions })] }));

    expect([...held, ...failing].map(({ details }) => details["failure"])).toEqual([
      "CONNECT_FAILED",
      "CONNECT_FAILED",
    ]);
  });

  it("names both of two that are wrong, the worse first", () => {
    const causes = diagnose(
      facts({
        setAside: [aside()],
        members: [member({ holds: [{ kind: "breaker-open", waitMs: 1_000 }] })],
      }),
    );

    expect(causes.map(({ kind }) => kind)).toEqual(["breaker-open", "key-quarantined"]);
  });

  it("groups stuck keys by what they failed of, those with more behind them first", () => {
    const causes = diagnose(
      facts({
        setAside: [
          aside({ key: "a", error: "HTTP 404", parkedCount: 1 }),
          aside({ key: "b", offset: "8", parkedCount: 5 }),
          aside({ key: "c", offset: "9", parkedCount: 5 }),
        ],
      }),
    );

    expect(causes).toMatchObject([
      { keys: ["b", "c"], keyCount: 2, evidence: ["orders:0:8", "orders:0:9"] },
      { keys: ["a"], keyCount: 1 },
    ]);
  });

  it("takes keys that fail while the target is held for its fault, not for theirs", () => {
    const partitions = [owned({ failing: [lane()], failingCount: 1 })];
    const holds = [{ kind: "breaker-open", waitMs: 1_000 }] as const;

    const causes = diagnose(facts({ members: [member({ holds, partitions })] }));

    expect(causes.map(({ kind }) => kind)).toEqual(["breaker-open"]);
  });
});
