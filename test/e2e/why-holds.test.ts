import { describe, expect, it } from "vitest";
import type { ApiScript } from "@millrace/demo";
import { millrace } from "../support/cli-command.ts";
import { createWorld, type Deliverer, type World } from "../support/delivery-world.ts";
import { changeTarget } from "../support/target-settings.ts";
import { emitOf, usersOf } from "../support/user-events.ts";
import { follow, untilAlone, untilCauses, untilWell } from "../support/why.ts";

/** Targets of one world, named after what befalls them; each takes the events of users of its own name. */
const SETTINGS = {
  "paused-by-people": {},
  "paused-by-guard": { onDeadLetter: "skip" },
  misconfigured: {},
  throttled: {},
  "rate-limited": { rate: "2/s" },
  "slowed-down": { concurrency: { max: 2 } },
} as const;
const TARGETS = Object.keys(SETTINGS);
/** Those that go on with another configuration only, in a process of their own; and the others. */
const RESTARTED = ["misconfigured", "rate-limited"];
const OTHERS = TARGETS.filter((name) => !RESTARTED.includes(name));

const NOWHERE = { keys: [], keyCount: 0, evidence: [] };

const always = (status: number, more: object = {}): Partial<ApiScript> => ({
  faults: [{ kind: "status", share: 1, status, ...more }],
});

const deliver = (world: World, targets: readonly string[]): Promise<Deliverer> =>
  world.deliver(...targets.flatMap((name) => ["--target", name]));

/** Two processes, and all targets well. */
async function setup() {
  const world = await createWorld({ apis: Object.fromEntries(TARGETS.map((name) => [name, {}])) });
  for (const [name, settings] of Object.entries(SETTINGS)) {
    const filter = `event.data.userId.startsWith('${name}-')`;
    changeTarget(world, name, { ...settings, filter });
  }
  const [restarted] = await Promise.all([deliver(world, RESTARTED), deliver(world, OTHERS)]);
  await emitOf(world, [...TARGETS.map((name) => `${name}-0`), ...usersOf("slowed-down", 100, 2)]);
  await Promise.all(TARGETS.map((name) => world.untilEffects(name, 1)));
  await untilWell(world, TARGETS);
  const restart = async (): Promise<void> => {
    await restarted.end("SIGTERM");
    await deliver(world, RESTARTED);
  };
  return { world, restart };
}

async function pause(world: World, target: string): Promise<void> {
  const command = ["targets", "pause", target, "--by", "dana", "--reason", "maintenance"];
  const { code, stderr } = await millrace([...command, "-c", world.configPath]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
}

/**
 * Makes a target slow right after it was fast: what is slow is told by what was usual. Far slower than any answer of a busy
 * machine, and two calls at once, so that the first look at slow calls lowers the limit.
 */
async function slowDown(world: World): Promise<void> {
  const before = (await world.api("slowed-down").report()).effects;
  await emitOf(world, usersOf("slowed-down", 100, 4));
  await world.untilEffects("slowed-down", before + 400);
  await world.api("slowed-down").script({ latency: { kind: "fixed", ms: 1_000 } });
  await emitOf(world, usersOf("slowed-down", 100, 3));
}

describe("millrace why, of a whole target that is held", () => {
  it("names a pause, a guard's pause, a configuration that is refused, a wish for time, a rate and a slowing target alone, while they last", async () => {
    const { world, restart } = await setup();
    const script = (name: string, of: Partial<ApiScript>): Promise<void> =>
      world.api(name).script(of);
    const found = (name: keyof typeof SETTINGS) => ({ target: name });

    await pause(world, "paused-by-people");
    await script("paused-by-guard", always(422));
    await script("misconfigured", always(401));
    await script("throttled", always(429, { retryAfterSeconds: 15 }));
    await emitOf(world, [
      ...usersOf("paused-by-people", 5),
      ...usersOf("paused-by-guard", 60),
      ...usersOf("misconfigured", 5),
      ...usersOf("throttled", 5),
      ...usersOf("rate-limited", 400),
    ]);
    await slowDown(world);
    const [paused, guarded, refused, throttled, rate, slow] = await Promise.all([
      untilAlone(world, "paused", found("paused-by-people")),
      untilAlone(world, "paused-by-guard", found("paused-by-guard")),
      untilAlone(world, "misconfigured", found("misconfigured")),
      untilAlone(world, "throttled", found("throttled")),
      untilAlone(world, "rate-limited", found("rate-limited")),
      untilAlone(world, "slowed-down", found("slowed-down")),
    ]);

    for (const cause of [paused, guarded, refused, throttled, rate, slow]) {
      expect(cause).toMatchObject(NOWHERE);
      expect(cause.next).toContain(cause.target);
    }
    expect(paused.details).toEqual({ by: "dana", reason: "maintenance" });
    expect(guarded.details).toMatchObject({ reason: "DEAD_LETTER_FLOOD" });
    for (const { since } of [paused, guarded]) expect(since).toMatch(/^\d{4}-\d\d-\d\dT/u);
    expect(refused.details).toMatchObject({ processes: 1, status: 401 });
    expect(refused.details["failure"]).toContain("HTTP_UNAUTHORIZED");
    expect(refused.next).toContain("check the credentials");
    expect(throttled.details).toMatchObject({ processes: 1 });
    expect(throttled.details["nextAttemptMs"]).toBeGreaterThan(0);
    expect(throttled.details["nextAttemptMs"]).toBeLessThanOrEqual(15_000);
    expect(rate.next).toContain("raise its rate and restart its processes");
    expect(slow.details).toEqual({ processes: 1, limit: 1, limitMax: 2 });

    await Promise.all(TARGETS.map((name) => script(name, {})));
    for (const cause of [paused, guarded]) await follow(world, cause);
    changeTarget(world, "rate-limited", { rate: "1000/s" });
    await restart();
    await untilWell(world, TARGETS);
    await Promise.all([
      world.untilEffects("paused-by-people", 6),
      world.untilEffects("misconfigured", 6),
      world.untilEffects("throttled", 6),
      world.untilEffects("rate-limited", 401),
    ]);
    expect(await untilCauses(world, [], found("paused-by-guard"))).toEqual([]);
  });
});
