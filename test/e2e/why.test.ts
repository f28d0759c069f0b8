import { describe, expect, it } from "vitest";
import { millrace } from "../support/cli-command.ts";
import { createWorld } from "../support/delivery-world.ts";
import { emitOf, usersOf } from "../support/user-events.ts";
import { until } from "../support/until.ts";
import { follow, untilAlone, untilCauses, untilWell, why } from "../support/why.ts";

const USERS = 50;

describe("millrace why", () => {
  it("names nothing of a target that is well, and stuck keys, an outage and a pause where there are some, the worst first", async () => {
    const sick = ["user-1", "user-2"];
    const reject = Object.fromEntries(sick.map((user) => [user, 422]));
    const world = await createWorld({
      apis: { crm: { reject } },
      target: {
        retry: { base: "50ms", cap: "500ms" },
        breaker: { window: "10s", errorRatio: 0.5, minCalls: 5, halfOpenAfter: "5s" },
      },
    });
    const deliverer = await world.deliver();
    await deliverer.ready();
    expect(await why(world)).toEqual([]);

    const users = usersOf("user", USERS, 2);
    const places = await emitOf(world, users);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    const stuck = await untilAlone(world, "key-quarantined");
    expect(stuck.keys.toSorted()).toEqual(sick);
    expect(stuck.evidence.toSorted()).toEqual([places[1], places[2]].toSorted());
    expect(stuck.details).toMatchObject({ reason: "HTTP_REJECTED", waiting: 2 });

    await world.api("crm").outage(600_000);
    await emitOf(world, usersOf("user", USERS));
    const [open] = await untilCauses(world, ["breaker-open", "key-quarantined"]);
    expect(open).toMatchObject({ keys: [], evidence: [] });
    expect(open?.details["failure"]).toMatch(/^(?:CONNECT_FAILED|RESET)$/u);
    expect(open?.next).toContain("look at crm itself");

    const pause = ["targets", "pause", "crm", "--reason", "maintenance", "-c", world.configPath];
    expect((await millrace(pause, { cwd: world.folder })).code).toBe(0);
    const [paused] = await untilCauses(world, ["paused", "breaker-open", "key-quarantined"]);
    expect(paused).toMatchObject({ keys: [], evidence: [], details: { reason: "maintenance" } });

    if (paused === undefined) throw new Error("no pause");
    await world.api("crm").outage(1);
    await world.api("crm").script({});
    await follow(world, paused);
    await untilAlone(world, "key-quarantined");
    await follow(world, stuck);
    await untilWell(world);
    await world.untilEffects("crm", users.length + USERS);
  });

  it("says that no process delivers, also where none has ever done", async () => {
    const world = await createWorld({ apis: { crm: {} } });
    await emitOf(world, usersOf("user", USERS));

    const never = await untilAlone(world, "no-process");
    const deliverer = await world.deliver();
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    await world.untilEffects("crm", USERS);
    expect(await why(world)).toEqual([]);

    await deliverer.end("SIGTERM");
    const places = await emitOf(world, usersOf("user", USERS));
    const cause = await untilAlone(world, "no-process");
    expect(cause.details).toMatchObject({ waiting: USERS, strangers: 0 });
    expect(cause.evidence.length).toBeGreaterThan(0);
    expect(places).toEqual(expect.arrayContaining([...cause.evidence]));
    for (const { next } of [never, cause]) expect(next).toBe("millrace deliver --target crm");

    await world.deliver("--target", "crm");
    await world.untilEffects("crm", 2 * USERS);
    await untilWell(world);
  });
});
