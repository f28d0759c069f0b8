/**
 * The prefix against owners that do whatever owners may do: what it gives is deleted at that moment, read piece by piece while
 * they go on, and nothing of that may ever be needed again.
 */
import { describe, expect, it } from "vitest";
import { AsideHistory, type HistoryRecord } from "../../../testing/aside-history.ts";
import { SeededDraws } from "../../../testing/seeded-draws.ts";
import { ClosedPrefix } from "./closed-prefix.ts";

const SEEDS = 400;
const STEPS = 250;

describe("the closed prefix, under owners that give up, redrive, crash and are overtaken", () => {
  it("never holds what anybody needs, then or later, and in the end all of it", () => {
    let deletedCount = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const history = new AsideHistory(new SeededDraws(seed));
      for (let step = 0; step < STEPS; step += 1) {
        history.act();
        if (step % 5 === 0) sweep(history, () => history.goOn());
        expect(history.missing(), `seed ${seed}, step ${step}`).toEqual([]);
      }
      deletedCount += count(history);
      history.comeToRest();
      sweep(history, () => undefined);
      expect({ seed, left: history.dead.length + history.parked.length - count(history) }).toEqual({
        seed,
        left: 0,
      });
    }
    // Not only at rest.
    expect(deletedCount).toBeGreaterThan(SEEDS * 4);
  });
});

/** One look, as a process makes it: ends, commits, markers, records, and owners that go on between each two. */
function sweep(history: AsideHistory, meanwhile: () => void): void {
  const [deadEnd, parkedEnd] = [history.dead.length, history.parked.length];
  meanwhile();
  const isSettled = history.readCommits();
  meanwhile();
  const setAside = history.readMarkers();
  meanwhile();
  const judge = new ClosedPrefix({
    ...{ setAside, isSettled, keptFromMs: Infinity },
    isResolved: (letter) => history.isResolved(letter),
  });
  const prefixOf = (kind: "dead" | "parked", records: readonly HistoryRecord[]): number =>
    judge.firstKept(
      kind,
      records.map(({ record }) => record),
    )?.offset ?? records.length;
  history.delete("dead", prefixOf("dead", history.dead.slice(0, deadEnd)));
  history.delete("parked", prefixOf("parked", history.parked.slice(0, parkedEnd)));
}

function count({ dead, parked }: AsideHistory): number {
  return [...dead, ...parked].filter(({ isDeleted }) => isDeleted).length;
}
