import { DEFAULTS, type EngineConfig } from "../src/core/config.ts";
import type { SeededDraws } from "./seeded-draws.ts";

/** Bounds that are soon reached, and a breaker that soon opens. */
export function randomConfig(draws: SeededDraws): EngineConfig {
  return {
    ...DEFAULTS,
    order: draws.pick(["key", "key", "key", "key", "partition", "none"]),
    onDeadLetter: draws.pick(["quarantine", "quarantine", "block", "skip"]),
    concurrencyMax: 1 + draws.below(4),
    rate: draws.chance(0.3) ? { kind: "limited", perSecond: 5, burst: 2 } : { kind: "unlimited" },
    retry: {
      maxAgeMs: draws.pick([1_000, 86_400_000]),
      baseMs: 50,
      capMs: 2_000,
      maxAttempts: draws.chance(0.5) ? { kind: "limited", count: 2 } : { kind: "unlimited" },
    },
    breaker: { ...DEFAULTS.breaker, minCalls: 4, halfOpenAfterMs: 1_000 },
    bounds: {
      ...DEFAULTS.bounds,
      unsettledMax: 4 + draws.below(20),
      spanMax: 5 + draws.below(20),
      quarantinedKeysMax: draws.pick([1, 3, 10_000]),
      parkedPerKeyMax: draws.pick([1, 4, 100_000]),
    },
    probeIntervalMs: 3_000,
  };
}
