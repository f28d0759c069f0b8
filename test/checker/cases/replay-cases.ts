/** Histories that keep and break what is promised of replays. */
import type { HistoryLine } from "../history.ts";
import { ScriptedHistory } from "../scripted-history.ts";
import { casesOf, delivered, quarantined, redrive, replay, spot, told } from "./invariant-case.ts";

/** In the order of their numbers. */
export const REPLAY_CASES = casesOf([
  {
    id: "S13",
    what: "what a replay had delivered when its owner let go in order is not sent for it again",
    holds: () => replayedAgainAfter("kill"),
    breaks: () => replayedAgainAfter("revoked"),
  },
  {
    id: "S13",
    what: "what a replay had delivered may be sent again where a later owner dies",
    holds: () => replayedAgainAfter("revoked", "kill"),
    breaks: () => replayedAgainAfter("revoked", "revoked"),
  },
  {
    id: "S18",
    what: "a live event that waits for its first attempt lets no long row of a replay's calls go by",
    holds: () => replayedWhileOneWaits({ rowCount: 8 }),
    breaks: () => replayedWhileOneWaits({ rowCount: 9 }),
  },
  {
    id: "S18",
    what: "a replay's call of a key that live events do not leave alone counts in no row",
    holds: () => replayedWhileOneWaits({ rowCount: 9, passedCount: 4 }),
    breaks: () => replayedWhileOneWaits({ rowCount: 9, passedCount: 3 }),
  },
  {
    id: "S18",
    what: "a live event whose key the replay calls waits for that",
    holds: () => replayedWhileOneWaits({ rowCount: 9, waitingKey: "k0" }),
    breaks: () => replayedWhileOneWaits({ rowCount: 9 }),
  },
  {
    id: "S20",
    what: "a replay sends its range",
    holds: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
        script.call(spot(0), { job: "r1", number: 2 }).op("job-done", replay);
      }),
    breaks: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" }).op("job-done", replay);
      }),
  },
  {
    id: "S20",
    what: "a replay sends nothing outside of its range",
    holds: () =>
      delivered((script) => {
        script.call(script.record()).commit(2);
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
        script.call(spot(0), { job: "r1", number: 2 }).op("job-done", replay);
      }),
    breaks: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 1, to: 2, mode: "repair" });
        script.call(spot(0), { job: "r1", number: 2 });
      }),
  },
  {
    id: "S20",
    what: "what a replay tells of adds up to its range",
    holds: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
        script
          .call(spot(0), { job: "r1" })
          .op("job-done", { ...replay, detail: told({ sent: 1 }) });
      }),
    breaks: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
        script
          .call(spot(0), { job: "r1" })
          .op("job-done", { ...replay, detail: told({ sent: 0 }) });
      }),
  },
  {
    id: "S20",
    what: "an event is left out only behind one that was given up",
    holds: () => {
      const script = new ScriptedHistory().owned();
      quarantined(script);
      script.op("replay", { ...replay, from: 0, to: 2, mode: "repair" });
      const detail = told({ sent: 0, skipped: { KEY_SET_ASIDE: 2 } });
      script.op("job-done", { ...replay, detail });
      script.op("redrive", redrive).call(spot(0), { job: "m1" }).call(spot(1), { job: "m1" });
      return script.op("job-done", redrive).call(spot(2)).commit(3).end();
    },
    breaks: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
        const detail = told({ sent: 0, skipped: { KEY_SET_ASIDE: 1 } });
        script.op("job-done", { ...replay, detail });
      }),
  },
  {
    id: "S20",
    what: "a replay sends nothing before its live delivery has ended",
    holds: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
        script.call(spot(0), { job: "r1" }).op("job-done", replay);
      }),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
      script.call(first, { job: "r1" }).call(first).op("job-done", replay);
      return script.commit(1).end();
    },
  },
  {
    id: "S20",
    what: "a replay repeats nothing of which its last owner wrote that it ended",
    holds: () => replayedByTwo(0),
    breaks: () => replayedByTwo(1),
  },
  {
    id: "S20",
    what: "a replay sends nothing of a key behind an event that it could not deliver",
    holds: () => replayedAfter(200),
    breaks: () => replayedAfter(422),
  },
  {
    id: "S20",
    what: "a later owner of a replay sends nothing behind what was written to have failed",
    holds: () => failedBeforeTheNextOwner({ next: 0 }),
    breaks: () => failedBeforeTheNextOwner({ next: 1 }),
  },
  {
    id: "S20",
    what: "a step that a claim had come before tells the later owner of a replay nothing",
    holds: () => failedBeforeTheNextOwner({ next: 1, claim: 2 }),
    breaks: () => failedBeforeTheNextOwner({ next: 1, claim: 4 }),
  },
  {
    id: "S20",
    what: "a replay is through when the run is at rest",
    holds: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" });
        const detail = told({ end: "cancelled", sent: 0 });
        script.op("job-done", { ...replay, detail }).op("rest");
      }),
    breaks: () =>
      delivered((script) => {
        script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" }).op("rest");
      }),
  },
]);

