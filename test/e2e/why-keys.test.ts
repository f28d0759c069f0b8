import { describe, expect, it } from "vitest";
import { createWorld, type World } from "../support/delivery-world.ts";
import { changeTarget } from "../support/target-settings.ts";
import { emitOf, usersOf } from "../support/user-events.ts";
import { follow, untilAlone, untilWell } from "../support/why.ts";

/** Targets of one world, named after what befalls a key of theirs; each takes the events of users of its own name. */
const SETTINGS = {
  "partition-blocked": { order: "partition" },
  "key-failing": { retry: { base: "5s", cap: "5s" } },
  "key-deferred": {},
} as const;
const TARGETS = Object.keys(SETTINGS);

/** Events of a slow key, enough to fill the bounds of its partition, each with one of another key behind it. */
const SLOW = Array.from({ length: 1_000 }, (_, index) => [
  "key-deferred-slow",
  `key-deferred-${index}`,
]).flat();

/** All in one partition; all targets well. */
async function setup(): Promise<World> {
  const apis = Object.fromEntries(TARGETS.map((name) => [name, {}]));
  const world = await createWorld({ apis, partitions: 1 });
  for (const [name, settings] of Object.entries(SETTINGS)) {
    const filter = `event.data.userId.startsWith('${name}-')`;
    changeTarget(world, name, { ...settings, filter });
  }
  await world.deliver();
  await emitOf(
    world,
    TARGETS.map((name) => `${name}-0`),
  );
  await Promise.all(TARGETS.map((name) => world.untilEffects(name, 1)));
  await untilWell(world, TARGETS);
  return world;
}

describe("millrace why, of keys", () => {
  it("names a blocked partition, a key that fails and one that is slow alone, with where they stand, while they last", async () => {
    const world = await setup();
    await world.api("partition-blocked").script({ reject: { "partition-blocked-1": 422 } });
    await world.api("key-failing").script({ reject: { "key-failing-1": 503 } });
    await world.api("key-deferred").script({ slow: { "key-deferred-slow": 1_000 } });
    const [, blockedAt] = await emitOf(world, usersOf("partition-blocked", 3, 2));
    const [, failingAt] = await emitOf(world, usersOf("key-failing", 3));
    const slowAt = await emitOf(world, SLOW);
    // Answers to others say that it is the key that fails, not the target.
    const meanwhile = async (): Promise<void> => {
      await emitOf(world, usersOf("key-failing-well", 10));
    };

    const [blocked, failing, deferred] = await Promise.all([
      untilAlone(world, "partition-blocked", { target: "partition-blocked" }),
      untilAlone(world, "key-failing", { target: "key-failing", meanwhile }),
      untilAlone(world, "key-deferred", { target: "key-deferred" }),
    ]);

    expect(blocked).toMatchObject({ keys: [], keyCount: 1, evidence: [blockedAt] });
    expect(blocked.details).toMatchObject({ reason: "HTTP_REJECTED", error: "HTTP 422" });
    expect(failing).toMatchObject({ keys: ["key-failing-1"], keyCount: 1, evidence: [failingAt] });
    expect(failing.details).toMatchObject({ status: 503 });
    expect(failing.details["attempts"]).toBeGreaterThan(0);
    expect(failing.next).toContain("look at key-failing for these keys");
    expect(deferred).toMatchObject({ keys: ["key-deferred-slow"], keyCount: 1 });
    expect(SLOW[slowAt.indexOf(deferred.evidence.join())]).toBe("key-deferred-slow");
    expect(deferred.details["waiting"]).toBeGreaterThan(0);
    for (const { since } of [blocked, failing, deferred]) expect(since).toMatch(/^\d{4}-\d\d-/u);

    await Promise.all(TARGETS.map((name) => world.api(name).script({})));
    await follow(world, blocked);
    await follow(world, deferred);
    await untilWell(world, TARGETS);
    await world.untilEffects("partition-blocked", 1 + 6);
    await world.untilEffects("key-deferred", 1 + SLOW.length);
  });
});
