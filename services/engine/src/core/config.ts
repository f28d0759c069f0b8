/** What must be ordered together: events of a key, of a partition, or nothing. */
export type Order = "key" | "partition" | "none";

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
  /** Attempts in flight at most, over all processes of the target. At least 1. */
  readonly concurrencyMax: number;
  readonly rate: RateLimit;
  readonly retry: RetryConfig;
  readonly bounds: BoundsConfig;
  /** Least time between two commits, ms. */
  readonly commitIntervalMs: number;
  /** How often a target that its configuration keeps from answering is tried, ms. */
  readonly probeIntervalMs: number;
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
}

/** The engine's defaults; what each is for stands in SPEC.md. */
export const DEFAULTS = {
  order: "key",
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
  },
  commitIntervalMs: 25,
  probeIntervalMs: 30_000,
} as const satisfies EngineConfig;

/** Longest Retry-After that is honoured, ms. */
export const RETRY_AFTER_MAX_MS = 900_000;
