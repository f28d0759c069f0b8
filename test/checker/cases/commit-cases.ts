/** Histories that keep and break what is promised of commits and changes of owner. */
import { encodedDoneSet } from "../encoded-done-set.ts";
import type { CommitLine, HistoryLine } from "../history.ts";
import { ALL_PARTIES, ScriptedHistory } from "../scripted-history.ts";
import { delivered, SECOND_OWNER, afterCrash, fourKeys, spot, casesOf } from "./invariant-case.ts";

/** In the order of their numbers. */
export const COMMIT_CASES = casesOf([
  {
    id: "S5",
    what: "what is below the committed offset was taken by the target",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory(
        {},
        { parties: ["emit", "log", "recv", "seen", "ops"] },
      ).owned();
      script.record();
      return script.seen(script.commitLine(1)).end();
    },
    also: ["S6"],
  },
  {
    id: "S6",
    what: "a commit is asked for when all below it is settled",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      return script.send(first).commit(1).arrive(first).answer(first).out(first).end();
    },
  },
  {
    id: "S6",
    what: "the done set of a commit tells only what is settled",
    holds: () => {
      const script = new ScriptedHistory().owned();
      fourKeys(script);
      script.commit(0, { metadata: encodedDoneSet(0, [1, 3]) });
      return script.call(spot(0)).call(spot(2)).commit(4).end();
    },
    breaks: () => {
      const script = new ScriptedHistory().owned();
      fourKeys(script);
      script.commit(0, { metadata: encodedDoneSet(0, [1, 2, 3]) });
      return script.call(spot(0)).call(spot(2)).commit(4).end();
    },
  },
  {
    id: "S7",
    what: "the metadata of a commit is no longer than brokers take",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const metadata = "x".repeat(4_097);
      return script.call(script.record()).commit(1, { metadata }).commit(1).end();
    },
  },
  {
    id: "S7",
    what: "a committed offset goes back only in a rewind",
    holds: () =>
      afterCrash(
        (script) => {
          script.call(script.record()).commit(1);
          script.op("rewind", { target: "crm", topic: "orders", partition: 0 });
          script.seen(script.commitLine(0));
        },
        (script) => script.call(spot(0), SECOND_OWNER).commit(1, SECOND_OWNER),
      ),
    breaks: () => delivered((script) => script.commit(0).commit(1)),
  },
  {
    id: "S7",
    what: "a member has one commit of a partition under way",
    holds: () => committedTwice("one after the other"),
    breaks: () => committedTwice("at once"),
  },
  {
    id: "S7",
    what: "a committed offset does not pass the end of the log",
    holds: () => delivered(),
    breaks: () => delivered((script) => script.commit(2)),
  },
  {
    id: "S12",
    what: "what was delivered is not sent again by its owner",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      return script.call(first).call(first, { number: 2 }).commit(1).end();
    },
  },
  {
    id: "S12",
    what: "a request is not doubled while the first is open",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      script.send(first).arrive(first).answer(first).arrive(first).answer(first);
      return script.out(first).commit(1).end();
    },
  },
  {
    id: "S12",
    what: "without the senders' word, a call held up by a stop of its process may be repeated",
    holds: () => heldUp("stopped"),
    breaks: () => heldUp("awake"),
  },
  {
    id: "S12",
    what: "a new owner goes by how far a key came, unless that was written too late",
    holds: () => sentAgainAfterProgress("too late"),
    breaks: () => sentAgainAfterProgress("in time"),
  },
  {
    id: "S12",
    what: "a new owner does not send what the last commit's done set covers",
    holds: () =>
      afterCrash(
        (script) => {
          fourKeys(script);
          script.commit(0, { metadata: encodedDoneSet(0, [1, 3]) });
        },
        (script) =>
          script.call(spot(0), SECOND_OWNER).call(spot(2), SECOND_OWNER).commit(4, SECOND_OWNER),
      ),
    breaks: () =>
      afterCrash(
        (script) => {
          fourKeys(script);
          script.commit(0, { metadata: encodedDoneSet(0, [1, 3]) });
        },
        (script) => {
          for (const offset of [0, 1, 2, 3]) script.call(spot(offset), SECOND_OWNER);
          script.commit(4, SECOND_OWNER);
        },
      ),
  },
  {
    id: "S12",
    what: "a new owner may send what a spoilt commit had covered",
    holds: () =>
      afterCrash(
        (script) => {
          fourKeys(script);
          script.commit(0, { metadata: encodedDoneSet(0, [1, 3]) });
          script.op("metadata-corrupted", { target: "crm", topic: "orders", partition: 0 });
        },
        (script) => {
          for (const offset of [0, 1, 2, 3]) script.call(spot(offset), SECOND_OWNER);
          script.commit(4, SECOND_OWNER);
        },
      ),
    breaks: () =>
      afterCrash(
        (script) => {
          fourKeys(script);
          script.call(spot(0)).commit(1, { metadata: encodedDoneSet(1, [3]) });
          script.op("metadata-corrupted", { target: "crm", topic: "orders", partition: 0 });
        },
        (script) => {
          for (const offset of [0, 1, 2, 3]) script.call(spot(offset), SECOND_OWNER);
          script.commit(4, SECOND_OWNER);
        },
      ),
    also: ["S14"],
  },
  {
    id: "S13",
    what: "after a crash nothing repeats that had settled before the last commit",
    holds: () =>
      afterCrash(
        (script) => script.call(script.record()),
        (script) => script.call(spot(0), SECOND_OWNER).commit(1, SECOND_OWNER),
      ),
    breaks: () =>
      afterCrash(
        (script) => {
          fourKeys(script);
          script.wait(1_100).commit(0, { metadata: encodedDoneSet(0, [3]) });
        },
        (script) => {
          for (const offset of [0, 1, 2]) script.call(spot(offset), SECOND_OWNER);
          script.commit(4, SECOND_OWNER);
        },
      ),
  },
  {
    id: "S13",
    what: "after a clean change nothing repeats that had settled",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      script.call(first);
      script.op("revoked", { who: "p1", target: "crm", topic: "orders", partition: 0 });
      return script.owned("p2", 2).call(first, SECOND_OWNER).commit(1, SECOND_OWNER).end();
    },
  },
  {
    id: "S13",
    what: "a repeat is laid to the change of owner that forgot the call, not to a later one",
    holds: () => lostAtFirstChange("never"),
    breaks: () => lostAtFirstChange("without it"),
  },
  {
    id: "S13",
    what: "a commit names all that its owner had settled by then",
    holds: () => settledAboveAnOpenCall(encodedDoneSet(0, [1])),
    breaks: () => settledAboveAnOpenCall(""),
  },
  {
    id: "S13",
    what: "a commit names all that its owner took over as settled",
    holds: () => takenOverWith({ ...SECOND_OWNER, metadata: encodedDoneSet(0, [1]) }),
    breaks: () => takenOverWith(SECOND_OWNER),
  },
  {
    id: "S14",
    what: "nothing below the committed offset is sent",
    holds: () => delivered(),
    breaks: () => delivered((script) => script.call(spot(0), { number: 2, status: 503 })),
    also: ["S12"],
  },
  {
    id: "S14",
    what: "nothing is sent of what was there before a target that starts at the latest",
    holds: () => begunByItsNext("second"),
    breaks: () => begunByItsNext("first"),
  },
  {
    id: "L1",
    what: "at rest all is committed",
    holds: () => delivered(),
    breaks: () => delivered((script) => script.call(script.record())),
  },
  {
    id: "L1",
    what: "a partition stops only where records of it are gone",
    holds: () => haltedAfter("retention"),
    breaks: () => haltedAfter("nothing"),
  },
  {
    id: "L1",
    what: "a partition stops for its own group's offset, not for another's",
    holds: () => haltedAfter("offset-gone", "crm"),
    breaks: () => haltedAfter("offset-gone", "mail"),
  },
  {
    id: "S6",
    what: "what was there before a target is owed where it starts at the earliest",
    holds: () => begunWithSecond("latest"),
    breaks: () => begunWithSecond("earliest"),
    also: ["S5"],
  },
  {
    id: "S6",
    what: "what an overtaken owner writes of a beginning binds nobody",
    holds: () => begunByTwo("overtaken"),
    breaks: () => begunByTwo("in time"),
    also: ["S5"],
  },
  {
    id: "S6",
    what: "a partition added to a topic that a target has is owed from its first record on",
    holds: () => addedPartition("before"),
    breaks: () => addedPartition("after"),
    also: ["S5"],
  },
  {
    id: "L2",
    what: "a partition may stand while events that waited as long have their turn",
    holds: () => standsBesideOne("that waited"),
    breaks: () => standsBesideOne("that came later"),
  },
  {
    id: "L2",
    what: "a partition with work moves within 30 s",
    holds: () => delivered(),
    breaks: () => {
      const script = new ScriptedHistory().owned();
      const first = script.record();
      return script.op("heal").wait(31_000).call(first).commit(1).op("rest").close();
    },
  },
]);

