import { asJob, asOffset } from "@millrace/engine";
import { describe, expect, it } from "vitest";
import {
  at,
  attempt,
  delivery,
  entry,
  facts,
  lane,
  now,
  OPEN,
  owned,
  parked,
  quarantine,
  T0,
} from "../../test-support/event-facts.ts";
import type { EventFacts } from "./event-facts.ts";
import { STEP_KINDS, type StepKind, type StoryStep } from "./event-story.ts";
import { stepText } from "./step-text.ts";
import { storyText } from "./story-text.ts";
import { tellStory } from "./tell-story.ts";

/** What people read, made of what a program reads and of nothing else. */
function textOf(of: EventFacts): readonly string[] {
  const document: unknown = JSON.parse(JSON.stringify(tellStory(of)));
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a story, as JSON brings it
  return storyText(document as ReturnType<typeof tellStory>);
}

const wish = { by: "dana", reason: "mapping fixed" };

/** A step of each kind, and what is said of it. */
const SAID: { readonly [Kind in StepKind]: readonly [StoryStep & { kind: Kind }, string] } = {
  waited: [
    {
      ...{ kind: "waited", at: at(0), forMs: 812 },
      behind: { kind: "earlier-event", place: "users:3:40", outcome: "delivered" },
    },
    "waited 812 ms behind users:3:40, an earlier event of its key, which was then delivered",
  ],
  attempt: [
    {
      ...{ kind: "attempt", at: at(0), number: 1, durationMs: 812, job: null },
      ...{ end: "HTTP_STATUS", status: 503, retryInMs: 4_000, requestId: "7f3a-01" },
      ...{ request: null, answer: null },
    },
    "attempt 1: HTTP 503 in 812 ms, request id 7f3a-01, retry in 4 s",
  ],
  "attempts-left-out": [
    { kind: "attempts-left-out", at: at(0), count: 1_200, job: null },
    "1,200 more attempts, not kept",
  ],
  skipped: [
    { kind: "skipped", at: at(0), mappingRevision: "r1", reason: null },
    "left out by the filter (mapping r1)",
  ],
  delivered: [{ kind: "delivered", at: at(0) }, "delivered"],
  "dead-lettered": [
    {
      ...{ kind: "dead-lettered", at: at(0), reason: "HTTP_REJECTED", detail: "HTTP 422" },
      ...{ letter: "ns.crm.dead:0:7", redrives: 2 },
    },
    "given up again, redriven 2 times: HTTP 422 (HTTP_REJECTED); its dead letter is ns.crm.dead:0:7",
  ],
  parked: [
    {
      ...{ kind: "parked", at: at(0), reason: "KEY_QUARANTINED" },
      ...{ behind: "users:3:40", parked: "ns.crm.parked:0:3" },
    },
    "parked as ns.crm.parked:0:3 behind users:3:40, a dead letter of its key",
  ],
  "redrive-wanted": [
    { kind: "redrive-wanted", at: at(0), ...wish, of: "users:3:40" },
    "dana asked for a redrive of users:3:40: mapping fixed",
  ],
  "drop-wanted": [
    { kind: "drop-wanted", at: at(0), ...wish, of: "users:3:40" },
    "dana had its key go on without it, from behind users:3:40: mapping fixed",
  ],
  redriven: [
    { kind: "redriven", at: at(0), ...wish },
    "delivered by a redrive that dana asked for (mapping fixed); the journal has lost how",
  ],
  dropped: [{ kind: "dropped", at: at(0), ...wish }, "dana took it for done: mapping fixed"],
  "replay-wanted": [
    {
      ...{ kind: "replay-wanted", at: at(0), ...wish, job: "job-1", mode: "repair" },
      ...{ wanted: "pause", state: "open" },
    },
    "dana wants it in replay job-1 (repair): mapping fixed; it has not come to this event, paused",
  ],
  replayed: [
    {
      ...{ kind: "replayed", at: at(0), job: "job-1", outcome: "failed" },
      ...{ reason: "HTTP_REJECTED", detail: "HTTP 422" },
    },
    "failed by replay job-1: HTTP 422 (HTTP_REJECTED)",
  ],
  rewound: [
    { kind: "rewound", at: at(0), by: "dana", reason: "restored", direction: "back", to: "40" },
    "dana set the group back, so that it is delivered again, to offset 40: restored",
  ],
};

