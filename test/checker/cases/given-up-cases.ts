/** Histories that keep and break what is promised of dead letters and redrive. */
import type { GivenUpLine, HistoryLine, TargetTerms } from "../history.ts";
import { ScriptedHistory } from "../scripted-history.ts";
import {
  delivered,
  discard,
  dropped,
  spot,
  quarantined,
  redrive,
  replay,
  exhausted,
  told,
  casesOf,
} from "./invariant-case.ts";

/** SHA-256 of no bytes at all. */
const NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** In the order of their numbers. */
export const GIVEN_UP_CASES = casesOf([
  {
    id: "S15",
    what: "a dead letter has the event's bytes",
    holds: () => deadLetterWith({}),
    breaks: () => deadLetterWith({ sha: "x" }),
  },
  {
    id: "S15",
    what: "a dead letter lacks what its topic cannot take",
    holds: () => deadLetterWith({ sha: NOTHING, fits: "key", key: null }),
    breaks: () => deadLetterWith({ sha: NOTHING, fits: "key-and-headers", key: null }),
  },
  {
    id: "S15",
    what: "a dead letter lacks nothing that its topic takes",
    holds: () => deadLetterWith({ sha: NOTHING, fits: "key-and-headers" }),
    breaks: () => deadLetterWith({ sha: NOTHING }),
  },
  {
    id: "S15",
    what: "a target that refuses most calls is paused",
    holds: () => refusedMany({ count: 54, keyCount: 54 }),
    breaks: () => refusedMany({ count: 55, keyCount: 55 }),
  },
  {
    id: "S15",
    what: "a target that refuses most calls of a few keys is not paused",
    holds: () => refusedMany({ count: 60, keyCount: 24 }),
    breaks: () => refusedMany({ count: 60, keyCount: 25 }),
  },
  {
    id: "S15",
    what: "a target that was paused for what it refused may go on when that is over",
    holds: () => refusedMany({ count: 60, keyCount: 60, pausedAt: 55 }),
    breaks: () => refusedMany({ count: 60, keyCount: 60, pausedAt: 59 }),
  },
  {
    id: "S15",
    what: "a dead letter that its key goes on without stays until it is resolved",
    holds: () => refusedMany({ count: 1, keyCount: 1 }),
    breaks: () => refusedMany({ count: 1, keyCount: 1, isLeftOpen: true }),
  },
  {
    id: "S16",
    what: "an event is given up when its attempts are spent",
    holds: () => triedFor({ maxAttempts: 3 }),
    breaks: () => triedFor({ maxAttempts: 2 }),
  },
  {
    id: "S16",
    what: "an event is given up when its time is over, less what its target was held",
    holds: () => triedFor({ maxAgeMs: 2_000 }, "held"),
    breaks: () => triedFor({ maxAgeMs: 2_000 }),
  },
  {
    id: "S16",
    what: "attempts of a replay are counted anew after a pause",
    holds: () => replayedTwice("paused"),
    breaks: () => replayedTwice(),
  },
  {
    id: "S16",
    what: "attempts of a replay are counted anew after a pause in the midst of one",
    holds: () => replayedTwice("paused in a call"),
    breaks: () => replayedTwice(),
  },
  {
    id: "S16",
    what: "attempts are counted anew when a dead letter was written between them",
    holds: () => triedOnBehind("a dead letter"),
    breaks: () => triedOnBehind("nothing"),
  },
  {
    id: "S16",
    what: "a dead letter of spent retries has the attempts that were allowed",
    holds: () => {
      const script = new ScriptedHistory({ maxAttempts: 2 }).owned();
      const first = script.record();
      script.call(first, { status: 503 }).call(first, { status: 503, number: 2 });
      return script
        .givenUp(first, "dlq", { ...exhausted, attempts: 2 })
        .commit(1)
        .end();
    },
    breaks: () => {
      const script = new ScriptedHistory({ maxAttempts: 2 }).owned();
      const first = script.record();
      script.call(first, { status: 503 }).call(first, { status: 429, number: 2 });
      return script
        .givenUp(first, "dlq", { ...exhausted, attempts: 2 })
        .commit(1)
        .end();
    },
  },
  {
    id: "S16",
    what: "the age of a dead letter leaves out the time its target was held",
    holds: () => {
      const script = new ScriptedHistory({ maxAgeMs: 1_000 }).owned();
      const first = script.record();
      script.call(first, { status: 503 }).wait(1_000);
      return script.givenUp(first, "dlq", exhausted).commit(1).end();
    },
    breaks: () => {
      const script = new ScriptedHistory({ maxAgeMs: 1_000 }).owned();
      const first = script.record();
      script.call(first, { status: 503 }).op("held", { who: "p1", target: "crm" }).wait(1_000);
      script.op("released", { who: "p1", target: "crm" });
      return script.givenUp(first, "dlq", exhausted).commit(1).end();
    },
  },
  {
    id: "S16",
    what: "a failed probe of an open breaker is none of the attempts that were allowed",
    holds: () => givenUpAround("a probe and another attempt"),
    breaks: () => givenUpAround("a probe"),
  },
  {
    id: "S16",
    what: "a lone key's probes are charged after six in a row, whatever epochs they are of",
    holds: () => probedInTwoEpochs(6),
    breaks: () => probedInTwoEpochs(2),
  },
  {
    id: "S16",
    what: "probes of a replay are among the six of its key, also when the live event failed before",
    holds: () => probedByReplay(5),
    breaks: () => probedByReplay(2),
  },
  {
    id: "S16",
    what: "a 401 is no reason to dead-letter",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      return script.call(first, { status: 401 }).givenUp(first, "dlq").commit(1).end();
    },
  },
  {
    id: "S19",
    what: "live events of a key wait for its redrive",
    holds: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      script.op("redrive", redrive).call(spot(0), { job: "m1" }).call(spot(1), { job: "m1" });
      return script.op("job-done", redrive).call(spot(2)).commit(3).end();
    },
    breaks: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      return script.call(spot(2)).commit(3).end();
    },
  },
  {
    id: "S19",
    what: "a redrive sends the dead letter before the parked events",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      script.op("redrive", redrive).call(spot(1), { job: "m1" }).call(spot(0), { job: "m1" });
      return script.op("job-done", redrive).call(spot(2)).commit(3).end();
    },
    also: ["S8"],
  },
  {
    id: "S19",
    what: "a redrive leaves nothing behind",
    holds: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      script.op("redrive", redrive).call(spot(0), { job: "m1" }).call(spot(1), { job: "m1" });
      return script.op("job-done", redrive).call(spot(2)).commit(3).end();
    },
    breaks: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      script.op("redrive", redrive).call(spot(0), { job: "m1" });
      return script.op("job-done", redrive).call(spot(2)).commit(3).end();
    },
  },
  {
    id: "S19",
    what: "a redrive is over when the run is at rest",
    holds: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      script.op("redrive", redrive).call(spot(0), { job: "m1" }).call(spot(1), { job: "m1" });
      return script.op("job-done", redrive).call(spot(2)).commit(3).op("rest").end();
    },
    breaks: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      script.op("redrive", redrive).call(spot(0), { job: "m1" }).call(spot(1), { job: "m1" });
      return script.call(spot(2)).commit(3).op("rest").end();
    },
  },
  {
    id: "S19",
    what: "a key goes on without a dead letter that its owner dropped, and with what is parked behind it",
    holds: () =>
      discarded((script) =>
        script.op("dropped", { ...dropped, from: 0 }).call(spot(1), { job: "m1" }),
      ),
    breaks: () => discarded((script) => script.call(spot(1), { job: "m1" })),
  },
  {
    id: "S19",
    what: "a release does not send the dead letter",
    holds: () => discarded(dropsFirst),
    breaks: () =>
      discarded((script) => script.call(spot(0), { job: "m1" }).call(spot(1), { job: "m1" })),
  },
  {
    id: "S19",
    what: "a dead letter that was dropped is sent no more",
    holds: () => discarded(dropsFirst, (script) => script.call(spot(2)).commit(3)),
    breaks: () =>
      discarded(dropsFirst, (script) =>
        script.call(spot(0), { job: "m2" }).call(spot(2)).commit(3),
      ),
  },
  {
    id: "S8",
    what: "what was dropped comes behind its lane where the group has lost what it knew of it",
    holds: () => dropForgotten("metadata-corrupted"),
    breaks: () => dropForgotten("rebalance"),
    also: ["S19"],
  },
  {
    id: "S19",
    what: "what was parked and is dropped is sent no more, by a later owner either",
    holds: () => droppedByTwo({ job: "r1" }),
    breaks: () => droppedByTwo({ job: null }),
  },
  {
    id: "S19",
    what: "nothing is dropped that nobody wanted dropped",
    holds: () => discarded(dropsBoth, undefined, 2),
    breaks: () => discarded(dropsBoth, undefined, 1),
  },
  {
    id: "S19",
    what: "a release leaves nothing behind that nobody dropped",
    holds: () => discarded(dropsFirst),
    breaks: () => discarded((script) => script.op("dropped", { ...dropped, from: 0 })),
  },
  {
    id: "S19",
    what: "a discard is over when the run is at rest",
    holds: () => discarded(dropsFirst, (script) => script.call(spot(2)).commit(3).op("rest")),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      script.op("discard", discard).op("dropped", { ...dropped, from: 0 });
      return script.call(spot(1), { job: "m1" }).call(spot(2)).commit(3).op("rest").end();
    },
  },
]);

