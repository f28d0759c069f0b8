/** Histories that keep and break what is promised of the log, arrivals and their order. */
import type { HistoryLine } from "../history.ts";
import { ScriptedHistory } from "../scripted-history.ts";
import {
  afterCrash,
  casesOf,
  delivered,
  exhausted,
  quarantined,
  redrive,
  replay,
  SECOND_OWNER,
  spot,
  without,
} from "./invariant-case.ts";

const CONFIG = { target: "crm" } as const;

/** In the order of their numbers. */
export const LOG_CASES = casesOf([
  {
    id: "S1",
    what: "an acknowledged event is in the log",
    holds: () => delivered(),
    breaks: () =>
      without(
        delivered((script) => script.record()),
        (line) => {
          return (
            (line.h === "log" || line.h === "log-end") && "offset" in line && line.offset === 1
          );
        },
      ),
  },
  {
    id: "S2",
    what: "what is in the log was emitted",
    holds: () => delivered(),
    breaks: () =>
      without(delivered(), ({ h }) => h === "emit").concat(
        without(
          delivered((script) => script.record()),
          (line) => line.h !== "emit" || line.id === "id-0-0",
        ),
      ),
    also: ["S1"],
  },
  {
    id: "S2",
    what: "an event whose emit failed is in no log",
    holds: () => delivered(),
    breaks: () =>
      delivered().map((line) => {
        return line.h === "emit" && line.ev === "ok" ? { ...line, ev: "fail" as const } : line;
      }),
  },
  {
    id: "S3",
    what: "an event that was emitted once is logged once",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      const second = script.record({ key: "k2" });
      const lines = script.call(first).call(second, { idempotencyKey: "key-0-0" }).commit(2).end();
      return without(lines, (line) => line.h === "emit" && line.id === "id-0-1").map((line) => {
        return line.h === "log" && line.offset === 1
          ? { ...line, id: "id-0-0", sha: "sha-0-0" }
          : line;
      });
    },
  },
  {
    id: "S4",
    what: "events of a producer and key are logged in the order of their emits",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      script.call(script.record()).call(script.record()).commit(2);
      return script
        .end()
        .map((line) => (line.h === "emit" ? { ...line, sequence: 1 - line.sequence } : line));
    },
  },
  {
    id: "S8",
    what: "first arrivals of a key come in the order of the log",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      const second = script.record();
      return script.call(second).call(first).commit(2).end();
    },
    also: ["S9"],
  },
  {
    id: "S8",
    what: "a call that comes when its event has been set aside is no first arrival",
    holds: () => silentAndLate("set aside"),
    breaks: () => silentAndLate("tried again"),
    also: ["S9"],
  },
  {
    id: "S8",
    what: "what was taken live comes again, wherever the next owner sets its key aside",
    holds: () => setAsideAnew(200),
    breaks: () => setAsideAnew(422),
    also: ["S19"],
  },
  {
    id: "S8",
    what: "what was taken on a way back comes again where the next owner goes on by another wish",
    holds: () => backByTwoWishes("taken"),
    breaks: () => backByTwoWishes("passed over"),
    also: ["S19"],
  },
  {
    id: "S9",
    what: "a key has one attempt in flight",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      const second = script.record();
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
    id: "S9",
    what: "a replay calls no key that is being called",
    holds: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
        script.call(spot(0), { job: "r1" }).op("job-done", replay);
      }),
    breaks: () =>
      delivered((script) => {
        const second = script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" }).record();
        script.send(second).call(spot(0), { job: "r1" });
        script.arrive(second).answer(second).out(second).commit(2).op("job-done", replay);
      }),
  },
  {
    id: "S9",
    what: "who has lost a partition sends nothing of it",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      script.op("start", { who: "p2" }).assigned("p2", 2);
      return script.call(first).commit(1).end();
    },
  },
  {
    id: "S10",
    what: "no event of a key is left out",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      script.record();
      const second = script.record();
      return script.call(second).end();
    },
    also: ["S9", "L1"],
  },
  {
    id: "S11",
    what: "a repeat carries the Idempotency-Key of the first attempt",
    holds: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      return script.call(first, { status: 503 }).call(first, { number: 2 }).commit(1).end();
    },
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      script.call(first, { status: 503 });
      return script.call(first, { number: 2, idempotencyKey: "other" }).commit(1).end();
    },
  },
  {
    id: "S11",
    what: "a repeat carries the body of the first attempt",
    holds: () => delivered(),
    breaks: () => {
      const expected = { kind: "deliver", bodySha: "body-0-0", otherBodyShas: ["body-b"] } as const;
      const script = new ScriptedHistory().owned();
      const first = script.record({ expect: expected });
      return script
        .call(first, { status: 503 })
        .call(first, { number: 2, body: "body-b" })
        .commit(1)
        .end();
    },
  },
  {
    id: "S11",
    what: "processes send what their own mapping revision makes of an event",
    holds: () => mappedBy("r2"),
    breaks: () => mappedBy("r1"),
  },
  {
    id: "S11",
    what: "no two events share an Idempotency-Key",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      script.call(script.record());
      return script.call(script.record(), { idempotencyKey: "key-0-0" }).commit(2).end();
    },
  },
  {
    id: "S11",
    what: "a redrive changes the Idempotency-Key only after definite refusals",
    holds: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      script.op("redrive", redrive).call(spot(0), { job: "m1", idempotencyKey: "key-0-0#1" });
      script.call(spot(1), { job: "m1" }).op("job-done", redrive);
      return script.call(spot(2)).commit(3).end();
    },
    breaks: () => {
      const script = new ScriptedHistory({ maxAttempts: 1 }).owned();
      const dead = script.record();
      script.call(dead, { status: 503 }).givenUp(dead, "dlq", exhausted).commit(1);
      script.op("redrive", redrive);
      script.call(dead, { job: "m1", idempotencyKey: "key-0-0#1" });
      return script.op("job-done", redrive).end();
    },
  },
  {
    id: "S11",
    what: "what was tried with the new key of a redrive may be applied before it is tried again",
    holds: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      const again = { job: "m1", idempotencyKey: "key-0-0#1" };
      script.op("redrive", redrive);
      script.send(spot(0), again).out(spot(0), { ...again, outcome: "retry", isAmbiguous: true });
      script.call(spot(0), { ...again, number: 2 }).call(spot(1), { job: "m1" });
      return script.op("job-done", redrive).call(spot(2)).commit(3).end();
    },
    breaks: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      const again = { job: "m1", idempotencyKey: "key-0-0#1" };
      script.op("redrive", redrive);
      script.send(spot(0), again).out(spot(0), { ...again, outcome: "retry", isAmbiguous: true });
      const other = { ...again, idempotencyKey: "key-0-0#2", number: 2 };
      script.call(spot(0), other).call(spot(1), { job: "m1" });
      return script.op("job-done", redrive).call(spot(2)).commit(3).end();
    },
  },
  {
    id: "S11",
    what: "a marker promises a new key only after definite refusals",
    holds: () => promisedANewKey(429),
    breaks: () => promisedANewKey(503),
  },
  {
    id: "S11",
    what: "a marker promises no new key where an earlier owner's call may have been applied",
    holds: () => promisedAfterACrash(0),
    breaks: () => promisedAfterACrash(1),
  },
  {
    id: "S11",
    what: "what an overtaken owner's marker promises does not count",
    holds: () => promisedTooLate(0),
    breaks: () => promisedTooLate(1),
  },
  {
    id: "S11",
    what: "a repair carries the event's own key, whatever key a redrive had to give it",
    holds: () => repaired("key-0-0"),
    breaks: () => repaired("key-0-0#1"),
  },
  {
    id: "S21",
    what: "a body is the mapping of its event",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      return script.call(script.record(), { body: "other" }).commit(1).end();
    },
  },
  {
    id: "S21",
    what: "what the filter leaves out does not come",
    holds: () => {
      const script = new ScriptedHistory().owned();
      script.record({ expect: { kind: "filtered" } });
      return script.commit(1).end();
    },
    breaks: () => {
      const script = new ScriptedHistory().owned();
      return script
        .call(script.record({ expect: { kind: "filtered" } }))
        .commit(1)
        .end();
    },
  },
]);

