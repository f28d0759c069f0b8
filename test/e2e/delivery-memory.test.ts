import { expect, it } from "vitest";
import { createWorld } from "../support/delivery-world.ts";
import { peakMemory } from "../support/process-memory.ts";
import { until } from "../support/until.ts";

/** The peak of a process that drains a backlog of so many events, MiB. */
async function drain(count: number): Promise<number> {
  const world = await createWorld({ apis: { crm: {} }, partitions: 12 });
  await world.emitUpdates(count, 10_000);
  const deliverer = await world.deliver();
  await world.untilEffects("crm", count, 240_000);
  await until("no lag", async () => (await world.lag(deliverer)) === 0);
  const peak = (peakMemory(deliverer.pid) ?? NaN) / 1_048_576;
  await deliverer.end("SIGTERM");
  return peak;
}

it("a delivery process needs no more memory for a backlog of 500,000 than for one of 100,000", async () => {
  const small = await drain(100_000);
  const large = await drain(500_000);

  process.stdout.write(
    `peak: ${small.toFixed(0)} MiB for 100,000, ${large.toFixed(0)} MiB for 500,000\n`,
  );
  expect(large).toBeLessThanOrEqual(small * 1.2);
}, 420_000);
