/**
 * What an API knows of the calls it got: the effects it applied, once per idempotency key, and what a careful API
 * would complain about. It owns the counts; the arrival log holds the evidence.
 *
 * An inversion is a first arrival of a key's event below a position that arrived before it in the same partition. A
 * repeat is any later arrival of an idempotency key.
 */

/** A call as the ledger sees it. */
export interface LedgerCall {
  readonly idempotencyKey: string | null;
  /** What must stay in order: a user, an order, an aircraft. Null: unordered. */
  readonly key: string | null;
  /** `Millrace-Position`, as sent: `<topic>/<partition>/<offset>`. */
  readonly position: string | null;
}

/** The counts of a ledger. */
export interface LedgerReport {
  /** Effects applied: distinct idempotency keys, and calls without one. */
  readonly effects: number;
  /** Arrivals of an idempotency key that had arrived before. */
  readonly repeats: number;
  readonly inversions: number;
  /** Most calls of one key open at once. */
  readonly openPerKeyMax: number;
  readonly open: number;
  /** Distinct idempotency keys that arrived. */
  readonly events: number;
}

/** Whether a call changed something. */
export type Effect = "applied" | "repeated";

/** Counts effects per idempotency key, inversions, repeats and open calls per key. */
export class EffectLedger {
  readonly #applied = new Map<string, boolean>();
  readonly #highest = new Map<string, number>();
  readonly #openOf = new Map<string, number>();
  #effects = 0;
  #repeats = 0;
  #inversions = 0;
  #openPerKeyMax = 0;
  #open = 0;

  /** A call arrived. */
  arrive(call: LedgerCall): void {
    this.#open += 1;
    if (call.key !== null) {
      const open = (this.#openOf.get(call.key) ?? 0) + 1;
      this.#openOf.set(call.key, open);
      this.#openPerKeyMax = Math.max(this.#openPerKeyMax, open);
    }
    const known = call.idempotencyKey !== null && this.#applied.has(call.idempotencyKey);
    if (known) this.#repeats += 1;
    else this.#noteFirstArrival(call);
  }

  /** The call is applied, unless its idempotency key was before. */
  apply({ idempotencyKey }: LedgerCall): Effect {
    if (idempotencyKey !== null) {
      if (this.#applied.get(idempotencyKey) === true) return "repeated";
      this.#applied.set(idempotencyKey, true);
    }
    this.#effects += 1;
    return "applied";
  }

  /** The call is no longer open. */
  leave({ key }: LedgerCall): void {
    this.#open -= 1;
    if (key === null) return;
    const open = (this.#openOf.get(key) ?? 1) - 1;
    if (open === 0) this.#openOf.delete(key);
    else this.#openOf.set(key, open);
  }

  report(): LedgerReport {
    return {
      effects: this.#effects,
      repeats: this.#repeats,
      inversions: this.#inversions,
      openPerKeyMax: this.#openPerKeyMax,
      open: this.#open,
      events: this.#applied.size,
    };
  }

  #noteFirstArrival({ idempotencyKey, key, position }: LedgerCall): void {
    if (idempotencyKey !== null) this.#applied.set(idempotencyKey, false);
    if (key === null || position === null) return;
    const cut = position.lastIndexOf("/");
    const offset = Number(position.slice(cut + 1));
    const lane = `${position.slice(0, cut)} ${key}`;
    const highest = this.#highest.get(lane);
    if (highest !== undefined && offset < highest) this.#inversions += 1;
    else this.#highest.set(lane, offset);
  }
}