/** An event that was refused for good after an answer `status`: a redrive is to give it a new key. */
function promisedANewKey(status: number): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const dead = script.record();
  script.call(dead, { status }).call(dead, { status: 422, number: 2 }).givenUp(dead, "dlq");
  return marked(script, { epoch: 1, keyCount: 1 }).commit(1).end();
}

/** An event that its first owner was calling when it was killed, and that the second one's target refuses. */
function promisedAfterACrash(keyCount: number): readonly HistoryLine[] {
  return afterCrash(
    (script) => script.send(script.record()),
    (script) => {
      script.call(spot(0), { ...SECOND_OWNER, status: 422 }).givenUp(spot(0), "dlq", { epoch: 2 });
      marked(script, { epoch: 2, keyCount }).commit(1, SECOND_OWNER);
    },
  );
}

/** An event whose first owner promises a new key, wrongly, when it has lost it; the second one's marker counts. */
function promisedTooLate(keyCount: number): readonly HistoryLine[] {
  return afterCrash(
    (script) => script.call(script.record(), { status: 503 }),
    (script) => {
      marked(script, { epoch: 1, keyCount: 1 });
      script.call(spot(0), { ...SECOND_OWNER, status: 422 }).givenUp(spot(0), "dlq", { epoch: 2 });
      marked(script, { epoch: 2, keyCount, place: 10 }).commit(1, SECOND_OWNER);
    },
  );
}

