import type { Random } from "./random.ts";

/** How long a call takes before it is applied, milliseconds. */
export type Latency =
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "uniform"; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: "exponential"; readonly meanMs: number; readonly maxMs: number };

/**
 * What befalls a share of the calls (0 to 1; the shares add up to at most 1):
 *
 * - `status`: answered with this status, nothing applied; `retryAfterSeconds` adds the header.
 * - `reset`: the connection is reset. `before` applying; `during` the answer: applied, status line and half of the
 *   body sent; `after`: applied, nothing answered.
 * - `hang`: applied, but the answer is withheld for `ms` (a caller with a shorter timeout sees none).
 */
export type Fault =
  | {
      readonly kind: "status";
      readonly share: number;
      readonly status: number;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: "reset"; readonly share: number; readonly when: ResetMoment }
  | { readonly kind: "hang"; readonly share: number; readonly ms: number };

/** When a connection is reset, seen from the effect of the call. */
export type ResetMoment = "before" | "during" | "after";

/** What a demo API does from now on. */
export interface ApiScript {
  readonly latency: Latency;
  readonly faults: readonly Fault[];
  /** Keys that are refused for good, with the status they get. */
  readonly reject: Readonly<Record<string, number>>;
  /** Keys that take longer, with what is added to their latency, milliseconds. */
  readonly slow: Readonly<Record<string, number>>;
}

/** A healthy API that answers at once. */
export const HEALTHY: ApiScript = {
  latency: { kind: "fixed", ms: 0 },
  faults: [],
  reject: {},
  slow: {},
};

/** What happens to one call. */
export interface CallPlan {
  readonly delayMs: number;
  readonly end:
    | { readonly kind: "apply" }
    | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number }
    | { readonly kind: "reset"; readonly when: ResetMoment }
    | { readonly kind: "hang"; readonly ms: number };
}

/** Decides what happens to a call of `key` (null when the call names none); draws twice from `random`. */
export function planCall(script: ApiScript, key: string | null, random: Random): CallPlan {
  const slowMs = key === null ? 0 : (own(script.slow, key) ?? 0);
  const delayMs = drawLatencyMs(script.latency, random()) + slowMs;
  const draw = random();
  const refused = key === null ? undefined : own(script.reject, key);
  if (refused !== undefined) return { delayMs, end: { kind: "status", status: refused } };
  let reached = 0;
  for (const fault of script.faults) {
    reached += fault.share;
    if (draw < reached) return { delayMs, end: fault };
  }
  return { delayMs, end: { kind: "apply" } };
}

function own(table: Readonly<Record<string, number>>, key: string): number | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function drawLatencyMs(latency: Latency, draw: number): number {
  switch (latency.kind) {
    case "fixed":
      return latency.ms;
    case "uniform":
      return latency.minMs + draw * (latency.maxMs - latency.minMs);
    case "exponential":
      return Math.min(latency.maxMs, -Math.log(1 - draw) * latency.meanMs);
  }
}

/**
 * A script as it came over the control port, checked; what it leaves out is as `HEALTHY` has it.
 * @throws RangeError naming the field that is wrong.
 */
export function readScript(value: unknown): ApiScript {
  const { latency, faults, reject, slow, ...unknown } = record("script", value);
  const [first] = Object.keys(unknown);
  if (first !== undefined) throw new RangeError(`script: unknown field ${first}`);
  const checked = {
    latency: latency === undefined ? HEALTHY.latency : readLatency(latency),
    faults: faults === undefined ? [] : readFaults(faults),
    reject: reject === undefined ? {} : readNumbers("reject", reject),
    slow: slow === undefined ? {} : readNumbers("slow", slow),
  };
  const total = checked.faults.reduce((sum, { share }) => sum + share, 0);
  if (total > 1) throw new RangeError(`faults: shares add up to ${total}, more than 1`);
  return checked;
}

function readLatency(value: unknown): Latency {
  const { kind, ...fields } = record("latency", value);
  switch (kind) {
    case "fixed":
      return { kind, ms: amount("latency.ms", fields["ms"]) };
    case "uniform":
      return {
        kind,
        minMs: amount("latency.minMs", fields["minMs"]),
        maxMs: amount("latency.maxMs", fields["maxMs"]),
      };
    case "exponential":
      return {
        kind,
        meanMs: amount("latency.meanMs", fields["meanMs"]),
        maxMs: amount("latency.maxMs", fields["maxMs"]),
      };
    default:
      throw new RangeError("latency.kind: one of fixed, uniform, exponential");
  }
}

function readFaults(value: unknown): Fault[] {
  if (!Array.isArray(value)) throw new RangeError("faults: a list");
  return value.map((entry, index) => readFault(`faults[${index}]`, entry));
}

function readFault(path: string, value: unknown): Fault {
  const { kind, ...fields } = record(path, value);
  const share = amount(`${path}.share`, fields["share"]);
  switch (kind) {
    case "status": {
      const status = amount(`${path}.status`, fields["status"]);
      const after = fields["retryAfterSeconds"];
      if (after === undefined) return { kind, share, status };
      return { kind, share, status, retryAfterSeconds: amount(`${path}.retryAfterSeconds`, after) };
    }
    case "reset": {
      const { when } = fields;
      if (when === "before" || when === "during" || when === "after") return { kind, share, when };
      throw new RangeError(`${path}.when: one of before, during, after`);
    }
    case "hang":
      return { kind, share, ms: amount(`${path}.ms`, fields["ms"]) };
    default:
      throw new RangeError(`${path}.kind: one of status, reset, hang`);
  }
}

function readNumbers(path: string, value: unknown): Record<string, number> {
  const entries = Object.entries(record(path, value));
  return Object.fromEntries(
    entries.map(([key, entry]) => [key, amount(`${path}.${key}`, entry)] as const),
  );
}

function amount(path: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(`${path}: a number of at least 0, not ${JSON.stringify(value)}`);
}

function record(path: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new RangeError(`${path}: an object`);
}
