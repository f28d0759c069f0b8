import { Buffer } from "node:buffer";

/** How many digits a decimal has room for, and how many of them stand after the point. */
export interface DecimalFormat {
  readonly precision: number;
  readonly scale: number;
}

/** The most bytes a decimal may take: turning more into digits would stall the process. */
export const DECIMAL_BYTES_MAX = 512;
const DIGITS_MAX = 1_000;

interface Attributes {
  readonly precision?: unknown;
  readonly scale?: unknown;
  readonly size?: unknown;
}

/** The format a `bytes` or `fixed` schema declares; null when it is not one the specification allows. */
export function decimalFormat(schema: unknown): DecimalFormat | null {
  if (typeof schema !== "object" || schema === null) return null;
  const { precision, scale = 0, size = DECIMAL_BYTES_MAX }: Attributes = schema;
  if (!isCount(precision) || !isCount(scale) || precision < 1 || scale > precision) return null;
  if (!isCount(size) || size > DECIMAL_BYTES_MAX) return null;
  // A fixed of n bytes holds at most this many digits (specification, "Decimal").
  return precision <= Math.floor(Math.log10(2) * (8 * size - 1)) ? { precision, scale } : null;
}

/**
 * A decimal's text in its one form, with exactly `scale` digits after the point (`"12.5"` at scale 2 is `"12.50"`).
 * Null when it is no plain decimal number or needs more digits than the format has.
 */
export function normalDecimal(text: string, { precision, scale }: DecimalFormat): string | null {
  if (text.length > 2 * DIGITS_MAX) return null;
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return null;
  const [, sign = "", whole = "", fraction = ""] = match;
  if (/[^0]/.test(fraction.slice(scale))) return null;
  const digits = `${whole}${fraction.slice(0, scale).padEnd(scale, "0")}`;
  if (digits.replace(/^0+/, "").length > precision) return null;
  return decimalText(BigInt(`${sign}${digits}`), scale);
}

/** The text of a decimal on the wire: the unscaled integer as big-endian two's complement. */
export function decimalFromBytes(bytes: Buffer, scale: number): string {
  if (bytes.length === 0) return decimalText(0n, scale);
  return decimalText(BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString("hex")}`)), scale);
}

/** The bytes of a normal decimal text: the fewest that hold it, or exactly `size`. */
export function decimalToBytes(text: string, size: number | null): Buffer {
  const value = BigInt(text.replace(".", ""));
  let length = size ?? 1;
  while (BigInt.asIntN(8 * length, value) !== value) length += 1;
  const hex = BigInt.asUintN(8 * length, value).toString(16);
  return Buffer.from(hex.padStart(2 * length, "0"), "hex");
}

function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? "-" : "";
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  if (scale === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function isCount(value: unknown): value is number {
  return (
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= DIGITS_MAX
  );
}
