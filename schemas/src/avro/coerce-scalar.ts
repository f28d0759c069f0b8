/**
 * Scalars as people and JSON write them, turned into what avsc writes. Each function returns undefined for what is no
 * such value; the caller says what was expected.
 */
import { Buffer } from "node:buffer";
import { parseDay, parseMoment } from "../rfc3339.ts";
import { normalDecimal } from "./decimal.ts";
import { isLong, normalLong } from "./long-type.ts";
import type { FixedNode, PrimitiveNode } from "./schema-node.ts";

/** Turns an input into avsc's value, or undefined when it is none. */
export type CoerceScalar = (value: unknown) => unknown;

/** A way to coerce one scalar type, and the words that say what it takes. */
export interface ScalarRule {
  readonly expected: string;
  readonly coerce: CoerceScalar;
}

/** The rule of a primitive or fixed type, its logical type included. */
export function scalarRule(node: PrimitiveNode | FixedNode): ScalarRule {
  const { logical } = node;
  if (logical === null) return node.kind === "fixed" ? fixedRule(node.size) : PLAIN[node.kind];
  switch (logical.name) {
    case "decimal":
      return {
        expected: `a decimal of at most ${logical.precision} digits, ${logical.scale} of them after the point`,
        coerce: (value) => decimal(value, logical),
      };
    case "uuid":
      return { expected: "a UUID", coerce: uuid };
    case "date":
      return { expected: "a date (YYYY-MM-DD) or days since 1970", coerce: date };
    case "timestamp-millis":
      return { expected: "an RFC 3339 time or epoch milliseconds", coerce: timestampMillis };
    case "timestamp-micros":
      return { expected: "an RFC 3339 time or epoch microseconds", coerce: timestampMicros };
  }
}

const PLAIN: Readonly<Record<PrimitiveNode["kind"], ScalarRule>> = {
  null: { expected: "null", coerce: (value) => (value === null ? null : undefined) },
  boolean: {
    expected: "a boolean",
    coerce: (value) => (typeof value === "boolean" ? value : undefined),
  },
  int: { expected: "a 32-bit integer", coerce: int },
  long: { expected: "a 64-bit integer (a number, or a string of digits)", coerce: long },
  float: { expected: "a finite number in the range of a float", coerce: float },
  double: { expected: "a finite number", coerce: double },
  bytes: { expected: "bytes, or their base64", coerce: bytes },
  string: { expected: "a string", coerce: string },
};

function int(value: unknown): number | undefined {
  return typeof value === "number" && (value | 0) === value ? value : undefined;
}

function long(value: unknown): number | bigint | undefined {
  if (typeof value === "string") {
    // 20 characters hold the longest 64-bit integer; BigInt of far longer text would take long.
    return /^-?\d{1,19}$/.test(value) ? long(BigInt(value)) : undefined;
  }
  if (!isLong(value)) return undefined;
  return typeof value === "bigint" ? normalLong(value) : value;
}

function float(value: unknown): number | undefined {
  return double(value) !== undefined && Number.isFinite(Math.fround(Number(value)))
    ? Number(value)
    : undefined;
}

function double(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Whether a string is text that UTF-8 can write: it holds no lone surrogate. */
export function isText(value: string): boolean {
  return !/\p{Surrogate}/u.test(value);
}

function string(value: unknown): string | undefined {
  return typeof value === "string" && isText(value) ? value : undefined;
}

function bytes(value: unknown): Buffer | undefined {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  if (typeof value !== "string") return undefined;
  // A decoder that skips what is no base64 gives other text back; an expression would run out of stack on megabytes.
  const decoded = Buffer.from(value, "base64");
  return decoded.toString("base64") === value ? decoded : undefined;
}

function fixedRule(size: number): ScalarRule {
  return {
    expected: `${size} bytes, or their base64`,
    coerce: (value) => {
      const coerced = bytes(value);
      return coerced?.length === size ? coerced : undefined;
    },
  };
}

function decimal(value: unknown, format: { precision: number; scale: number }): string | undefined {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  if (!isNumber && typeof value !== "string") return undefined;
  return normalDecimal(String(value), format) ?? undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function uuid(value: unknown): string | undefined {
  return typeof value === "string" && UUID.test(value) ? value : undefined;
}

function date(value: unknown): number | undefined {
  return typeof value === "string" ? (parseDay(value) ?? undefined) : int(value);
}

function timestampMillis(value: unknown): number | bigint | undefined {
  if (value instanceof Date) return long(value.getTime());
  const moment = typeof value === "string" ? parseMoment(value) : null;
  return moment === null ? long(value) : moment.epochMs;
}

function timestampMicros(value: unknown): number | bigint | undefined {
  if (value instanceof Date) {
    const epochMs = value.getTime();
    return Number.isNaN(epochMs) ? undefined : normalLong(BigInt(epochMs) * 1_000n);
  }
  const moment = typeof value === "string" ? parseMoment(value) : null;
  if (moment === null) return long(value);
  return normalLong(BigInt(moment.epochMs) * 1_000n + BigInt(moment.microseconds));
}
