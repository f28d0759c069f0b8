/** Histories that keep and break what is promised of limits, isolation and ends. */
import type { HistoryLine } from "../history.ts";
import { ScriptedHistory, type Spot } from "../scripted-history.ts";
import { casesOf, delivered, replay } from "./invariant-case.ts";

/** In the order of their numbers. */
export const LIMIT_CASES = casesOf([
  {
    id: "S17",
    what: "the rate is kept",
    holds: () => {
      const script = new ScriptedHistory({ rate: { perSecond: 10, burst: 2 } }).owned();
      for (let index = 0; index < 6; index += 1) script.call(script.wait(100).record());
      return script.commit(6).end();
    },
    breaks: () => {
      const script = new ScriptedHistory({ rate: { perSecond: 2, burst: 2 } }).owned();
      for (let index = 0; index < 6; index += 1) script.call(script.wait(100).record());
      return script.commit(6).end();
    },
  },
  {
    id: "S17",
    what: "the cap on calls in flight is kept",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory({ concurrencyMax: 1 }).owned();
      const first = script.record({ key: "a" });
      const second = script.record({ key: "b" });
      script.send(first).arrive(first).answer(first);
      return script
        .send(second)
        .out(first)
        .arrive(second)
        .answer(second)
        .out(second)
        .commit(2)
        .end();
    },
  },
  {
    id: "S17",
    what: "a call whose sender sleeps counts until its deadline",
    holds: () => besideASleeper(2_100),
    breaks: () => besideASleeper(1_000),
  },
  {
    id: "S17",
    what: "calls of a process that stands still do not count once its group has gone on without it",
    holds: () => goneOnWithout("one that stands still"),
    breaks: () => goneOnWithout("one that is awake"),
  },
  {
    id: "S17",
    what: "Retry-After is kept",
    holds: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      askForTime(script, first, 3_000).wait(3_000);
      return script.call(first, { number: 2 }).commit(1).end();
    },
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      askForTime(script, first, 3_000).wait(1_000);
      return script.call(first, { number: 2 }).commit(1).end();
    },
  },
  {
    id: "S17",
    what: "a Retry-After with a failure is kept for its event",
    holds: () => failedAndAsked({ waitMs: 3_000 }),
    breaks: () => failedAndAsked({ waitMs: 2_800 }),
  },
  {
    id: "S17",
    what: "a Retry-After with a failure binds no later owner of its event",
    holds: () => failedAndAsked({ waitMs: 100, epoch: 2 }),
    breaks: () => failedAndAsked({ waitMs: 100 }),
  },
  {
    id: "S17",
    what: "a wait that the target asked of one process is none for another that was not told",
    holds: () => toldWhileAsleep("the other"),
    breaks: () => toldWhileAsleep("itself"),
  },
  {
    id: "S17",
    what: "a wait that a process was told by another is kept",
    holds: () => toldByAnother({ forMs: 20_000, waitMs: 19_000 }),
    breaks: () => toldByAnother({ forMs: 20_000, waitMs: 18_000 }),
  },
  {
    id: "S17",
    what: "a wait that a process was told by another is kept for no longer than 15 minutes",
    holds: () => toldByAnother({ forMs: 31_536_000_000, waitMs: 900_000 }),
    breaks: () => toldByAnother({ forMs: 31_536_000_000, waitMs: 890_000 }),
  },
  {
    id: "S17",
    what: "a wait binds no process before it was told, nor one that has started anew",
    holds: () => toldByAnother({ forMs: 20_000, waitMs: 100, change: "starts anew" }),
    breaks: () => toldByAnother({ forMs: 20_000, waitMs: 100 }),
  },
  {
    id: "S17",
    what: "a process tells the others of the time that it was asked for, unless they know",
    holds: () => asked((script) => script.throttle("tell", "p1", 19_900)),
    breaks: () => asked(() => null),
  },
  {
    id: "S17",
    what: "a process need not tell the others what they have told it",
    holds: () => asked((script) => script.throttle("told", "p1", 19_500)),
    breaks: () => asked((script) => script.throttle("told", "p1", 15_000)),
  },
  {
    id: "S17",
    what: "a process tells the others of the time that it was asked for at once",
    holds: () => asked((script) => script.wait(900).throttle("tell", "p1", 19_000)),
    breaks: () => asked((script) => script.wait(1_200).throttle("tell", "p1", 18_700)),
  },
  {
    id: "S17",
    what: "a process that stands still need tell nobody",
    holds: () => asked((script) => script.op("stop", { who: "p1" }).op("continue", { who: "p1" })),
    breaks: () =>
      asked((script) => {
        script.op("start", { who: "p2" }).op("stop", { who: "p2" }).op("continue", { who: "p2" });
      }),
  },
  {
    id: "S17",
    what: "a process tells the others of nothing that it was not asked itself",
    holds: () => asked((script) => script.throttle("tell", "p1", 19_900)),
    breaks: () => asked((script) => script.throttle("tell", "p1", 20_900)),
  },
  {
    id: "S17",
    what: "a process tells nobody again what it was told",
    holds: () => asked((script) => script.throttle("tell", "p1", 19_900)),
    breaks: () =>
      asked((script) => {
        script.throttle("tell", "p1", 19_900).op("start", { who: "p2" });
        script.throttle("told", "p2", 19_800).throttle("tell", "p2", 19_790);
      }),
  },
  {
    id: "S17",
    what: "a process tells the others once a second at most",
    holds: () => asked((script) => tellTwice(script, 1_000)),
    breaks: () => asked((script) => tellTwice(script, 500)),
  },
  {
    id: "S18",
    what: "retries leave half of the slots to first attempts that wait, unless their key was set aside",
    holds: () => twoRetriesBesideOneThatWaits("set aside"),
    breaks: () => twoRetriesBesideOneThatWaits("ready"),
  },
  {
    id: "S18",
    what: "what a replay sends after a pause is no retry",
    holds: () => replayedBesideOneThatWaits("paused"),
    breaks: () => replayedBesideOneThatWaits(),
  },
  {
    id: "S18",
    what: "retries and first attempts take turns, where both wait",
    holds: () => twoRetriesInARow("ready later"),
    breaks: () => twoRetriesInARow("ready"),
  },
  {
    id: "S18",
    what: "first attempts do not starve a retry that is due",
    holds: () => retryBehindFirstAttempts(8),
    breaks: () => retryBehindFirstAttempts(9),
  },
  {
    id: "S22",
    what: "a tap costs less than 2 % of the rate",
    holds: () => delivered((script) => script.measure("tap", { clean: 1_000, load: 990 })),
    breaks: () => delivered((script) => script.measure("tap", { clean: 1_000, load: 970 })),
  },
  {
    id: "L3",
    what: "a process that is terminated exits in its grace",
    holds: () =>
      delivered((script) => {
        script.op("terminate", { who: "p1" }).wait(20_000).op("exit", { who: "p1", detail: "0" });
      }),
    breaks: () =>
      delivered((script) => {
        script.op("terminate", { who: "p1" }).wait(31_000).op("exit", { who: "p1", detail: "0" });
      }),
  },
  {
    id: "L3",
    what: "a process that is terminated gives up what is open when the budget of its stop is over",
    holds: () => openWhileStopping(7_900),
    breaks: () => openWhileStopping(8_100),
  },
  {
    id: "L3",
    what: "a process that is terminated exits with 0",
    holds: () =>
      delivered((script) => {
        script.op("terminate", { who: "p1" }).op("exit", { who: "p1", detail: "0" });
      }),
    breaks: () =>
      delivered((script) => {
        script.op("terminate", { who: "p1" }).op("exit", { who: "p1", detail: "1" });
      }),
  },
  {
    id: "L4",
    what: "healthy keys beside a sick one keep their p99",
    holds: () =>
      delivered((script) => script.measure("p99-healthy-keys", { clean: 100, faulted: 170 })),
    breaks: () =>
      delivered((script) => script.measure("p99-healthy-keys", { clean: 100, faulted: 171 })),
  },
  {
    id: "L4",
    what: "healthy keys keep to the stricter limit of a run that has one",
    holds: () =>
      delivered((script) =>
        script.measure("p99-healthy-keys", { clean: 100, faulted: 120, limit: 120 }),
      ),
    breaks: () =>
      delivered((script) =>
        script.measure("p99-healthy-keys", { clean: 100, faulted: 121, limit: 120 }),
      ),
  },
  {
    id: "L4",
    what: "a limit of the run makes the promise no looser",
    holds: () =>
      delivered((script) =>
        script.measure("p99-healthy-target", { clean: 100, faulted: 110, limit: 900 }),
      ),
    breaks: () =>
      delivered((script) =>
        script.measure("p99-healthy-target", { clean: 100, faulted: 111, limit: 900 }),
      ),
  },
  {
    id: "L4",
    what: "healthy targets beside a sick one keep their p99",
    holds: () =>
      delivered((script) => script.measure("p99-healthy-target", { clean: 100, faulted: 110 })),
    breaks: () =>
      delivered((script) => script.measure("p99-healthy-target", { clean: 100, faulted: 111 })),
  },
  {
    id: "L4",
    what: "a p99 is slower where its sample leaves no doubt of it",
    holds: () => delivered((script) => script.sampledP99({ cleanHigh: 110, faultedLow: 121 })),
    breaks: () => delivered((script) => script.sampledP99({ cleanHigh: 110, faultedLow: 122 })),
  },
  {
    id: "L5",
    what: "memory returns to its baseline",
    holds: () => delivered((script) => script.measure("rss", { baseline: 100, drained: 109 })),
    breaks: () => delivered((script) => script.measure("rss", { baseline: 100, drained: 112 })),
  },
  {
    id: "L5",
    what: "memory stays below its cap",
    holds: () => delivered((script) => script.measure("rss", { load: 100, limit: 100 })),
    breaks: () => delivered((script) => script.measure("rss", { load: 101, limit: 100 })),
  },
]);