/** A call that is answered and repeated, told by its target alone; its process may have been stopped at its sending. */
function heldUp(process: "awake" | "stopped"): readonly HistoryLine[] {
  const parties = ALL_PARTIES.filter((party) => party !== "attempt" && party !== "settle");
  const script = new ScriptedHistory({}, { parties }).owned();
  const first = script.record();
  if (process === "stopped") {
    script.op("stop", { who: "p1" }).wait(2_000).op("continue", { who: "p1" });
  }
  script.arrive(first).answer(first).arrive(first).answer(first);
  return script.commit(1).end();
}

/** A partition is begun with its second record. */
function begunWithSecond(startAt: "earliest" | "latest"): readonly HistoryLine[] {
  const script = new ScriptedHistory({ startAt }).owned();
  script.record();
  return script
    .initialised(1, 1)
    .call(script.record({ key: "k2" }))
    .commit(2)
    .end();
}

/** The first of two owners begins with the first record, and writes so before the other one's claim or after it; that one begins with the second. */
function begunByTwo(written: "in time" | "overtaken"): readonly HistoryLine[] {
  const script = new ScriptedHistory({ startAt: "latest" }).owned();
  script.record();
  if (written === "in time") script.initialised(0, 1, { place: 2 });
  script.op("kill", { who: "p1" }).wait(10_000).owned("p2", 5);
  if (written === "overtaken") script.initialised(0, 1);
  const second = script.record({ key: "k2" });
  script.initialised(1, 5).call(second, { process: "p2", epoch: 5 });
  return script.commit(2, { process: "p2", epoch: 5, generation: 5 }).end();
}

