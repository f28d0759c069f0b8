import { describe, expect, it } from "vitest";

import { FAILED, kinds, OK, REFUSED, setup, throttled } from "../../testing/engine-bench.ts";
import { DEFAULTS } from "./config.ts";

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

describe("a misconfigured target", () => {
  it("is tried with one attempt at a time until one gets through", () => {
    const { arrive, end, names, wait, world } = setup({ concurrencyMax: 4 });
    arrive("a1");
    end("a1", REFUSED);
    expect(names(arrive("b1", "c1"))).toEqual([]);

    const [probe = ""] = names(wait(30_000));
    expect(names(end(probe, REFUSED))).toEqual([]);
    const [next = ""] = names(wait(30_000));

    expect(names(end(next)).length).toBe(2);
    expect(kinds(world.effects)).toContain("target-released");
  });

  it("is tried by one probe although older attempts are still refused", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1", "b1", "c1");
    end("a1", REFUSED);
    expect(names(wait(30_000))).toEqual(["a1"]);

    end("b1", REFUSED);
    expect(names(end("c1", FAILED))).toEqual([]);

    expect(names(wait(60_000))).toEqual([]);
  });

  it("is not released by what was in flight before", () => {
    const { arrive, end, names } = setup();
    arrive("a1", "b1");
    end("a1", REFUSED);

    expect(names(end("b1", OK))).toEqual([]);
  });

  it("waits a whole interval after a probe that proved nothing", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1", "b1");
    end("b1", OK);
    end("a1", REFUSED);
    wait(30_000);
    end("a1", FAILED);

    expect(names(wait(29_999))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("keeps to a Retry-After that a probe got", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1");
    end("a1", REFUSED);
    wait(30_000);
    end("a1", throttled(300_000));

    expect(names(wait(299_999))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("keeps to a Retry-After that came before", () => {
    const { arrive, end, names, wait } = setup();
    arrive("a1", "b1");
    end("a1", throttled(300_000));
    end("b1", REFUSED);

    expect(names(wait(299_999))).toEqual([]);
    expect(names(wait(1))).toEqual(["a1"]);
  });

  it("is tried again when the probe's partition went away", () => {
    const { arrive, end, names, own, send, wait, world } = setup();
    arrive("a1");
    end("a1", REFUSED);
    wait(30_000);
    send({ kind: "fenced" });
    end("a1", REFUSED);
    own(3);
    world.offset = 0;
    arrive("a1");

    expect(names(wait(30_000))).toEqual(["a1"]);
  });

  it("asks for no wake while tokens are short and a probe is due", () => {
    const rate = { kind: "limited", perSecond: 0.01, burst: 1 } as const;
    const { arrive, end, wait, wakeAt, world } = setup({ rate });
    arrive("a1");
    end("a1", REFUSED);
    wait(30_000);

    expect(wakeAt()).toBeGreaterThan(world.now);
  });
});

describe("the retry horizon", () => {
  it("stands still while the target is held", () => {
    const retry = { ...DEFAULTS.retry, maxAgeMs: 60_000 };
    const { arrive, end, wait } = setup({ retry });
    arrive("a1", "b1");
    end("a1", FAILED);
    end("b1", throttled(900_000));
    wait(900_000);

    expect(kinds(end("a1", FAILED))).not.toContain("dead-letter");
    wait(60_000);
    expect(kinds(end("a1", FAILED))).toContain("dead-letter");
  });
});
