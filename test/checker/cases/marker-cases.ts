/** Histories that keep and break what is promised of the markers that hold keys. */
import type { HistoryLine } from "../history.ts";
import { ScriptedHistory } from "../scripted-history.ts";
import { casesOf } from "./invariant-case.ts";

export const MARKER_CASES = casesOf([
  {
    id: "S19",
    what: "a dead letter that nobody took has a marker that holds by the claims",
    holds: () => markedBehindClaim({ isAnew: true }),
    breaks: () => markedBehindClaim({ isAnew: false }),
  },
]);

/** A key's marker is written behind a claim that came late, and then perhaps once more, under a new claim of its owner. */
function markedBehindClaim({ isAnew }: { readonly isAnew: boolean }): readonly HistoryLine[] {
  const script = new ScriptedHistory().owned();
  const dead = script.record();
  script.call(dead, { status: 422 }).givenUp(dead, "dlq");
  const mark = (epoch: number, place: number): void => {
    const value = { kind: "quarantine", offset: 0, redriveCount: 0, keyCount: 0 };
    script.marker("k1", { epoch, place, ...value });
  };
  const claim = (process: string, offset: number): void => {
    const value = { v: 1, process, member: process, generation: 1, at: "" };
    script.add({ h: "state", at: script.at, offset, key: `claim/crm/orders/0/${offset}`, value });
  };
  claim("p0", 5);
  mark(1, 6);
  if (isAnew) {
    claim("p1", 7);
    mark(7, 8);
  }
  return script.commit(1).end();
}