/** An owner that begins a partition with its second record dies before it commits; the next one begins with the first, or the second. */
function begunByItsNext(record: "first" | "second"): readonly HistoryLine[] {
  const script = new ScriptedHistory({ startAt: "latest" }).owned();
  const first = script.record();
  script.initialised(1, 1, { place: 2 });
  const second = script.record({ key: "k2" });
  script.op("kill", { who: "p1" }).wait(10_000).owned("p2", 5);
  const owner = { process: "p2", epoch: 5 };
  if (record === "first") script.call(first, owner);
  const begun = { ...owner, generation: 5 };
  script.commit(record === "first" ? 0 : 1, begun);
  return script.call(second, owner).commit(2, begun).end();
}

/** A partition that is added, before or after its topic was known, is begun with its second record. */
function addedPartition(when: "before" | "after"): readonly HistoryLine[] {
  const script = new ScriptedHistory({ startAt: "latest" }, { topics: { orders: 2 } }).owned();
  const added = { topic: "orders", partition: 1 };
  if (when === "before") script.op("partitions-added", added);
  script.initialised(0, 1).call(script.record()).commit(1);
  if (when === "after") script.op("partitions-added", added);
  script.record({ key: "k3" }, 1);
  script.assigned("p1", 2, 1).initialised(1, 2, { partition: 1 });
  script.call(script.record({ key: "k2" }, 1), { epoch: 2 });
  return script.commit(2, { partition: 1, epoch: 2, generation: 2 }).end();
}

