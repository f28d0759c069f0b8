import { describe, expect, it } from "vitest";
import { itemsOf, millrace } from "../support/cli-command.ts";
import { createWorld, type Deliverer, type World } from "../support/delivery-world.ts";
import { until } from "../support/until.ts";
import { untilAlone } from "../support/why.ts";

const KEYS = 50;
const RETRY_AFTER_S = 20;
/** When a process has heard what another one was asked, ms after that was answered. */
const IN_FORCE_MS = 2_000;
/** How much earlier than asked a call may come, ms. */
const EARLY_MS = 1_000;

const ASKS = [{ kind: "status", status: 429, share: 1, retryAfterSeconds: RETRY_AFTER_S }] as const;

/** Why a target waits, as a process says of itself. */
async function holdsOf({ adminUrl }: Deliverer): Promise<unknown> {
  const answer = await fetch(`${adminUrl}/v1/targets/crm`);
  const document: unknown = await answer.json();
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the process's output contract
  return (document as { readonly items: readonly { readonly holds: unknown }[] }).items[0]?.holds;
}

/** When the target first asked for time, epoch ms. */
async function askedAt(world: World): Promise<number> {
  const answeredAt = (): number | undefined =>
    world.arrivals("crm").find(({ status }) => status === 429)?.answeredAt ?? undefined;
  await until("an answer of 429", () => answeredAt() !== undefined);
  return answeredAt() ?? 0;
}

describe("a target that asks one of its processes for time", () => {
  it("gets no attempt from the other two seconds later, nor from one that starts then, until it is over", async () => {
    const world = await createWorld({ apis: { crm: { faults: ASKS }, audit: {} } });
    const processes = [await world.deliver(), await world.deliver()];
    await Promise.all(processes.map((one) => one.ready()));

    await world.emitUpdates(1, 1);
    const heardAt = await askedAt(world);
    await world.api("crm").script({});
    const seen = (): string => processes.map((one) => one.output().slice(-500)).join("\n");
    await until(
      "the other to be told",
      () => processes.some((one) => one.output().includes("toldBy")),
      { seen },
    );

    const { details } = await untilAlone(world, "throttled");
    const asked = details["asked"];
    expect(details).toMatchObject({ processes: 2, asked: expect.any(String) as unknown });
    const holds = await Promise.all(processes.map(holdsOf));
    expect(holds.flat()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: "throttled", toldBy: null }),
        expect.objectContaining({ kind: "throttled", toldBy: asked }),
      ]),
    );
    const describes = ["targets", "describe", "crm", "-c", world.configPath, "-o", "json"];
    const { stdout } = await millrace(describes, { cwd: world.folder });
    expect(itemsOf(stdout)).toMatchObject([{ wanted: "running", throttle: { by: asked } }]);

    await world.emitUpdates(10 * KEYS, KEYS, 1);
    await world.untilEffects("audit", 10 * KEYS + 1);
    const next = await world.deliver();
    await next.ready();
    await world.emitUpdates(10 * KEYS, KEYS, 10 * KEYS + 1);
    await world.untilEffects("crm", 20 * KEYS + 1);

    const endsAt = heardAt + RETRY_AFTER_S * 1_000 - EARLY_MS;
    const early = world
      .arrivals("crm")
      .filter(({ at }) => at > heardAt + IN_FORCE_MS && at < endsAt);
    expect(early).toEqual([]);
    expect(world.arrivals("crm").filter(({ status }) => status === 429)).toHaveLength(1);
  });
});
