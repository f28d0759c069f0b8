/** What a seed of the core's world draws. */
import {
  asOffset,
  asRecordKey,
  DEFAULTS,
  type AttemptResult,
  type EngineConfig,
  type NewRecord,
} from "@millrace/engine";
import type { SeededRandom } from "../support/seeded-random.ts";
import type { LogRecord } from "./core-world.ts";

/** Fills an empty log: keys, gaps, records that are left out or cannot be delivered. */
export function fillLog(log: LogRecord[], random: SeededRandom): void {
  const count = 20 + random.below(60);
  const keyCount = 1 + random.below(6);
  for (let offset = 0; offset < count; offset += 1) {
    const key = random.chance(0.15) ? null : `k${random.below(keyCount)}`;
    const dice = random.next();
    const kind = dice < 0.8 ? "deliver" : dice < 0.93 ? "filtered" : "undeliverable";
    log.push({ offset, key, isGap: random.chance(0.1), kind });
  }
}

/** A record as the engine takes it in; a mended mapping can deliver all of them. */
export function newRecord(record: LogRecord, isMended = false): NewRecord<LogRecord> {
  const offset = asOffset(record.offset);
  if (record.kind === "filtered") return { kind: "filtered", offset };
  return {
    kind: "matched",
    offset,
    key: record.key === null ? null : asRecordKey(record.key),
    bytes: 10,
    verdict:
      record.kind === "deliver" || isMended
        ? { kind: "deliver" }
        : { kind: "undeliverable", reason: "DECODE_FAILED", detail: "" },
    payload: record,
  };
}

/** How an attempt ends. */
export function randomResult(random: SeededRandom): AttemptResult {
  const dice = random.next();
  if (dice < 0.6) return { kind: "delivered", status: 204 };
  if (dice < 0.75) {
    const retryAfterMs = random.chance(0.2) ? random.below(5_000) : null;
    return { kind: "retry", reason: "HTTP_STATUS", status: 503, ambiguous: true, retryAfterMs };
  }
  if (dice < 0.82) return { kind: "rejected", reason: "HTTP_REJECTED", status: 422 };
  if (dice < 0.88) {
    const retryAfterMs = random.chance(0.5) ? random.below(3_000) : null;
    return { kind: "throttled", status: 429, retryAfterMs };
  }
  if (dice < 0.92) {
    return { kind: "misconfigured", reason: "HTTP_UNAUTHORIZED", status: 401, detail: "" };
  }
  return { kind: "abandoned", ambiguous: random.chance(0.5) };
}

/** A configuration with bounds that are soon reached. */
export function randomConfig(random: SeededRandom): EngineConfig {
  const attempts = random.chance(0.3)
    ? ({ kind: "limited", count: 1 + random.below(4) } as const)
    : ({ kind: "unlimited" } as const);
  const rate = random.chance(0.3)
    ? ({ kind: "limited", perSecond: 1 + random.below(50), burst: 1 + random.below(4) } as const)
    : ({ kind: "unlimited" } as const);
  return {
    ...DEFAULTS,
    order: random.pick(["key", "key", "partition", "none"]),
    onDeadLetter: random.pick(["quarantine", "quarantine", "block", "skip"]),
    concurrencyMax: 1 + random.below(8),
    rate,
    retry: {
      maxAgeMs: random.pick([1_000, 86_400_000]),
      baseMs: 50,
      capMs: 2_000,
      maxAttempts: attempts,
    },
    bounds: {
      ...DEFAULTS.bounds,
      unsettledMax: 2 + random.below(30),
      spanMax: 5 + random.below(50),
      quarantinedKeysMax: random.pick([1, 3, 10_000]),
      parkedPerKeyMax: random.pick([1, 4, 100_000]),
    },
    probeIntervalMs: 3_000,
  };
}