/** A target asks for time, and its caller tells the others. */
function askForTime(script: ScriptedHistory, spot: Spot, retryAfterMs: number): ScriptedHistory {
  return script.call(spot, { status: 429, retryAfterMs }).throttle("tell", "p1", retryAfterMs);
}

/** A call fails and asks for 3 s for its event; another event's is made at once, and its own so long after. */
function failedAndAsked({
  waitMs,
  epoch = 1,
}: {
  readonly waitMs: number;
  readonly epoch?: number;
}): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const [first, other] = [script.record({ key: "a" }), script.record({ key: "b" })];
  script.call(first, { status: 502, retryAfterMs: 3_000 }).call(other).wait(waitMs);
  if (epoch === 1) return script.call(first, { number: 2 }).commit(2).end();
  script.op("revoked", { who: "p1", target: "crm", topic: "orders", partition: 0, epoch: 1 });
  return script.assigned("p1", epoch).call(first, { epoch }).commit(2, { epoch }).end();
}

/** A target asks for 20 s; then what it says of that; then the call is made again. */
function asked(then: (script: ScriptedHistory) => unknown): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const first = script.record();
  script.call(first, { status: 429, retryAfterMs: 20_000 });
  then(script);
  return script.wait(20_000).call(first, { number: 2 }).commit(1).end();
}

