import { describe, expect, it } from "vitest";
import { millrace } from "../support/cli-command.ts";
import { createWorld } from "../support/delivery-world.ts";
import { metricSum } from "../support/metric-sum.ts";
import { until } from "../support/until.ts";

const USERS = 20;

describe("millrace breaker reset", () => {
  it("has every process ask a mended target at once, long before its breaker would", async () => {
    const outage = [{ kind: "status", status: 503, share: 1 }] as const;
    const world = await createWorld({
      apis: { crm: { faults: outage } },
      target: { breaker: { halfOpenAfter: "10m" } },
    });
    const processes = [await world.deliver(), await world.deliver()];
    for (const one of processes) await one.ready();
    const reset = (target: string) =>
      millrace(["breaker", "reset", target, "-c", world.configPath], { cwd: world.folder });
    const isOpen = async ({ adminUrl }: { readonly adminUrl: string }): Promise<boolean> =>
      (await metricSum(adminUrl, "millrace_breaker_state", 'state="open"')) > 0;
    const isAtRest = async ({ adminUrl }: { readonly adminUrl: string }): Promise<boolean> =>
      (await metricSum(adminUrl, "millrace_inflight")) === 0;
    await world.emitUpdates(4 * USERS, USERS);
    for (const one of processes) {
      await until("the breaker to open", () => isOpen(one));
      await until("calls that were under way to end", () => isAtRest(one));
    }

    const before = world.arrivals("crm").length;
    expect(await reset("crm")).toMatchObject({ code: 0 });
    await until("a probe of each process", () => world.arrivals("crm").length >= before + 2);
    for (const one of processes) await until("it to stay open", () => isOpen(one));
    expect(world.arrivals("crm")).toHaveLength(before + 2);

    await world.api("crm").script({});
    const { code, stderr } = await reset("crm");
    await world.untilEffects("crm", 4 * USERS);
    expect(code).toBe(0);
    expect(stderr).toContain("its processes ask it within 2 s");
    const misspelt = await reset("cmr");
    expect(misspelt).toMatchObject({ code: 4 });
    expect(misspelt.stderr).toContain("did you mean crm?");
  });
});