function deadLetterWith(
  fields: Partial<Pick<GivenUpLine, "fits" | "key" | "sha">>,
): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const first = script.record();
  return script.call(first, { status: 422 }).givenUp(first, "dlq", fields).commit(1).end();
}

type Step = (script: ScriptedHistory) => unknown;

const dropsFirst: Step = (script) =>
  script.op("dropped", { ...dropped, from: 0 }).call(spot(1), { job: "m1" });
const dropsBoth: Step = (script) =>
  script.op("dropped", { ...dropped, from: 0 }).op("dropped", { ...dropped, from: 1 });

/** A key goes on without its dead letter, which is at 0, or also without what is parked below `to`. */
function discarded(
  done: Step,
  after: Step = (script) => script.call(spot(2)).commit(3),
  to = 1,
): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  quarantined(script);
  script.op("discard", { ...discard, to });
  done(script);
  script.op("job-done", redrive);
  after(script);
  return script.end();
}

/** A key whose events are dropped; the next owner calls the parked one, for a job or not. */
function droppedByTwo({ job }: { readonly job: string | null }): readonly HistoryLine[] {
  return discarded(
    dropsBoth,
    (script) => {
      script.call(spot(2)).commit(3).op("kill", { who: "p1" }).wait(10_000).owned("p2", 4);
      if (job !== null) script.op("replay", { ...replay, from: 1, to: 2, mode: "repair" });
      script.call(spot(1), { job, process: "p2", epoch: 4 });
      if (job !== null) script.op("job-done", replay);
    },
    2,
  );
}