/** What a target asked for, which took 10 ms to hear of, and what is left of it. */
function tellTwice(script: ScriptedHistory, waitMs: number): void {
  script
    .throttle("tell", "p1", 19_900)
    .wait(waitMs)
    .throttle("tell", "p1", 19_800 - waitMs);
}

/** A process is told of a wait, and makes a call so long after; or it is another that has started meanwhile. */
function toldByAnother({
  forMs,
  waitMs,
  change,
}: {
  readonly forMs: number;
  readonly waitMs: number;
  readonly change?: "starts anew";
}): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  script.call(script.record()).throttle("told", "p1", forMs);
  const next = script.record();
  if (change === undefined) return script.wait(waitMs).call(next).commit(2).end();
  script.op("kill", { who: "p1" }).wait(waitMs);
  const other = { process: "p2", epoch: 2 };
  return script.owned("p2", 2).call(next, other).commit(2, other).end();
}

/** Both slots hold a retry, while an event of another key has not had its first attempt. */
function twoRetriesBesideOneThatWaits(waitingKey: "ready" | "set aside"): readonly HistoryLine[] {
  const script = new ScriptedHistory({ concurrencyMax: 2 }).owned();
  if (waitingKey === "set aside") {
    script.marker("k2", { epoch: 1, place: 9, kind: "deferred", offset: 2 });
  }
  const [first, second, waiting, last] = [
    script.record({ key: "k0" }),
    script.record({ key: "k1" }),
    script.record({ key: "k2" }),
    script.record({ key: "k3" }),
  ];
  script.call(last).call(first, { status: 503 }).call(second, { status: 503 }).wait(2_000);
  const again = { number: 2 };
  script.send(first, again).send(second, again);
  script.arrive(first, again).answer(first).out(first, again);
  script.arrive(second, again).answer(second).out(second, again);
  return script.call(waiting).commit(4).end();
}

function replayedBesideOneThatWaits(meanwhile: "paused" | "free" = "free"): readonly HistoryLine[] {
  const script = new ScriptedHistory({ concurrencyMax: 2 }).owned();
  const [first, second, waiting, last] = [
    script.record({ key: "k0" }),
    script.record({ key: "k1" }),
    script.record({ key: "k2" }),
    script.record({ key: "k3" }),
  ];
  script.call(first).op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
  script.call(last).call(first, { job: "r1", number: 2, status: 503 });
  script.call(second, { status: 503 });
  if (meanwhile === "paused") {
    const job = { who: "r1", target: "crm", job: "r1" };
    script.op("pause", job).op("resume", job);
  }
  script.wait(2_000);
  const [replayed, again] = [{ job: "r1", number: 3 }, { number: 2 }];
  script.send(first, replayed).send(second, again);
  script.arrive(first, replayed).answer(first, replayed).out(first, replayed);
  script.arrive(second, again).answer(second).out(second, again);
  return script.call(waiting).commit(4).op("job-done", replay).end();
}

