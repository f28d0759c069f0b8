import { describe, expect, it } from "vitest";

import { TokenBucket } from "./token-bucket.ts";

const rate = { kind: "limited", perSecond: 10, burst: 4 } as const;

/** A bucket that has owned everything for a while. */
function full(): TokenBucket {
  const bucket = new TokenBucket(rate, 0);
  bucket.setShare(1, 0);
  bucket.has(10_000);
  return bucket;
}

describe("token bucket", () => {
  it("allows a burst, then the rate", () => {
    const bucket = full();
    for (let count = 0; count < 4; count += 1) bucket.take();

    expect(bucket.has(10_000)).toBe(false);
    expect(bucket.nextAt(10_000)).toBe(10_100);
    expect(bucket.has(10_099)).toBe(false);
    expect(bucket.has(10_100)).toBe(true);
  });

  it("never saves more than its burst", () => {
    const bucket = full();

    expect(bucket.has(60_000)).toBe(true);
    for (let count = 0; count < 4; count += 1) bucket.take();
    expect(bucket.has(60_000)).toBe(false);
  });

  it("earns nothing before it owns a share, one token aside", () => {
    const bucket = new TokenBucket(rate, 0);
    expect(bucket.has(60_000)).toBe(true);
    bucket.take();

    expect(bucket.has(120_000)).toBe(false);
    expect(bucket.nextAt(120_000)).toBe(Infinity);
    bucket.setShare(0.5, 120_000);
    expect(bucket.nextAt(120_000)).toBe(120_200);
  });

  it("keeps no more than its new share allows", () => {
    const bucket = full();
    bucket.setShare(0.5, 10_000);

    bucket.take();
    bucket.take();
    expect(bucket.has(10_000)).toBe(false);
  });

  it("always has a token without a limit", () => {
    const bucket = new TokenBucket({ kind: "unlimited" }, 0);
    bucket.take();

    expect(bucket.has(0)).toBe(true);
    expect(bucket.nextAt(0)).toBe(0);
  });
});

describe("the rate of a target", () => {
  it("holds over all processes while they join, leave, crash and take over", () => {
    const target = { kind: "limited", perSecond: 20, burst: 10 } as const;
    const starts: number[] = [];
    const joins: number[] = [];
    let buckets: TokenBucket[] = [];
    for (let now = 0; now < 300_000; now += 10) {
      if (now % 3_000 === 0) {
        const memberCount = 1 + ((now / 3_000) % 3);
        for (const bucket of buckets) bucket.setShare(0, now);
        // Now and then all of them crash.
        buckets = now % 9_000 === 0 ? [] : buckets.slice(0, memberCount);
        while (buckets.length < memberCount) buckets.push(new TokenBucket(target, now - 2_000));
        for (const bucket of buckets) bucket.setShare(1 / memberCount, now);
        joins.push(...buckets.map(() => now));
      }
      // They send nothing for a while now and then, and as much as they may after.
      if (now % 7_000 < 2_000) continue;
      for (const bucket of buckets) {
        while (bucket.has(now)) {
          bucket.take();
          starts.push(now);
        }
      }
    }

    expect(starts.length).toBeGreaterThan(4_500);
    const excess = starts.map((from, first) => {
      let most = 0;
      for (const [nth, to] of starts.slice(first, first + 400).entries()) {
        const joined = joins.filter((at) => at >= from && at <= to).length;
        const allowed = (target.perSecond * (to - from)) / 1_000 + target.burst + joined;
        most = Math.max(most, nth + 1 - allowed);
      }
      return most;
    });
    expect(Math.max(...excess)).toBeLessThanOrEqual(1);
  });
});
