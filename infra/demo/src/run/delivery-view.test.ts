import { expect, it } from "vitest";
import { readDeliveryView } from "./delivery-view.ts";

const partition = (committed: string, quarantine: number) => ({
  committed,
  setAside: { block: 0, deferred: 0, quarantine },
});

it("sums up what a delivery process says of its partitions", () => {
  const partitions = [partition("12", 2), partition("30", 0), partition("0", 1)];

  expect(readDeliveryView({ items: [{ holds: [], partitions }] })).toEqual({
    settledCount: 42,
    isBreakerOpen: false,
    setAsideCount: 3,
  });
});

it("tells an open breaker from other holds", () => {
  const heldBy = (kind: string): boolean =>
    readDeliveryView({ items: [{ holds: [{ kind }], partitions: [] }] }).isBreakerOpen;

  expect([heldBy("breaker-open"), heldBy("throttled")]).toEqual([true, false]);
});
