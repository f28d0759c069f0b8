/** A target that answers after a while, driven in simulated time: what tests of guards that measure share. */
import type { AttemptResult } from "../src/core/lanes/attempt-result.ts";
import type { EngineConfig } from "../src/core/config.ts";
import type { Delivery } from "../src/core/lanes/delivery.ts";
import type { Effect } from "../src/core/effect.ts";
import { EngineBench, OK } from "./engine-bench.ts";

/** How the target behaves; `inFlight` includes the call in question. */
export interface TargetRules {
  /** Ms. */
  readonly latency: (inFlight: number, call: number) => number;
  /** Default: it takes everything. */
  readonly answer?: (inFlight: number, call: number) => AttemptResult;
  /** Events a second; default: as many as there is room for. */
  readonly perSecond?: number;
  /** Whether calls that end at one time are one input; default: each is one. */
  readonly endTogether?: boolean;
}

interface OpenCall {
  readonly delivery: Delivery<string>;
  readonly result: AttemptResult;
  readonly endsAt: number;
}

/** Events without a key, always as many as are wanted. */
const BACKLOG = 400;
const TICK_MS = 5;

/** One engine and its target. */
export class TargetLoop {
  readonly bench: EngineBench;
  /** Calls ended, by kind. */
  readonly ended = new Map<AttemptResult["kind"], number>();
  #open: OpenCall[] = [];
  #callCount = 0;
  #eventCount = 0;
  #owed = 0;

  constructor(config: Partial<EngineConfig>) {
    this.bench = new EngineBench({ order: "none", ...config }, { offset: 0, metadata: "" });
  }

  /** Attempts that may be in flight, in whole. */
  get limit(): number {
    return Math.floor(this.bench.state.limit.value);
  }

  /** Lets time pass; gives the most calls that were in flight at a time. */
  run(forMs: number, rules: TargetRules): number {
    const { world } = this.bench;
    let most = this.#open.length;
    const until = world.now + forMs;
    this.#arrive(rules, 0);
    while (world.now < until) {
      const next = Math.min(...this.#open.map(({ endsAt }) => endsAt));
      const at = Math.min(until, Math.max(world.now, Math.min(next, world.now + TICK_MS)));
      this.#arrive(rules, at - world.now);
      world.now = at;
      const due = this.#open.filter(({ endsAt }) => endsAt <= at);
      this.#open = this.#open.filter(({ endsAt }) => endsAt > at);
      for (const { result } of due) {
        this.ended.set(result.kind, (this.ended.get(result.kind) ?? 0) + 1);
      }
      for (const ends of rules.endTogether === true ? [due] : due.map((end) => [end])) {
        this.#begin(rules, this.bench.send({ kind: "attempts-ended", ends }));
      }
      this.#begin(rules, this.bench.send({ kind: "tick" }));
      most = Math.max(most, this.#open.length);
    }
    return most;
  }

  #arrive({ perSecond = Infinity, ...rules }: TargetRules, ms: number): void {
    const { ready } = this.bench.state;
    this.#owed =
      perSecond === Infinity ? BACKLOG - ready.length : this.#owed + (perSecond * ms) / 1_000;
    const names = Array.from({ length: Math.floor(Math.max(0, this.#owed)) }, () => {
      this.#eventCount += 1;
      return `-${this.#eventCount}`;
    });
    this.#owed -= names.length;
    if (names.length > 0) this.#begin(rules, this.bench.arrive(...names));
  }

  #begin({ latency, answer = () => OK }: TargetRules, effects: readonly Effect<string>[]): void {
    const { world } = this.bench;
    for (const effect of effects) {
      if (effect.kind !== "attempt") continue;
      this.#callCount += 1;
      const inFlight = this.#open.length + 1;
      this.#open.push({
        delivery: effect.delivery,
        result: answer(inFlight, this.#callCount),
        endsAt: world.now + latency(inFlight, this.#callCount),
      });
    }
    world.effects.length = 0;
  }
}
