import { describe, expect, it } from "vitest";
import { disorderedKeys } from "../support/arrivals.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { readRaw, type RawRecord } from "../support/raw-topic.ts";
import { until } from "../support/until.ts";

const SICK = "user-3";
/** So many users; each emit brings every one of them an event in turn. */
const USERS = 50;

/** Where these records come from, each once, in the order in which they stand. */
function sources(records: readonly RawRecord[]): string[] {
  const name = ({ headers }: RawRecord): string =>
    `${headers["millrace-partition"]}/${headers["millrace-offset"]}`;
  return [...new Set(records.map(name))];
}

/** All events of the sick key in the log, in order. */
async function emitted(world: World): Promise<string[]> {
  const log = await readRaw(world.servers.brokers, world.topic);
  return log.flatMap(({ key, partition, offset }) =>
    String(key) === SICK ? [`${partition}/${offset}`] : [],
  );
}

const attemptsOfSick = (world: World): number =>
  world.arrivals("crm").filter(({ status }) => status === 422).length;

describe("a key whose event is rejected", () => {
  it("stands in quarantine over a kill: later events are parked in order, all others delivered", async () => {
    const world = await createWorld({ apis: { crm: { reject: { [SICK]: 422 } } } });
    const first = await world.deliver();
    await world.emitUpdates(10 * USERS, USERS);
    await world.untilEffects("crm", 10 * (USERS - 1));
    await until("no lag", async () => (await world.lag(first)) === 0);
    expect(attemptsOfSick(world)).toBe(1);

    await first.end("SIGKILL");
    const second = await world.deliver();
    await second.ready();
    await world.emitUpdates(10 * USERS, USERS);
    await world.untilEffects("crm", 20 * (USERS - 1));
    await until("no lag", async () => (await world.lag(second)) === 0);

    const { servers, namespace } = world;
    const dead = await readRaw(servers.brokers, `${namespace}.crm.dead`);
    const parked = await readRaw(servers.brokers, `${namespace}.crm.parked`);
    const [given, ...later] = await emitted(world);
    expect(attemptsOfSick(world)).toBe(1);
    expect(sources(dead)).toEqual([given]);
    expect(sources(parked)).toEqual(later);
    expect(later).toHaveLength(19);
    expect(new Set(parked.map(({ headers }) => headers["millrace-reason"]))).toEqual(
      new Set(["PARKED"]),
    );
    expect(disorderedKeys(world.arrivals("crm"))).toEqual([]);
  });

  it("blocks its partition's lane where asked to, and is not attempted again after a restart", async () => {
    const world = await createWorld({
      apis: { crm: { reject: { [SICK]: 422 } } },
      target: { onDeadLetter: "block" },
    });
    const first = await world.deliver();
    await world.emitUpdates(10 * USERS, USERS);
    await world.untilEffects("crm", 10 * (USERS - 1));
    await until("the key to be blocked", () => first.output().includes("key blocked"));
    await first.end("SIGTERM");

    const second = await world.deliver();
    await until("the key to be blocked", () => second.output().includes("key blocked"));
    await world.emitUpdates(USERS, USERS);
    await world.untilEffects("crm", 11 * (USERS - 1));

    expect(attemptsOfSick(world)).toBe(1);
    const dead = await readRaw(world.servers.brokers, `${world.namespace}.crm.dead`);
    expect(sources(dead)).toHaveLength(1);
  });
});
