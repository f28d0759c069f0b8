/** Histories that keep and break what is promised of a target that waits. */
import type { HistoryLine } from "../history.ts";
import { ScriptedHistory, type Spot } from "../scripted-history.ts";
import { casesOf } from "./invariant-case.ts";

const HELD = { who: "p1", target: "crm" };
const REFUSED = { ...HELD, detail: "HTTP_UNAUTHORIZED" };

/** In the order of their numbers. */
export const HELD_CASES = casesOf([
  {
    id: "S17",
    what: "retries of an event wait longer with each failure",
    holds: () => retriedAfter([100, 200, 400, 800]),
    breaks: () => retriedAfter([100, 90, 80, 70]),
  },
  {
    id: "S17",
    what: "a target that refuses us is asked by one call at a time",
    holds: () => afterFailures({ status: 401, keyCount: 3 }, inTurn(2_000)),
    breaks: () => afterFailures({ status: 401, keyCount: 3 }, besideEachOther),
  },
  {
    id: "S17",
    what: "a target that refuses one key is not held for it",
    holds: () => afterFailures({ status: 401, keyCount: 2 }, besideEachOther),
    breaks: () => afterFailures({ status: 401, keyCount: 4 }, besideEachOther),
  },
  {
    id: "S17",
    what: "a call that was under way ends no wait for a refusal",
    holds: () => refusedBeside((script, [first]) => script.wait(1_000).call(first, AGAIN)),
    breaks: () => refusedBeside(() => null),
  },
  {
    id: "S17",
    what: "a target that refuses us is asked once in an interval, whatever was under way came to",
    holds: () => refusedBeside(probedTwice({ waitMs: 1_000 })),
    breaks: () => refusedBeside(probedTwice({ waitMs: 500 })),
  },
  {
    id: "S17",
    what: "a target that refuses us is asked again at once where a probe was given up",
    holds: () => refusedBeside(probedTwice({ waitMs: 0, outcome: "abandoned" })),
    breaks: () => refusedBeside(probedTwice({ waitMs: 0, outcome: "retry" })),
  },
  {
    id: "S17",
    what: "a target that is down is asked by one call at a time",
    holds: () => afterFailures({ status: 503, keyCount: 28 }, inTurn(2_000)),
    breaks: () => afterFailures({ status: 503, keyCount: 28 }, besideEachOther),
  },
  {
    id: "S17",
    what: "a target that is down is asked once a second",
    holds: () => afterFailures({ status: 503, keyCount: 28 }, inTurn(1_000)),
    breaks: () => afterFailures({ status: 503, keyCount: 28 }, inTurn(500)),
  },
  {
    id: "S17",
    what: "an open breaker lets one probe out at a time",
    holds: () =>
      afterFailures({ status: 503, keyCount: 2 }, (script, [first, second, third]) => {
        script.op("held", { ...HELD, detail: "BREAKER_OPEN" }).wait(1_000);
        inTurn(1_000)(script, [first, second, third]);
        script.op("released", HELD);
      }),
    breaks: () =>
      afterFailures({ status: 503, keyCount: 2 }, (script, [first, second]) => {
        script.op("held", { ...HELD, detail: "BREAKER_OPEN" }).wait(1_000);
        besideEachOther(script, [first, second]);
        script.op("released", HELD);
      }),
  },
  {
    id: "S17",
    what: "a reset lets a probe of an open breaker out at once",
    holds: () => behindAProbe((script, [first]) => reset(script).call(first, FAILED_AGAIN)),
    breaks: () => behindAProbe((script, [first]) => script.call(first, FAILED_AGAIN)),
  },
  {
    id: "S17",
    what: "a reset lets one probe out, and the next in its turn",
    holds: () => behindAProbe((script, three) => inTurn(1_000)(reset(script), three)),
    breaks: () => behindAProbe((script, three) => inTurn(500)(reset(script), three)),
  },
  {
    id: "S17",
    what: "a reset lets no probe out beside another",
    holds: () => behindAProbe((script, [first]) => reset(script).call(first, AGAIN)),
    breaks: () => behindAProbe((script, three) => besideEachOther(reset(script), three)),
  },
  {
    id: "S17",
    what: "a reset that comes while a probe is out lets none out behind it",
    holds: () => resetBesideAProbe(1_000),
    breaks: () => resetBesideAProbe(500),
  },
  {
    id: "S17",
    what: "a reset that another process heard of lets no probe out",
    holds: () => behindAProbe((script, [first]) => reset(script).call(first, AGAIN)),
    breaks: () => behindAProbe((script, [first]) => reset(script, "p2").call(first, AGAIN)),
  },
  {
    id: "S17",
    what: "a target that is just back gets one call at a time",
    holds: () =>
      afterFailures({ status: 503, keyCount: 2 }, (script, [first, second, third]) => {
        goodProbe(script, first);
        script.wait(50).call(second, AGAIN).call(third, AGAIN);
      }),
    breaks: () =>
      afterFailures({ status: 503, keyCount: 2 }, (script, [first, second, third]) => {
        goodProbe(script, first);
        besideEachOther(script.wait(50), [second, third]);
      }),
  },
  {
    id: "S17",
    what: "a target that is paused gets no call",
    holds: () =>
      afterFailures({ status: 503, keyCount: 2 }, (script, [first, second]) => {
        script
          .op("held", { ...HELD, detail: "PAUSED" })
          .wait(1_000)
          .op("released", HELD);
        besideEachOther(script, [first, second]);
      }),
    breaks: () =>
      afterFailures({ status: 503, keyCount: 2 }, (script, [first, second]) => {
        script.op("held", { ...HELD, detail: "PAUSED" }).wait(1_000);
        besideEachOther(script, [first, second]);
        script.op("released", HELD);
      }),
  },
  {
    id: "S17",
    what: "a pause that ended in another wait is not told of",
    holds: () => pausedInAWait("BREAKER_OPEN"),
    breaks: () => pausedInAWait("PAUSED"),
  },
  {
    id: "S17",
    what: "a target that people have paused is called again when they say so",
    holds: () =>
      pausedByPeople((script) => script.op("resume", { who: "operator", target: "crm" })),
    breaks: () => pausedByPeople(() => null),
  },
]);

