/** What the cases of invariants are made of. */
import type { HistoryLine } from "../history.ts";
import { ScriptedHistory, type Spot } from "../scripted-history.ts";
import type { InvariantId } from "../verdict.ts";

/** A promise, a history that keeps it, and one that does not. `also` names the others that the same breach must break. */
export interface InvariantCase {
  readonly id: InvariantId;
  readonly what: string;
  readonly holds: () => readonly HistoryLine[];
  readonly breaks: () => readonly HistoryLine[];
  readonly also?: readonly InvariantId[];
}

/** Cases, as they are. */
export function casesOf(cases: readonly InvariantCase[]): readonly InvariantCase[] {
  return cases;
}

/** One event, delivered and committed, and what is done to the history on the way. */
export const delivered = (
  change: (script: ScriptedHistory) => unknown = () => null,
): readonly HistoryLine[] => {
  const script = new ScriptedHistory().owned();
  script.call(script.record()).commit(1);
  change(script);
  return script.end();
};

/** A history without some of its lines. */
export const without = (
  lines: readonly HistoryLine[],
  test: (line: HistoryLine) => boolean,
): readonly HistoryLine[] => lines.filter((line) => !test(line));

/** A call of the second owner. */
export const SECOND_OWNER = { process: "p2", epoch: 2 };

/** The first owner is killed after it did something; the second one goes on. */
export const afterCrash = (
  before: (script: ScriptedHistory) => unknown,
  after: (script: ScriptedHistory) => unknown,
): readonly HistoryLine[] => {
  const script = new ScriptedHistory().owned();
  before(script);
  script.op("kill", { who: "p1" }).wait(10_000).owned("p2", 2);
  after(script);
  return script.end();
};

/** Records 0 to 3 of four keys; 1 and 3 are delivered. */
export const fourKeys = (script: ScriptedHistory): void => {
  const spots = ["a", "b", "c", "d"].map((key) => script.record({ key }));
  for (const spot of spots) if (spot.offset % 2 === 1) script.call(spot);
};

/** Of partition 0. */
export const spot = (offset: number): Spot => ({
  partition: 0,
  offset,
});

/** A key whose first event is refused, with what follows of it. */
export const quarantined = (script: ScriptedHistory): void => {
  const dead = script.record();
  const parked = script.record();
  script.call(dead, { status: 422 }).givenUp(dead, "dlq").givenUp(parked, "park").commit(2);
  script.record();
};

/** The redrive of that key. */
export const redrive = { target: "crm", topic: "orders", partition: 0, key: "k1", job: "m1" };
/** Someone wants that key to go on without its dead letter, and its owner drops it. */
export const discard = { ...redrive, from: 0, to: 1 };
export const dropped = { who: "p1", target: "crm", topic: "orders", partition: 0, epoch: 1 };
/** A replay of partition 0. */
export const replay = { target: "crm", topic: "orders", partition: 0, job: "r1" };
/** A dead letter for spent retries. */
export const exhausted = { reason: "RETRIES_EXHAUSTED" };

/** An owner's word of how a replay ended. */
export function told(of: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ end: "done", skipped: {}, failed: {}, ...of });
}
