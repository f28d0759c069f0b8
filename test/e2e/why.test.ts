import { describe, expect, it } from "vitest";
import { millrace } from "../support/cli-command.ts";
import { createWorld, type World } from "../support/delivery-world.ts";
import { until } from "../support/until.ts";

const USERS = 50;

interface Diagnosis {
  readonly causes: readonly {
    readonly kind: string;
    readonly keys: readonly string[];
    readonly evidence: readonly string[];
    readonly details: Readonly<Record<string, unknown>>;
  }[];
}

/** What `millrace why crm` finds. */
async function why(world: World): Promise<Diagnosis["causes"]> {
  const command = ["why", "crm", "-c", world.configPath, "-o", "json"];
  const { code, stdout, stderr } = await millrace(command, { cwd: world.folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the command's output contract
  return (JSON.parse(stdout) as Diagnosis).causes;
}

/** Waits until the causes are these, in this order. */
async function untilCauses(
  world: World,
  ...kinds: readonly string[]
): Promise<Diagnosis["causes"]> {
  let causes: Diagnosis["causes"] = [];
  await until(
    `causes ${kinds.join(", ")}`,
    async () => {
      causes = await why(world);
      return causes.map(({ kind }) => kind).join() === kinds.join();
    },
    { seen: () => `found ${causes.map(({ kind }) => kind).join(", ")}` },
  );
  return causes;
}

describe("millrace why", () => {
  it("names nothing of a target that is well, and a pause, stuck keys and an outage where there are some", async () => {
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

    await world.emitUpdates(2 * USERS, USERS);
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    const [stuck] = await untilCauses(world, "key-quarantined");
    expect(stuck?.keys.toSorted()).toEqual(sick);
    expect(stuck?.evidence).toHaveLength(2);
    expect(stuck?.details).toMatchObject({ reason: "HTTP_REJECTED", waiting: 2 });

    await world.api("crm").outage(60_000);
    await world.emitUpdates(USERS, USERS);
    await untilCauses(world, "breaker-open", "key-quarantined");

    const pause = ["targets", "pause", "crm", "--reason", "maintenance", "-c", world.configPath];
    expect((await millrace(pause, { cwd: world.folder })).code).toBe(0);
    await untilCauses(world, "paused", "breaker-open", "key-quarantined");
  });

  it("says that no process delivers, also where none has ever done", async () => {
    const world = await createWorld({ apis: { crm: {} } });
    await world.emitUpdates(USERS, USERS);

    await untilCauses(world, "no-process");
    const deliverer = await world.deliver();
    await until("no lag", async () => (await world.lag(deliverer)) === 0);
    await world.untilEffects("crm", USERS);
    expect(await why(world)).toEqual([]);

    await deliverer.end("SIGTERM");
    await world.emitUpdates(USERS, USERS);
    const [cause] = await untilCauses(world, "no-process");
    expect(cause?.details).toMatchObject({ waiting: USERS });
  });
});