const AGAIN = { number: 2 };
const FAILED_AGAIN = { ...AGAIN, status: 503 };

type Three = readonly [Spot, Spot, Spot];
type Then = (script: ScriptedHistory, spots: Three) => unknown;

/** Calls of so many keys fail, one after the other, and are made again, the first ones as it says. */
function afterFailures(
  { status, keyCount }: { readonly status: number; readonly keyCount: number },
  then: Then,
): readonly HistoryLine[] {
  const script = new ScriptedHistory({ concurrencyMax: 64 }).owned();
  const spots = Array.from({ length: Math.max(3, keyCount) }, (_, index) =>
    script.record({ key: `k${index}` }),
  );
  const [first, second, third, ...others] = spots;
  if (first === undefined || second === undefined || third === undefined) return script.end();
  for (const spot of spots.slice(0, keyCount)) script.call(spot, { status });
  then(script.wait(10_000), [first, second, third]);
  script.wait(10_000);
  for (const spot of [first, second, third, ...others]) deliver(script, spot);
  return script.commit(spots.length).end();
}

/** Delivers what is not delivered. */
function deliver(script: ScriptedHistory, { partition, offset }: Spot): void {
  const outcomes = script.lines.flatMap((line) => {
    return line.h === "attempt" && line.ev === "out" && line.offset === offset
      ? [line.outcome]
      : [];
  });
  if (outcomes.includes("delivered")) return;
  script.call({ partition, offset }, { number: outcomes.length + 1 });
}

function besideEachOther(script: ScriptedHistory, [first, second]: readonly Spot[]): void {
  if (first === undefined || second === undefined) return;
  script.send(first, AGAIN).arrive(first, AGAIN).answer(first, AGAIN);
  script.send(second, AGAIN).out(first, AGAIN);
  script.arrive(second, AGAIN).answer(second, AGAIN).out(second, AGAIN);
}

