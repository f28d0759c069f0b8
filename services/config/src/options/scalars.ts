import { z } from "zod";
import type { RateLimit, StartPosition } from "@millrace/engine";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;

const isUnit = (text: string | undefined): text is Unit => text !== undefined && text in UNIT_MS;

/** Bounds of a duration in ms, both included; `why` is said where it is beyond them. */
export interface DurationBounds {
  readonly minMs: number;
  readonly maxMs: number;
  readonly why?: string;
}

/** A duration such as `500ms`, `30s`, `5m`, `24h` or `7d`, to whole ms. */
export function duration({ minMs, maxMs, why }: DurationBounds): z.ZodType<number, string> {
  const reason = why === undefined ? "" : `: ${why}`;
  return z
    .string({ error: () => 'must be a duration with its unit, such as "30s"' })
    .transform((text, context) => {
      const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
      if (amount === undefined || !isUnit(unit)) {
        context.addIssue("must be a duration: a number and ms, s, m, h or d, such as 30s");
        return z.NEVER;
      }
      const ms = Math.round(Number(amount) * UNIT_MS[unit]);
      if (ms >= minMs && ms <= maxMs) return ms;
      context.addIssue(`must be from ${durationText(minMs)} to ${durationText(maxMs)}${reason}`);
      return z.NEVER;
    });
}

/** A duration as people write it, in its largest whole unit. */
export function durationText(ms: number): string {
  const units = ["d", "h", "m", "s"] as const;
  const unit: Unit = units.find((name) => ms >= UNIT_MS[name] && ms % UNIT_MS[name] === 0) ?? "ms";
  return `${ms / UNIT_MS[unit]}${unit}`;
}

/** A number from `min` to `max`; digits in a string do too, since a reference always gives a string. */
export function numeric(
  kind: "whole" | "any",
  { min, max }: { readonly min: number; readonly max: number },
): z.ZodType<number, number | string> {
  const rule = `must be a ${kind === "whole" ? "whole " : ""}number from ${min} to ${max}`;
  return z.union([z.number(), z.string()], { error: () => rule }).transform((input, context) => {
    const value =
      typeof input === "string" && /^-?\d+(\.\d+)?$/.test(input) ? Number(input) : input;
    const isFit = typeof value === "number" && value >= min && value <= max;
    if (isFit && (kind === "any" || Number.isInteger(value))) return value;
    context.addIssue(rule);
    return z.NEVER;
  });
}

const SIZE_UNIT_BYTES: Readonly<Record<string, number>> = {
  ...{ B: 1, kB: 1_000, MB: 1_000_000, KiB: 1_024, MiB: 1_048_576 },
};

/** A size such as `500B`, `2kB` (2,000 bytes) or `2KiB` (2,048), to whole bytes; bounds included. */
export function size({
  minBytes,
  maxBytes,
}: {
  readonly minBytes: number;
  readonly maxBytes: number;
}): z.ZodType<number, string> {
  const rule = "must be a size: a number and B, kB, MB, KiB or MiB, such as 2kB";
  return z.string({ error: () => rule }).transform((text, context) => {
    const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)(B|kB|MB|KiB|MiB)$/.exec(text) ?? [];
    const bytes = Math.round(Number(amount) * (SIZE_UNIT_BYTES[unit] ?? Number.NaN));
    if (bytes >= minBytes && bytes <= maxBytes) return bytes;
    context.addIssue(Number.isNaN(bytes) ? rule : `must be from ${minBytes}B to ${maxBytes}B`);
    return z.NEVER;
  });
}

const RATE_UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/** A rate such as `200/s`, `600/m` or `1000/h`; its burst is a second's worth, at least 1. */
export function rate(): z.ZodType<RateLimit, string> {
  const rule = "must be a rate such as 200/s, 600/m or 1000/h";
  return z.string({ error: () => rule }).transform((text, context) => {
    const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\/(s|m|h)$/.exec(text) ?? [];
    const perSecond = Number(count ?? Number.NaN) / (RATE_UNIT_SECONDS[unit] ?? 1);
    if (perSecond > 0 && perSecond <= 1_000_000) {
      return { kind: "limited", perSecond, burst: Math.max(1, Math.ceil(perSecond)) } as const;
    }
    context.addIssue(rule);
    return z.NEVER;
  });
}

const START_CHOICE =
  "is required: earliest (all that is kept), latest (only what comes from now on) or a time; it is resolved once";
const TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;

/** Where a target begins: `earliest`, `latest` or an RFC 3339 time with its zone. */
export function startAt(): z.ZodType<StartPosition, string> {
  return z.string({ error: () => START_CHOICE }).transform((text, context) => {
    if (text === "earliest" || text === "latest") return { kind: text } as const;
    const epochMs = TIME.test(text) ? Date.parse(text.replace(" ", "T")) : Number.NaN;
    if (!Number.isNaN(epochMs)) return { kind: "time", epochMs } as const;
    context.addIssue(
      "must be earliest, latest or a time with its zone, such as 2026-01-31T00:00:00Z",
    );
    return z.NEVER;
  });
}

/** A name that becomes part of topic and group names. */
export function topicPart(lengthMax: number): z.ZodType<string, string> {
  return z
    .string()
    .max(lengthMax, { error: () => `must have at most ${lengthMax} characters` })
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, {
      error: () => "must be letters, digits, - and _, beginning with a letter or digit",
    });
}
