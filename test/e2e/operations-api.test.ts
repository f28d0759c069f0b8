import { describe, expect, it } from "vitest";
import { createWorld } from "../support/delivery-world.ts";
import { until } from "../support/until.ts";

const USERS = 10;

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;

/** What stands at a path of names and indexes. @throws Error where nothing does. */
function at(value: unknown, ...path: readonly (number | string)[]): Json {
  const found = path.reduce<unknown>((inside, name) => Reflect.get(Object(inside), name), value);
  if (!isObject(found)) throw new Error(`nothing at ${path.join(".")}`);
  return found;
}

describe("the operations API of a process", () => {
  it("answers with the fields of the document that it serves", async () => {
    const outage = [{ kind: "status", status: 503, share: 1 }] as const;
    const world = await createWorld({
      apis: { crm: { faults: outage } },
      target: { breaker: { halfOpenAfter: "10m" }, rate: "100/s" },
    });
    const running = await world.deliver();
    await running.ready();
    const ask = async (path: string): Promise<unknown> =>
      (await fetch(`${running.adminUrl}${path}`)).json();
    const crm = async (): Promise<Json> => at(await ask("/v1/targets/crm"), "items", 0);
    await world.emitUpdates(2 * USERS, USERS);
    await until("the breaker to open", async () => at(await crm(), "breaker")["stage"] === "open");

    const target = await crm();

    const schemas = at(await ask("/v1/openapi.json"), "components", "schemas");
    const documented = (name: string): readonly string[] =>
      Object.keys(at(schemas, name, "properties")).sort();
    const told = (...path: readonly (number | string)[]): readonly string[] =>
      Object.keys(at(target, ...path)).sort();
    const partitions = Object.values(at(target, "partitions"));
    const busy = partitions.findIndex((one) => isObject(one) && isObject(one["head"]));
    expect(told()).toEqual(documented("Target"));
    expect(told("breaker")).toEqual(documented("Breaker"));
    expect(told("attempts")).toEqual(documented("Attempts"));
    expect(told("partitions", busy)).toEqual(documented("Partition"));
    expect(told("partitions", busy, "head")).toEqual(documented("Lane"));
    expect(target).toMatchObject({
      holds: [{ kind: "breaker-open" }],
      attempts: { ratePerSecond: 100 },
      ...{ jobs: [], jobCount: 0, halts: [] },
    });
    expect(at(target, "breaker")["nextProbeMs"]).toBeGreaterThan(0);
  });
});