/** Record 0 holds its key, by the word of an owner; `place` is where in the state topic. */
function marked(
  script: ScriptedHistory,
  {
    epoch,
    keyCount,
    place = 9,
  }: { readonly epoch: number; readonly keyCount: number; readonly place?: number },
): ScriptedHistory {
  const value = { kind: "quarantine", offset: 0, redriveCount: 0, keyCount };
  return script.wait(1).marker("k1", { epoch, place, ...value });
}

/** An event that was refused, redriven under a new key, and then replayed. */
function repaired(idempotencyKey: string): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const dead = script.record();
  script.call(dead, { status: 422 }).givenUp(dead, "dlq").commit(1).op("redrive", redrive);
  script.call(dead, { job: "m1", idempotencyKey: "key-0-0#1" }).op("job-done", redrive);
  script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
  return script.call(dead, { job: "r1", idempotencyKey }).op("job-done", replay).end();
}

/** An event that one process sent by revision r1, and the next one, by another body, by this revision. */
function mappedBy(revision: string): readonly HistoryLine[] {
  return afterCrash(
    (script) => {
      script.op("config", { ...CONFIG, who: "p1", detail: "r1" });
      const expected = { kind: "deliver", bodySha: "body-0-0", otherBodyShas: ["body-b"] } as const;
      script
        .send(script.record({ expect: expected }))
        .arrive(spot(0))
        .answer(spot(0));
    },
    (script) => {
      script.op("config", { ...CONFIG, who: "p2", detail: revision });
      script.call(spot(0), { ...SECOND_OWNER, body: "body-b" }).commit(1, SECOND_OWNER);
    },
  );
}

/** An event whose first call comes long after its sender gave it up, when the next event of its key has come. */
function silentAndLate(end: "set aside" | "tried again"): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const [first, second] = [script.record(), script.record()];
  script.send(first).out(first, { outcome: "retry", isAmbiguous: true });
  if (end === "set aside") {
    script.givenUp(first, "park", { reason: "PARKED", attempts: 1 }).op("redrive", redrive);
    script.call(first, { job: "m1" }).op("job-done", redrive);
  }
  script.call(second).arrive(first).answer(first);
  if (end === "tried again") script.call(first, { number: 2 });
  return script.commit(2).end();
}

/** A key whose second event was redriven; its first one is redriven too, after the answer `status` and a crash. */
function setAsideAnew(status: number): readonly HistoryLine[] {
  return afterCrash(
    (script) => {
      const [first, second] = [script.record(), script.record()];
      script.call(first, { status });
      if (status === 422) script.givenUp(first, "dlq").givenUp(second, "park");
      else script.call(second, { status: 422 }).givenUp(second, "dlq");
      script.op("redrive", redrive).call(second, { job: "m1" });
    },
    (script) => {
      script.givenUp(spot(0), "park", { epoch: 2 }).call(spot(0), { ...SECOND_OWNER, job: "m1" });
      script.call(spot(1), { ...SECOND_OWNER, job: "m1" }).op("job-done", redrive);
      script.commit(2, SECOND_OWNER);
    },
  );
}

/** A key with a dead letter and two parked events, whose way back two wishes are for: the second event was taken for the first wish, or not. */
function backByTwoWishes(second: "passed over" | "taken"): readonly HistoryLine[] {
  return afterCrash(
    (script) => {
      const [dead, next, last] = [script.record(), script.record(), script.record()];
      script.call(dead, { status: 422 }).givenUp(dead, "dlq");
      script.givenUp(next, "park").givenUp(last, "park");
      script.op("redrive", redrive).call(dead, { job: "m1" });
      if (second === "taken") script.call(next, { job: "m1" });
      script.op("redrive", { ...redrive, job: "m2" }).call(last, { job: "m2" });
    },
    (script) => {
      script.call(spot(1), { ...SECOND_OWNER, job: "m2" });
      script.call(spot(2), { ...SECOND_OWNER, job: "m2" });
      script.op("job-done", redrive).op("job-done", { ...redrive, job: "m2" });
      script.commit(3, SECOND_OWNER);
    },
  );
}
