import { describe, expect, it } from "vitest";

import { setup, throttled } from "../../../testing/engine-bench.ts";

describe("a throttled target", () => {
  it("pauses all keys, and charges nothing", () => {
    const { arrive, end, names, wait, open } = setup();
    arrive("a1");
    end("a1", throttled(5_000));

    expect(names(arrive("b1"))).toEqual([]);
    expect(names(wait(4_999))).toEqual([]);
    expect(names(wait(1)).sort()).toEqual(["a1", "b1"]);
    expect(open("a1").chargedCount).toBe(0);
  });

  it("is left alone for 15 minutes at most", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");
    end("a1", throttled(31_536_000_000));

    expect(names(wait(900_000))).toEqual(["a1"]);
  });

  it("waits once for all that was in flight, not twice as long for each", () => {
    const { arrive, end, names, wait } = setup();
    const all = arrive(...Array.from({ length: 40 }, (_, index) => `-${index}`));
    for (const name of names(all)) end(name, throttled(null));

    expect(names(wait(500))).toHaveLength(40);
  });

  it("is asked less often the longer it tells no time", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");
    end("a1", throttled(null));
    wait(500);
    end("a1", throttled(null));

    expect(names(wait(999))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("is not asked again at once when it says to wait no time", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");

    expect(names(end("a1", throttled(0)))).toEqual([]);
    expect(names(wait(499))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("holds when a partition that got the answer is gone", () => {
    const { arrive, end, names, own, send, world } = setup();
    arrive("a1");
    send({ kind: "fenced" });
    end("a1", throttled(5_000));
    own(3);
    world.offset = 0;

    expect(names(arrive("a1"))).toEqual([]);
  });
});