/** A dead letter is dropped; after something has befallen the group it is sent by the same wish. */
function dropForgotten(befell: "metadata-corrupted" | "rebalance"): readonly HistoryLine[] {
  return discarded(dropsFirst, (script) => {
    script.op(befell, { target: "crm", topic: "orders", partition: 0 });
    script.call(spot(0), { job: "m1" }).call(spot(2)).commit(3);
  });
}

/** One event of one attempt, which someone wants redriven: before it is given up, and behind that. */
function triedOnBehind(what: "a dead letter" | "nothing"): readonly HistoryLine[] {
  const script = new ScriptedHistory({ maxAttempts: 1 }).owned();
  const first = script.record();
  script.op("redrive", redrive).call(first, { status: 503, job: "m1" });
  if (what === "a dead letter") script.givenUp(first, "dlq", exhausted);
  script.call(first, { number: 2, job: "m1" }).op("job-done", redrive);
  return script.commit(1).end();
}

/** So many calls of so many keys are refused, each behind the one before; behind so many of them the target is paused. */
function refusedMany({
  count,
  keyCount,
  pausedAt = count + 1,
  ...letter
}: {
  readonly count: number;
  readonly keyCount: number;
  readonly pausedAt?: number;
  readonly isLeftOpen?: true;
}): readonly HistoryLine[] {
  const script = new ScriptedHistory({ onDeadLetter: "skip" }).owned();
  const held = { who: "p1", target: "crm", detail: "PAUSED" };
  for (let index = 0; index < count; index += 1) {
    if (index === pausedAt) script.op("held", held).wait(1_000).op("released", held);
    const refused = script.record({ key: `k${index % keyCount}` });
    script.call(refused, { status: 422 }).givenUp(refused, "dlq", letter);
  }
  return script
    .call(script.record({ key: "next" }))
    .commit(count + 1)
    .end();
}