/** Both fail once more, one so long after the other. */
function inTurn(waitMs: number): Then {
  return (script, [first, second]) =>
    script.call(first, FAILED_AGAIN).wait(waitMs).call(second, FAILED_AGAIN);
}

function reset(script: ScriptedHistory, who = "p1"): ScriptedHistory {
  return script.op("breaker-reset", { ...HELD, who });
}

/** A breaker is open, and a probe of it has just failed; then what it says, while it is open. */
function behindAProbe(then: Then): readonly HistoryLine[] {
  return afterFailures({ status: 503, keyCount: 2 }, (script, three) => {
    script.op("held", { ...HELD, detail: "BREAKER_OPEN" }).wait(1_000);
    script.call(three[2], { status: 503 });
    then(script, three);
    script.op("released", HELD);
  });
}

/** A reset comes while a probe is out, which fails; the next one follows so long after. */
function resetBesideAProbe(waitMs: number): readonly HistoryLine[] {
  return behindAProbe((script, [first, second]) => {
    script.wait(1_000).send(first, FAILED_AGAIN).arrive(first, FAILED_AGAIN);
    reset(script).answer(first, FAILED_AGAIN).out(first, FAILED_AGAIN);
    script.wait(waitMs).call(second, FAILED_AGAIN);
  });
}

/** Calls of three keys are refused and the target waits, while one is under way, which is taken; then what it says. */
function refusedBeside(then: Then): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const [slow, first, second, third] = ["a", "b", "c", "d"].map((key) => script.record({ key }));
  if (slow === undefined || first === undefined) return script.end();
  if (second === undefined || third === undefined) return script.end();
  script.send(slow);
  for (const spot of [first, second, third]) script.call(spot, { status: 401 });
  script.op("held", REFUSED).arrive(slow).answer(slow).out(slow);
  then(script, [first, second, third]);
  script.op("released", HELD).wait(2_000);
  for (const spot of [first, second, third]) deliver(script, spot);
  return script.commit(4).end();
}

/** A probe is refused, or ends otherwise; so long after, another one is taken. */
function probedTwice({
  waitMs,
  outcome = "misconfigured",
}: {
  readonly waitMs: number;
  readonly outcome?: "misconfigured" | "retry" | "abandoned";
}): Then {
  return (script, [first, second]) => {
    const isRefused = outcome === "misconfigured";
    script.wait(1_000).call(first, { ...AGAIN, outcome, status: isRefused ? 401 : 503 });
    if (isRefused) script.op("held", REFUSED);
    script.wait(waitMs).call(second, AGAIN);
  };
}

function goodProbe(script: ScriptedHistory, spot: Spot): void {
  script.op("held", { ...HELD, detail: "BREAKER_OPEN" }).wait(1_000);
  script.call(spot, AGAIN).op("released", HELD);
}

/** Paused; then it waits for a reason more; then one call. */
function pausedInAWait(reason: string): readonly HistoryLine[] {
  return afterFailures({ status: 503, keyCount: 2 }, (script, [first]) => {
    script.op("held", { ...HELD, detail: "PAUSED" }).op("held", { ...HELD, detail: reason });
    script.wait(2_000).call(first, AGAIN).op("released", HELD);
  });
}

/** Events that fail as often as there are waits, whose bound is 200 ms at first; others are delivered meanwhile. */
function retriedAfter(waitsMs: readonly number[]): readonly HistoryLine[] {
  const script = new ScriptedHistory({ backoffBaseMs: 200 }).owned();
  for (let index = 0; index < 40; index += 1) {
    const event = script.record({ key: `k${index}` });
    for (const [failureCount, waitMs] of waitsMs.entries()) {
      script.call(event, { status: 503, number: failureCount + 1 }).wait(waitMs);
    }
    script.call(event, { number: waitsMs.length + 1 });
  }
  return script.commit(40).end();
}

/** A process hears of a pause, and goes on. */
function pausedByPeople(before: (script: ScriptedHistory) => unknown): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  script.op("pause", { who: "operator", target: "crm" }).op("held", { ...HELD, detail: "PAUSED" });
  before(script);
  return script.op("released", HELD).call(script.record()).commit(1).end();
}
