import type { Clock, Entropy, RecordSink, Telemetry } from "@millrace/engine";
import type { KafkaConnection } from "@millrace/kafka";
import type { Catalog, Registry } from "@millrace/schemas";

/** What happens to an `emit` for which the buffer has no room. */
export type WhenFull = "wait" | "reject";

/** Bounds and times of an emitter. */
export interface EmitterLimits {
  /** Events taken and not yet acknowledged, at most. As many again may wait for room. Default 10,000. */
  readonly bufferEventsMax: number;
  /** Their bytes, at most. Default 32 MiB. */
  readonly bufferBytesMax: number;
  /** A record's bytes (key, value, headers, framing), at most. Default 1 MiB less 1 KiB: the broker's own limit is 1 MiB. */
  readonly eventBytesMax: number;
  /** From `emit` to its receipt, with all repeats, at most; ms. Default 30,000. */
  readonly timeoutMs: number;
  /**
   * Default `wait`: `emit` waits for room, so that who awaits it is slowed down to what the brokers take. `reject` is for
   * servers that have someone to tell.
   */
  readonly onFull: WhenFull;
}

/** The defaults of {@link EmitterLimits}. */
export const EMITTER_LIMITS: EmitterLimits = {
  bufferEventsMax: 10_000,
  bufferBytesMax: 32 * 1024 * 1024,
  eventBytesMax: 1024 * 1024 - 1024,
  timeoutMs: 30_000,
  onFull: "wait",
};

/** Where records go: brokers, or a sink of one's own, which the emitter then closes. */
export type EmitterDestination =
  | { readonly connection: KafkaConnection; readonly sink?: never }
  | { readonly sink: RecordSink; readonly connection?: never };

/** Where the ids of the catalog's schemas are kept between starts. */
export type IdCache = { readonly kind: "file"; readonly path: string } | { readonly kind: "off" };

/** How an emitter is made. */
export type EmitterOptions = EmitterDestination &
  Partial<EmitterLimits> & {
    /** The schema registry, or its URL. It is asked once, at the start; nothing is ever registered. */
    readonly registry: Registry | string;
    /** The event catalog, or its path. */
    readonly catalog: Catalog | string;
    /** The `source` of events that name none, e.g. `/user-service`. */
    readonly source?: string;
    /** Where schema ids are kept for a start without the registry. Default: a file in the user's cache folder. */
    readonly idCache?: IdCache;
    /** Default: none. Without it the caller's trace context is carried on as it is. */
    readonly telemetry?: Telemetry;
    /** Default: the machine's. */
    readonly clock?: Clock;
    /** Spreads repeats. Default: the machine's. */
    readonly entropy?: Entropy;
  };

/** Limits with their defaults. @throws RangeError for one that is no positive whole number. */
export function resolveLimits(options: Partial<EmitterLimits>): EmitterLimits {
  const limits: EmitterLimits = {
    bufferEventsMax: options.bufferEventsMax ?? EMITTER_LIMITS.bufferEventsMax,
    bufferBytesMax: options.bufferBytesMax ?? EMITTER_LIMITS.bufferBytesMax,
    eventBytesMax: options.eventBytesMax ?? EMITTER_LIMITS.eventBytesMax,
    timeoutMs: options.timeoutMs ?? EMITTER_LIMITS.timeoutMs,
    onFull: options.onFull ?? EMITTER_LIMITS.onFull,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (name === "onFull" || (Number.isSafeInteger(value) && Number(value) > 0)) continue;
    throw new RangeError(`EmitterOptions.${name} must be a whole number above 0, got ${value}`);
  }
  return Object.freeze(limits);
}