/** Two attempts are allowed: one fails, then probes of a replay of its key do, and then two of its own. */
function probedByReplay(replayCount: number): readonly HistoryLine[] {
  const script = new ScriptedHistory({ maxAttempts: 2 }).owned();
  const first = script.record();
  const second = script.call(first).record();
  const place = { who: "p1", target: "crm" };
  script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
  script.call(second, { status: 503 }).op("held", { ...place, detail: "BREAKER_OPEN" });
  for (let number = 1; number <= replayCount; number += 1)
    script.wait(1_000).call(first, { status: 503, number, job: "r1" });
  for (const number of [2, 3]) script.wait(1_000).call(second, { status: 503, number });
  script
    .op("released", place)
    .givenUp(second, "dlq", { ...exhausted, attempts: 2 })
    .commit(2);
  const detail = told({ end: "cancelled", sent: 0 });
  return script.op("job-done", { ...replay, detail }).end();
}

/** Two attempts are allowed: in two epochs an event fails once and as probes of an open breaker. */
function probedInTwoEpochs(earlierCount: number): readonly HistoryLine[] {
  const script = new ScriptedHistory({ maxAttempts: 2 }).owned();
  const first = script.record();
  const place = { who: "p1", target: "crm" };
  script.call(first, { status: 503 }).op("held", { ...place, detail: "BREAKER_OPEN" });
  for (let number = 2; number < 2 + earlierCount; number += 1)
    script.wait(1_000).call(first, { status: 503, number });
  script.op("revoked", { ...place, topic: "orders", partition: 0, epoch: 1 }).assigned("p1", 2);
  for (const number of [1, 2]) script.wait(1_000).call(first, { status: 503, number, epoch: 2 });
  script.op("released", place);
  return script
    .givenUp(first, "dlq", { ...exhausted, attempts: 2, epoch: 2 })
    .commit(1)
    .end();
}

function givenUpAround(second: "a probe and another attempt" | "a probe"): readonly HistoryLine[] {
  const script = new ScriptedHistory({ maxAttempts: 2 }).owned();
  const first = script.record();
  const place = { who: "p1", target: "crm" };
  script
    .call(first, { status: 503 })
    .op("held", { ...place, detail: "BREAKER_OPEN" })
    .wait(1_000);
  script.call(first, { status: 503, number: 2 }).op("released", place);
  if (second !== "a probe") script.call(first, { status: 503, number: 3 });
  const attempts = second === "a probe" ? 2 : 3;
  return script
    .givenUp(first, "dlq", { ...exhausted, attempts })
    .commit(1)
    .end();
}

/** Two attempts fail, 3 s apart, and a third is taken. */
function triedFor(
  terms: Partial<TargetTerms>,
  meanwhile: "held" | "free" = "free",
): readonly HistoryLine[] {
  const script = new ScriptedHistory(terms).owned();
  const first = script.record();
  const held = { who: "p1", target: "crm", detail: "HTTP_THROTTLED" };
  script.call(first, { status: 503 });
  if (meanwhile === "held") script.op("held", held).wait(2_900).op("released", held);
  else script.wait(3_000);
  script.call(first, { number: 2, status: 503 });
  return script.call(first, { number: 3 }).commit(1).end();
}

/** A replay whose event fails once more than its target allows; people may pause it in between. */
function replayedTwice(
  meanwhile: "paused" | "paused in a call" | "free" = "free",
): readonly HistoryLine[] {
  const script = new ScriptedHistory({ maxAttempts: 2 }).owned();
  const first = script.record();
  script
    .call(first)
    .commit(1)
    .op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
  const fails = { job: "r1", status: 503 };
  const last = { ...fails, number: 3 };
  const pause = (): void => {
    const job = { who: "r1", target: "crm", job: "r1" };
    script.op("pause", job).op("resume", job);
  };
  script
    .call(first, { ...fails, number: 2 })
    .send(first, last)
    .arrive(first, last);
  if (meanwhile === "paused in a call") pause();
  script.answer(first, last).out(first, last);
  if (meanwhile === "paused") pause();
  return script.call(first, { job: "r1", number: 4 }).op("job-done", replay).end();
}
