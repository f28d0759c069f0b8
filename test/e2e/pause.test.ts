import { describe, expect, it } from "vitest";
import { disorderedKeys } from "../support/arrivals.ts";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { until } from "../support/until.ts";

const KEYS = 50;
/** When a pause is in force on every process, ms after it was acknowledged. */
const IN_FORCE_MS = 2_000;

/** Runs `millrace targets <args>` with the world's configuration. */
async function targets(world: World, ...args: readonly string[]) {
  const command = ["targets", ...args, "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return itemsOf(stdout);
}

/** Arrivals at an API that began after a moment, epoch ms. */
const arrivedAfter = (world: World, api: string, at: number): number =>
  world.arrivals(api).filter((arrival) => arrival.at > at).length;

/** Emits until the other target has had `count` more events after a moment. */
async function emitPast(world: World, moment: number, count: number): Promise<void> {
  await until(`${count} events at audit after the pause`, async () => {
    await world.emitUpdates(KEYS, KEYS);
    return arrivedAfter(world, "audit", moment) >= count;
  });
}

describe("a target that someone pauses", () => {
  it("gets no attempt from any of three processes two seconds later, nor from one that starts then", async () => {
    const world = await createWorld({ apis: { crm: {}, audit: {} } });
    const processes = [await world.deliver(), await world.deliver(), await world.deliver()];
    await Promise.all(processes.map((one) => one.ready()));
    await world.emitUpdates(10 * KEYS, KEYS);
    await world.untilEffects("crm", 1);

    const paused = await targets(world, "pause", "crm", "--reason", "maintenance", "--by", "dana");
    const inForceAt = Date.now() + IN_FORCE_MS;
    await emitPast(world, inForceAt, 5 * KEYS);

    expect(paused).toMatchObject([
      { name: "crm", wanted: "paused", note: "paused by dana: maintenance" },
    ]);
    expect(arrivedAfter(world, "crm", inForceAt)).toBe(0);

    await Promise.all(processes.map((one) => one.end("SIGTERM")));
    const restartedAt = Date.now();
    const next = await world.deliver();
    await next.ready();
    await emitPast(world, restartedAt, 5 * KEYS);
    expect(arrivedAfter(world, "crm", inForceAt)).toBe(0);

    const resumed = await targets(world, "resume", "crm", "--by", "dana");
    await until("no lag", async () => (await world.lag(next)) === 0);
    expect(resumed).toMatchObject([{ name: "crm", wanted: "running", pauses: [] }]);
    const [crm, audit] = [await world.api("crm").report(), await world.api("audit").report()];
    expect(crm.effects).toBe(audit.effects);
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
  });

  it("is paused on all its processes when the guard of one found too many dead letters", async () => {
    const reject = Object.fromEntries(Array.from({ length: KEYS }, (_, n) => [`user-${n}`, 422]));
    const world = await createWorld({ apis: { crm: { reject } }, partitions: 1 });
    const owner = await world.deliver();
    await owner.ready();
    const idle = await world.deliver();
    await world.emitUpdates(2 * KEYS, 2 * KEYS);

    const told = "target paused";
    const seen = (): string => idle.output().slice(-500);
    await until("both to pause", () => [owner, idle].every((one) => one.output().includes(told)), {
      seen,
    });

    const [item] = await targets(world, "list");
    expect(item).toMatchObject({ wanted: "paused", pauses: [{ pauser: "guard" }] });
    expect(item?.["note"]).toContain("DEAD_LETTER_FLOOD");
  });
});
