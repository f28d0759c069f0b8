import { describe, it } from "vitest";

import { DeliveryGroup } from "./delivery-group.ts";

/** `MILLRACE_SEED` runs a single seed, `MILLRACE_SEED_COUNT` so many from 1 on. */
const single = process.env["MILLRACE_SEED"];
const count = Number(process.env["MILLRACE_SEED_COUNT"] ?? 25);
const seeds =
  single === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(single)];
const EVENT_COUNT = 300;

describe("delivery processes that come, go and are killed", () => {
  it.each(seeds)(
    "lose nothing, keep order per key and repeat only what a killed one did: seed %i",
    async (seed) => {
      try {
        await new DeliveryGroup(seed).run(EVENT_COUNT);
      } catch (error) {
        const again = `MILLRACE_SEED=${seed} npx vitest run --project simulation delivery-group`;
        throw new Error(`seed ${seed}; again: ${again}`, { cause: error });
      }
    },
  );
});