/**
 * A live event waits, and so many of nine events are called by a replay, each of a key of its own; so many live calls of the
 * last of these keys are made after the replay was asked for.
 */
function replayedWhileOneWaits({
  rowCount,
  passedCount = 0,
  waitingKey = "waiting",
}: {
  readonly rowCount: number;
  readonly passedCount?: number;
  readonly waitingKey?: string;
}): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const replayed = Array.from({ length: 9 }, (_, index) => script.record({ key: `k${index}` }));
  for (const one of replayed) script.call(one);
  const waiting = script.record({ key: waitingKey });
  script.call(script.record({ key: "last" }));
  script.op("replay", { ...replay, from: 0, to: 9, mode: "repair" });
  for (let count = 0; count < passedCount; count += 1) script.call(script.record({ key: "k8" }));
  script.wait(2_000);
  for (const one of replayed.slice(0, rowCount)) script.call(one, { job: "r1" });
  script.call(waiting);
  for (const one of replayed.slice(rowCount)) script.call(one, { job: "r1" });
  return script
    .commit(11 + passedCount)
    .op("job-done", replay)
    .end();
}

/** A replay whose last owner sends its one event again: those before it have died, or let go, and wrote nothing of it. */
function replayedAgainAfter(...ends: readonly ("kill" | "revoked")[]): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  script.call(script.record()).commit(1);
  script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" }).call(spot(0), { job: "r1" });
  const place = { target: "crm", topic: "orders", partition: 0 };
  for (const [index, f] of ends.entries()) {
    const who = `p${index + 1}`;
    script.op(f, f === "kill" ? { who } : { who, ...place }).wait(10_000);
    script.owned(`p${index + 2}`, index + 2);
  }
  const last = ends.length + 1;
  script.call(spot(0), { job: "r1", process: `p${last}`, epoch: last });
  return script.op("job-done", replay).end();
}

/** A replay whose second owner sends its one event again, though the step of the first has come to `next`. */
function replayedByTwo(next: number): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  script.call(script.record()).commit(1);
  script.op("replay", { ...replay, from: 0, to: 1, mode: "repair" }).call(spot(0), { job: "r1" });
  const key = "replay/crm/orders/0/1/r1/1";
  script.add({ h: "state", at: script.at, offset: 2, key, value: { v: 1, next, done: "" } });
  script.op("kill", { who: "p1" }).wait(10_000).owned("p2", 3);
  script.call(spot(0), { job: "r1", process: "p2", epoch: 3 }).op("job-done", replay);
  return script.end();
}

/**
 * A replay of two events of a key: the first one is refused, and its owner's step at 3 in the state topic has come to `next`.
 * The next owner claims the partition before or behind that; it sends the second event, behind the first one where that may
 * not have ended.
 */
function failedBeforeTheNextOwner({
  next,
  claim = 4,
}: {
  readonly next: number;
  readonly claim?: number;
}): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  script.call(script.record()).call(script.record()).commit(2);
  script.op("replay", { ...replay, from: 0, to: 2, mode: "repair" });
  script.call(spot(0), { job: "r1", status: 422 });
  const key = "replay/crm/orders/0/1/r1/1";
  const step = { h: "state", offset: 3, key, value: { v: 1, next, done: "" } } as const;
  if (claim > 3) script.add({ ...step, at: script.at });
  script.op("kill", { who: "p1" }).wait(10_000).owned("p2", claim);
  if (claim < 3) script.add({ ...step, at: script.at });
  const owner = { job: "r1", process: "p2", epoch: claim };
  if (next === 0) script.call(spot(0), owner);
  return script.call(spot(1), owner).op("job-done", replay).end();
}

/** A replay of two events of a key; its first one is answered so. */
function replayedAfter(status: number): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  script.call(script.record()).call(script.record()).commit(2);
  script.op("replay", { ...replay, from: 0, to: 2, mode: "repair" });
  script.call(spot(0), { job: "r1", status }).call(spot(1), { job: "r1" });
  return script.op("job-done", replay).end();
}