describe("the text of a story", () => {
  it.each(STEP_KINDS)("has a sentence for a step of kind %s", (kind) => {
    const [step, said] = SAID[kind];

    expect(stepText(step)).toBe(said);
  });

  it("tells what no answer came to, and what a replay called", () => {
    const call = { number: 2, retryInMs: null, requestId: null } as const;
    const bodies = { request: null, answer: null };
    const step = { kind: "attempt", at: at(0), ...call, ...bodies } as const;

    expect(
      stepText({ ...step, durationMs: 5_000, end: "TIMEOUT", status: null, job: "job-1" }),
    ).toBe("attempt 2 of replay job-1: TIMEOUT after 5 s");
    expect(stepText({ ...step, durationMs: 60, end: "abandoned", status: null, job: null })).toBe(
      "attempt 2: abandoned by us after 60 ms",
    );
  });

  it("shows bodies under their attempts, what was sent once", () => {
    const failed = { end: "HTTP_STATUS", status: 503, durationMs: 10 };
    const answer = { text: '{"title":"busy"}', byteCount: 1_600, withheld: null };
    const hidden = { text: null, byteCount: 1, withheld: "NOT_JSON" };
    const attempts = [
      attempt(0, { ...failed, answer }),
      attempt(20, { ...failed, answer: hidden }),
      attempt(920),
    ];
    const request = { text: '{"mail":"***"}', byteCount: 21, withheld: null };

    const lines = textOf(facts({ entries: [entry({ attempts, request })] }));
    const from = lines.findIndex((line) => line.includes("attempt 1"));
    expect(lines.slice(from, from + 6)).toEqual([
      `  ${at(0)}  attempt 1: HTTP 503 in 10 ms, retry in 10 ms`,
      '    sent 21 bytes: {"mail":"***"}',
      '    answered 1,600 bytes: {"title":"busy"}',
      `  ${at(20)}  attempt 2: HTTP 503 in 10 ms, retry in 890 ms`,
      "    answered 1 byte, not shown: it is no JSON, so personal data in it cannot be masked",
      `  ${at(920)}  attempt 3: HTTP 204 in 80 ms`,
    ]);
  });

  it("is one story over all targets", () => {
    const earlier = entry({ offset: asOffset(40), settledAt: T0 + 120 });
    const attempts = [
      attempt(130, { durationMs: 812, end: "HTTP_STATUS", status: 503 }),
      attempt(4_942),
    ];
    const crm = delivery({ entries: [entry({ attempts, settledAt: T0 + 5_022 })], earlier });
    const pauses = [{ pauser: "operator", by: "lee", reason: "audit", since: at(-9) }] as const;
    const audit = delivery({
      ...{ target: "audit", reading: OPEN },
      now: now({ partitions: [] }, { target: "audit", pauses }),
    });
    const skips = [{ at: T0 + 300, mappingRevision: "r1" }];

    expect(
      textOf(facts({}, { targets: [crm, audit, delivery({ target: "search", skips })] })),
    ).toEqual([
      "event e-42, users.ProfileUpdated",
      "users:3:42, key cust-42",
      `produced ${at(0)} by /orders (it happened 2026-01-01T09:59:59Z)`,
      "trace 4bf92f3577b34da6a3ce929d0e0e4736",
      "",
      `crm: delivered ${at(5_022)}, 2 attempts, 5 s after it was produced`,
      `  ${at(0)}  waited 120 ms behind users:3:40, an earlier event of its key, which was then delivered`,
      `  ${at(130)}  attempt 1: HTTP 503 in 812 ms, retry in 4 s`,
      `  ${at(4_942)}  attempt 2: HTTP 204 in 80 ms`,
      `  ${at(5_022)}  delivered`,
      "",
      "audit: not read yet: the committed offset is 40, 2 records before it wait",
      `  paused by lee: audit, since ${at(-9)}`,
      "    next: millrace targets resume audit",
      "",
      "search: skipped, its filter leaves it out",
      `  ${at(300)}  left out by the filter (mapping r1)`,
    ]);
  });

  it("shows what its owner says, and what it waits behind", () => {
    const own = owned({ failing: [lane()], failingCount: 1 });
    const other = owned({ failing: [lane({ offset: "41" })], failingCount: 1 });

    expect(textOf(facts({ reading: OPEN, now: now({ partitions: [own] }) })).slice(5)).toEqual([
      "crm: in progress, 1 attempt so far",
      "  process p1 has it: waiting, 1 attempt; the last one failed: HTTP 503 (HTTP_STATUS); next attempt in 4 s",
      expect.stringContaining("  1 key failing: cust-42: HTTP_STATUS: HTTP 503"),
      expect.stringContaining("    next: look at crm"),
    ]);
    expect(textOf(facts({ reading: OPEN, now: now({ partitions: [other] }) }))).toContain(
      "  waits behind users:3:41, an earlier event of its key",
    );
  });

  it("names what a parked event is behind, once", () => {
    const text = textOf(facts({ entries: [parked], marker: quarantine }));

    expect(text).toContain(`crm: parked behind users:3:40, ${at(1_000)}`);
    expect(text.filter((line) => line.includes("waits behind"))).toEqual([]);
  });

  it("says what nobody can tell, and why, rather than guess", () => {
    const lost = { from: T0 + 9, unreadableCount: 2, failure: null };

    expect(textOf(facts({}, { journal: lost }))).toContain(
      `crm: settled, and how is not known: the journal has nothing of it (its oldest entry is of ${at(9)}, 2 records of it cannot be read)`,
    );
    expect(textOf(facts({}, { journal: { ...lost, from: null, unreadableCount: 0 } }))).toContain(
      "crm: settled, and how is not known: the journal has no entries",
    );
    const failure = "no registry";
    expect(textOf(facts({ reading: null }, { journal: { ...lost, failure } }))).toEqual(
      expect.arrayContaining([
        "the journal could not be read: no registry",
        "crm: not in the configuration, and the journal could not be read",
      ]),
    );
  });

  it("says that a record is gone, or was never there, and that nobody reads its topic", () => {
    expect(textOf(facts({ entries: [entry()] }, { record: "gone" }))).toContain(
      "its record is gone by retention; it was produced by /orders",
    );
    expect(textOf(facts({}, { record: "none", targets: [] }))).toEqual([
      "event without an envelope",
      "users:3:42, no key",
      "the log has no record there (compaction, or the end of a transaction)",
      "",
      "no target reads its topic",
    ]);
  });

  it("names the replay that an attempt was of", () => {
    const replayed = entry({ job: asJob("job-1"), settledAt: T0 + 9_000 });

    expect(textOf(facts({ entries: [entry(), replayed] }))).toContain(
      `  ${at(9_000)}  delivered by replay job-1`,
    );
  });
});