/** Two retries one behind the other, while an event of another key has not had its first attempt. */
function twoRetriesInARow(waiting: "ready" | "ready later"): readonly HistoryLine[] {
  const script = new ScriptedHistory({ concurrencyMax: 8 }).owned();
  const [first, second, other, last] = ["k0", "k1", "k2", "k3"].map((key) =>
    script.record({ key }),
  );
  if (first === undefined || second === undefined) return script.end();
  if (other === undefined || last === undefined) return script.end();
  if (waiting === "ready") script.call(last);
  script.call(first, { status: 503 }).call(second, { status: 503 }).wait(2_000);
  script.call(first, { number: 2 }).call(second, { number: 2 }).call(other);
  if (waiting === "ready later") script.call(last);
  return script.commit(4).end();
}

/** A retry that is made behind so many first attempts, all of them after it was due. */
function retryBehindFirstAttempts(count: number): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const first = script.record({ key: "first" });
  script.call(first, { status: 503 }).wait(6_100);
  for (let index = 0; index < count; index += 1) script.call(script.record({ key: `k${index}` }));
  return script
    .call(first, { number: 2 })
    .commit(count + 1)
    .end();
}

/** A call, and another one so long after it was sent, ms; the sender of the first hears of its end when both are over. */
function besideASleeper(afterMs: number): readonly HistoryLine[] {
  const script = new ScriptedHistory({ concurrencyMax: 1, timeoutMs: 2_000 }).owned();
  const first = script.record({ key: "a" });
  const second = script.record({ key: "b" });
  script.send(first).arrive(first).answer(first).wait(afterMs);
  return script.call(second).out(first).commit(2).end();
}

/** Two calls are allowed: so many are open in one partition when another process takes another one, and makes as many. */
function goneOnWithout(
  whom: "one that is awake" | "one that stands still",
): readonly HistoryLine[] {
  const script = new ScriptedHistory(
    { concurrencyMax: 2, timeoutMs: 30_000 },
    { topics: { orders: 2 } },
  ).owned();
  script.assigned("p1", 2, 1);
  const own = [script.record({ key: "k0" }), script.record({ key: "k1" })];
  const taken = [script.record({ key: "k2" }, 1), script.record({ key: "k3" }, 1)];
  for (const spot of own) script.send(spot).arrive(spot).answer(spot);
  if (whom === "one that stands still") script.op("stop", { who: "p1" });
  const next = { process: "p2", epoch: 3 };
  script.wait(11_000).op("start", { who: "p2" }).assigned("p2", 3, 1);
  for (const spot of taken) script.send(spot, next);
  for (const spot of taken) script.arrive(spot, next).answer(spot, next).out(spot, next);
  if (whom === "one that stands still") script.op("continue", { who: "p1" });
  for (const spot of own) script.out(spot);
  return script
    .commit(2)
    .commit(2, { ...next, partition: 1 })
    .end();
}

/** A process sleeps over the answer to its call, while the next owner of the event is told to wait. */
function toldWhileAsleep(who: "the other" | "itself"): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const first = script.record();
  const own = { status: 429, outcome: "throttled" } as const;
  const told = { retryAfterMs: 3_000 };
  script.send(first).arrive(first);
  script.answer(first, who === "itself" ? { ...own, ...told } : own).op("stop", { who: "p1" });
  const other = { process: "p2", epoch: 2 };
  script
    .wait(11_000)
    .owned("p2", 2)
    .call(first, { ...own, ...told, ...other })
    .throttle("tell", "p2", told.retryAfterMs);
  script.op("continue", { who: "p1" }).out(first, own);
  script.op("fenced", { who: "p1", target: "crm", topic: "orders", partition: 0, epoch: 1 });
  const third = { epoch: 3 };
  script.op("revoked", { who: "p2", target: "crm", topic: "orders", partition: 0, epoch: 2 });
  return script.assigned("p1", 3).call(first, third).commit(1, third).end();
}

/** A call that ends so long after its process was told to end, which has 5 s for it. */
function openWhileStopping(forMs: number): readonly HistoryLine[] {
  const script = new ScriptedHistory({ timeoutMs: 10_000 }, { stopBudgetMs: 5_000 }).owned();
  const first = script.record();
  script.send(first).arrive(first).op("terminate", { who: "p1" }).wait(forMs);
  script.answer(first).out(first).commit(1);
  return script.op("exit", { who: "p1", detail: "0" }).end();
}
