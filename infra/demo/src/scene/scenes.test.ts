import { describe, expect, it } from "vitest";
import { SCENE_NAMES } from "./scene.ts";
import { findScene, SCENES } from "./scenes.ts";

describe.each(SCENE_NAMES)("scene %s", (name) => {
  const scene = SCENES[name];

  it("plans an API that fails or refuses, and one that goes away", () => {
    const refusesOrFails = scene.targets.some(
      ({ faults }) => faults.serverErrors || faults.refusals,
    );
    expect(refusesOrFails).toBe(true);
    expect(scene.targets.some(({ faults }) => faults.outage)).toBe(true);
  });
});

describe.each(["users", "orders", "oncall"] as const)("events of scene %s", (name) => {
  const scene = SCENES[name];
  const generate = (seed: number, count = 1_000): ReturnType<typeof generated> =>
    generated(seed, count);
  const generated = (seed: number, count: number) => {
    if (scene.events.kind === "file") throw new Error("a scene of a file");
    return scene.events.generate({ run: "r", count, seed });
  };

  it("are as many as asked for, each with its own id and with its key in the data", () => {
    const events = generate(1);

    expect(events).toHaveLength(1_000);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1_000);
    expect(events.filter(({ key, data }) => data[scene.keyField] !== key)).toEqual([]);
  });

  it("are the same for the same seed and others for another", () => {
    expect(generate(1)).toEqual(generate(1));
    expect(generate(1)).not.toEqual(generate(2));
  });

  it("are of all the scene's types, and every target gets some", () => {
    const events = generate(1);

    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(scene.types));
    for (const target of scene.targets)
      expect(events.some((event) => target.expect(event) !== null)).toBe(true);
  });

  it("come several to a key, so that there is an order to keep", () => {
    const keys = new Set(generate(1).map(({ key }) => key));

    expect(keys.size).toBeLessThan(800);
  });
});

describe("scene oncall", () => {
  const { events, targets, onCall } = SCENES.oncall;
  const usersOf = (count: number): string[] =>
    events.kind === "file"
      ? []
      : events.generate({ run: "r", count, seed: 1 }).map(({ key }) => key);
  const refused = Object.keys(targets[0]?.script.reject ?? {});

  it("has twenty events of each of its users, half of them before the outage", () => {
    const users = usersOf(10_000);
    const half = users.slice(0, 5_000);

    for (const [list, count] of [
      [users, 20],
      [half, 10],
    ] as const) {
      const counts = [...Map.groupBy(list, (user) => user).values()].map(({ length }) => length);
      expect(counts).toEqual(Array.from({ length: 500 }, () => count));
    }
  });

  it.each([
    [10_000, 20],
    [300, 1],
    [100, 1],
  ])("of %i events refuses those of %i users, and others come too", (count, refusedCount) => {
    const users = new Set(usersOf(count));

    expect(refused.filter((user) => users.has(user))).toHaveLength(refusedCount);
    expect(users.size).toBeGreaterThan(refusedCount);
  });

  it("puts trouble on one target, and none on its neighbour", () => {
    const faultsOf = (name?: string) => targets.find((target) => target.name === name)?.faults;
    const none = { serverErrors: false, outage: false, refusals: false };

    expect(faultsOf(onCall?.troubled)).toEqual({ ...none, outage: true, refusals: true });
    expect(faultsOf(onCall?.neighbour)).toEqual(none);
  });
});

it("names the scenes there are when asked for another", () => {
  expect(() => findScene("moon")).toThrow(/users, orders, flights/u);
});
