import { describe, expect, it } from "vitest";

import { decodeDoneSet } from "./done-set.ts";
import { kinds, setup } from "../../../testing/engine-bench.ts";

describe("commits", () => {
  it("commits the lowest unsettled offset with what is done above it", () => {
    const { arrive, end, lastCommit, acknowledge, wait } = setup();
    arrive("a1", "b1", "c1");
    end("c1");
    expect(lastCommit()).toMatchObject({ offset: 0 });
    acknowledge();
    end("a1");
    wait(25);

    const commit = lastCommit();
    expect(commit).toMatchObject({ offset: 1, generation: 1 });
    expect(decodeDoneSet(commit?.metadata ?? "", 1, 100)).toEqual([{ from: 2, to: 3 }]);
  });

  it("has one commit in flight, and the next not before the interval", () => {
    const { arrive, end, acknowledge, wait, world } = setup();
    const count = (): number => world.effects.filter((effect) => effect.kind === "commit").length;
    arrive("a1", "b1", "c1");
    end("a1");
    end("b1");
    expect(count()).toBe(1);
    wait(100);
    expect(count()).toBe(1);

    acknowledge();
    expect(count()).toBe(2);
    end("c1");
    acknowledge();
    expect(count()).toBe(2);
    wait(25);
    expect(count()).toBe(3);
  });

  it("commits again what a failed commit covered", () => {
    const { arrive, end, send, lastCommit, wait } = setup();
    arrive("a1");
    end("a1");
    const first = lastCommit();
    send({ kind: "commit-failed", id: first?.id ?? -1, isFenced: false });
    wait(1_000);

    expect(lastCommit()).toMatchObject({ offset: 1 });
    expect(lastCommit()?.id).not.toBe(first?.id);
  });

  it("does not take a late answer to an old commit for the new one's", () => {
    const { arrive, end, send, lastCommit, state, own } = setup();
    arrive("a1");
    end("a1");
    const old = lastCommit()?.id ?? -1;
    send({ kind: "fenced" });
    own(3);
    arrive("b1");
    end("b1");

    send({ kind: "commit-acknowledged", id: old });

    expect(state.committing).not.toBeNull();
  });

  it("settles what an earlier owner had done, without a call", () => {
    const metadata = "millrace/1:AQIBAQ";
    const { arrive, names } = setup({}, { offset: 10, metadata });

    expect(names(arrive("a0", "b1", "c2", "d3", "e4", "f5"))).toEqual(["a0", "d3", "f5"]);
  });

  it("commits past filtered records", () => {
    const { arrive, lastCommit } = setup();
    arrive("~1", "~2");

    expect(lastCommit()).toMatchObject({ offset: 2 });
  });

  it("keeps in the next commit what an earlier owner had done and nobody read again", () => {
    const metadata = "millrace/1:AQIBAQ";
    const { arrive, end, lastCommit } = setup({}, { offset: 10, metadata });
    arrive("a0");
    end("a0");

    expect(lastCommit()).toMatchObject({ offset: 13 });
    expect(decodeDoneSet(lastCommit()?.metadata ?? "", 13, 100)).toEqual([{ from: 14, to: 15 }]);
  });

  it("stops everything when its generation is over, until the next", () => {
    const { arrive, end, send, lastCommit, names, own, wait, state } = setup();
    arrive("a1", "b1", "b2");
    end("a1");
    const id = lastCommit()?.id ?? -1;

    expect(send({ kind: "commit-failed", id, isFenced: true })).toEqual([]);
    expect(names(end("b1"))).toEqual([]);
    expect(kinds(wait(60_000))).toEqual([]);
    expect(state.committing).toBeNull();
    expect(kinds(own(2, "continued"))).toEqual(expect.arrayContaining(["attempt", "commit"]));
  });

  it("lets a late refusal of an older generation's commit stop nothing", () => {
    const { arrive, end, send, lastCommit, own, wait } = setup();
    arrive("a1", "b1");
    end("a1");
    const id = lastCommit()?.id ?? -1;
    own(2, "continued");

    send({ kind: "commit-failed", id, isFenced: true });
    end("b1");
    wait(50);

    expect(lastCommit()?.id).not.toBe(id);
    expect(lastCommit()).toMatchObject({ offset: 2, generation: 2 });
  });

  it("waits longer after each failure, up to a second", () => {
    const { arrive, end, send, lastCommit, wakeAt, wait, world } = setup();
    arrive("a1");
    end("a1");
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      send({ kind: "commit-failed", id: lastCommit()?.id ?? -1, isFenced: false });
      waits.push(wakeAt() - world.now);
      wait(wakeAt() - world.now);
    }

    expect(waits).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });
});
