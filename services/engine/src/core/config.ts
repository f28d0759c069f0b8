/** What must be ordered together: events of a key, of a partition, or nothing. */
export type Order = "key" | "partition" | "none";

/**
 * What follows a dead letter: its key's later events are parked until a redrive, or wait behind it, or go on. `quarantine`
 * needs `order: key`: with `order: partition` it blocks. Events without a key, and all with `order: none`, go on.
 */
export type AfterDeadLetter = "quarantine" | "block" | "skip";

/** How many attempts a delivery may have; `unlimited` leaves only the age. */
export type AttemptLimit =
  { readonly kind: "unlimited" } | { readonly kind: "limited"; readonly count: number };

/** How many attempts a second a target takes. */
export type RateLimit =
  | { readonly kind: "unlimited" }
  | { readonly kind: "limited"; readonly perSecond: number; readonly burst: number };

/** Retry in place: full-jitter exponential backoff per lane. */
export interface RetryConfig {
  /** Horizon from the first charged attempt, ms; past it a failure dead-letters. */
  readonly maxAgeMs: number;
  /** Upper bound of the first wait, ms; doubles with each failure. */
  readonly baseMs: number;
  /** Upper bound of any wait, ms. */
  readonly capMs: number;
  readonly maxAttempts: AttemptLimit;
}

/** Everything the engine of one target decides by. Total and frozen; durations in ms. */
export interface EngineConfig {
  readonly order: Order;
  readonly onDeadLetter: AfterDeadLetter;
  /** Attempts in flight at most, over all processes of the target. At least 1. */
  readonly concurrencyMax: number;
  readonly rate: RateLimit;
  readonly retry: RetryConfig;
  readonly bounds: BoundsConfig;
  /** Least time between two commits, ms. */
  readonly commitIntervalMs: number;
  /** How often a target that its configuration keeps from answering is tried, ms. */
  readonly probeIntervalMs: number;
  readonly breaker: BreakerConfig;
}

/** When a failing target is left alone, and for how long. */
export interface BreakerConfig {
  /** How long a call counts, ms. */
  readonly windowMs: number;
  /** Failures of all calls, above 0 and at most 1, from which the breaker opens. */
  readonly errorRatio: number;
  /** Calls in the window before the ratio says anything. */
  readonly minCalls: number;
  /** From opening to the probe, and between two probes, ms; at least a second. */
  readonly halfOpenAfterMs: number;
}

/** What one partition may hold before its fetching pauses; what the whole target may is shared by its partitions. */
export interface BoundsConfig {
  /** Unsettled records in memory. */
  readonly unsettledMax: number;
  /** Bytes of unsettled records in memory. */
  readonly unsettledBytesMax: number;
  /** Unsettled records of all partitions that this process owns. */
  readonly targetUnsettledMax: number;
  /** Their bytes. */
  readonly targetBytesMax: number;
  /** Offsets from the committable one to the highest settled one. */
  readonly spanMax: number;
  /** Keys in quarantine; the next one blocks. */
  readonly quarantinedKeysMax: number;
  /** Events of a quarantined key that one owner parks; the next one blocks. */
  readonly parkedPerKeyMax: number;
}

/** The engine's defaults; what each is for stands in SPEC.md. */
export const DEFAULTS = {
  order: "key",
  onDeadLetter: "quarantine",
  concurrencyMax: 64,
  rate: { kind: "unlimited" },
  retry: {
    maxAgeMs: 86_400_000,
    baseMs: 500,
    capMs: 300_000,
    maxAttempts: { kind: "unlimited" },
  },
  bounds: {
    unsettledMax: 2_000,
    unsettledBytesMax: 8_388_608,
    targetUnsettledMax: 6_000,
    targetBytesMax: 33_554_432,
    spanMax: 100_000,
    quarantinedKeysMax: 10_000,
    parkedPerKeyMax: 100_000,
  },
  commitIntervalMs: 25,
  probeIntervalMs: 30_000,
  breaker: { windowMs: 30_000, errorRatio: 0.5, minCalls: 20, halfOpenAfterMs: 10_000 },
} as const satisfies EngineConfig;

/** Longest Retry-After that is honoured, ms. */
export const RETRY_AFTER_MAX_MS = 900_000;