/** A partition is stopped by its owner with a record left. */
function haltedAfter(
  what: "nothing" | "retention" | "offset-gone",
  target?: string,
): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  script.record();
  const place = { topic: "orders", partition: 0 };
  if (what !== "nothing") {
    script.op(what, { who: "broker", ...place, ...(target === undefined ? {} : { target }) });
  }
  script.op("halted", { who: "p1", target: "crm", ...place });
  return script.op("heal").op("rest").close();
}

/** A parked event is delivered, and again by the next owner; the first one wrote that it was, before that one's claim or not. */
function sentAgainAfterProgress(written: "in time" | "too late"): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const first = script.record({ key: "k0" });
  script.givenUp(first, "park").commit(1).call(first);
  const key = `progress/crm/orders/0/1/${Buffer.from("k0").toString("base64url")}/1`;
  const value = { v: 1, marker: { epoch: 1, offset: 0 }, next: 1, cursor: null };
  const offset = written === "in time" ? 2 : 6;
  script.op("kill", { who: "p1" }).wait(10_000);
  script.add({ h: "state", at: script.at, offset, key, value });
  return script.owned("p2", 5).call(first, { process: "p2", epoch: 5 }).end();
}

/** After the healing an event waits for 40 s, and another one is called in between. */
function standsBesideOne(which: "that came later" | "that waited"): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const first = script.record({ key: "k0" });
  if (which === "that waited") script.record({ key: "k1" });
  script.op("heal").wait(1_000);
  if (which === "that came later") script.record({ key: "k1" });
  script.wait(20_000).call(spot(1)).wait(20_000).call(first);
  return script.commit(2).op("rest").close();
}

/** Two events, each with a commit of its own, both acknowledged. */
function committedTwice(how: "one after the other" | "at once"): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  script.call(script.record());
  if (how === "one after the other") return script.commit(1).call(script.record()).commit(2).end();
  const first = script.commitLine(1);
  const asked = (ev: "send" | "ok", line: typeof first) => {
    script.at += 10;
    script.add({ ...line, ev, at: script.at });
  };
  asked("send", first);
  script.call(script.record());
  const second = script.commitLine(2);
  asked("send", second);
  script.seen(first).seen(second);
  asked("ok", first);
  asked("ok", second);
  return script.end();
}

/**
 * Three owners of whom only the target and the group tell. What the first one delivered the second one does not know, nor does
 * the third, who repeats it; the first one has committed after it, or not.
 */
function lostAtFirstChange(committed: "never" | "without it"): readonly HistoryLine[] {
  const parties = ["emit", "log", "recv", "seen", "state", "ops"] as const;
  const script = new ScriptedHistory({}, { parties }).owned();
  const [first, second] = [script.record({ key: "a" }), script.record({ key: "b" })];
  const call = (spot: typeof first, process: string): unknown =>
    script.arrive(spot, { process }).answer(spot, { process });
  const doneSecond = { metadata: encodedDoneSet(0, [1]) };
  call(first, "p1");
  if (committed === "without it") script.wait(1_100).seen(script.commitLine(0));
  script.op("kill", { who: "p1" }).wait(10_000).owned("p2", 2);
  call(second, "p2");
  script.wait(1_100).seen(script.commitLine(0, doneSecond));
  script.op("kill", { who: "p2" }).wait(10_000).owned("p3", 3);
  call(first, "p3");
  return script.seen(script.commitLine(2)).end();
}

function settledAboveAnOpenCall(metadata: string): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const [first, second] = [script.record({ key: "k0" }), script.record({ key: "k1" })];
  script.send(first).call(second).settle(second, "delivered");
  script.commit(0, { metadata });
  return script.arrive(first).answer(first).out(first).commit(2).end();
}

/** The first owner commits above an open call, the second one before it has called anything. */
function takenOverWith(options: Partial<CommitLine>): readonly HistoryLine[] {
  return afterCrash(
    (script) => {
      script.record({ key: "k0" });
      script.call(script.record({ key: "k1" })).commit(0, { metadata: encodedDoneSet(0, [1]) });
    },
    (script) => script.commit(0, options).call(spot(0), SECOND_OWNER).commit(2, SECOND_OWNER),
  );
}
