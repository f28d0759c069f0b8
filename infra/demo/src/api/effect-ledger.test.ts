import { expect, it } from "vitest";
import { EffectLedger, type LedgerCall } from "./effect-ledger.ts";

function call(offset: number, key = "a"): LedgerCall {
  return { idempotencyKey: `k${offset}`, key, position: `users/0/${offset}` };
}

it("applies an idempotency key once, however often it comes", () => {
  const ledger = new EffectLedger();
  ledger.arrive(call(1));
  ledger.arrive(call(1));

  expect([ledger.apply(call(1)), ledger.apply(call(1))]).toEqual(["applied", "repeated"]);
  expect(ledger.report()).toMatchObject({ effects: 1, repeats: 1, events: 1 });
});

it("applies every call without an idempotency key", () => {
  const ledger = new EffectLedger();
  const anonymous = { ...call(1), idempotencyKey: null };
  ledger.arrive(anonymous);
  ledger.arrive(anonymous);

  expect([ledger.apply(anonymous), ledger.apply(anonymous)]).toEqual(["applied", "applied"]);
  expect(ledger.report()).toMatchObject({ effects: 2, repeats: 0 });
});

it("counts a first arrival below an earlier position of its key, and only that, as an inversion", () => {
  const ledger = new EffectLedger();
  for (const arriving of [call(5), call(3), call(5), call(4, "b"), call(6)])
    ledger.arrive(arriving);

  expect(ledger.report().inversions).toBe(1);
});

it("compares positions within one partition only", () => {
  const ledger = new EffectLedger();
  ledger.arrive(call(5));
  ledger.arrive({ ...call(3), position: "users/1/3" });

  expect(ledger.report().inversions).toBe(0);
});

it("remembers the most calls of one key that were open at once", () => {
  const ledger = new EffectLedger();
  ledger.arrive(call(1));
  ledger.arrive(call(2));
  ledger.leave(call(1));
  ledger.leave(call(2));
  ledger.arrive(call(3));

  expect(ledger.report()).toMatchObject({ openPerKeyMax: 2, open: 1 });
});
