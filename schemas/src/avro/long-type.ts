import avsc from "avsc";

const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

/** Whether a value is a 64-bit integer: a safe integer number, or a bigint in range. */
export function isLong(value: unknown): value is number | bigint {
  if (typeof value === "bigint") return value >= LONG_MIN && value <= LONG_MAX;
  return Number.isSafeInteger(value);
}

/** A 64-bit integer in its one form: a number where that is exact, else a bigint. */
export function normalLong(value: bigint): number | bigint {
  return value >= -MAX_SAFE && value <= MAX_SAFE ? Number(value) : value;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Avro's long without loss: avsc's own throws beyond 2^53, which would make such records poison. */
export const LONG_TYPE: avsc.Type = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => normalLong(bytes.readBigInt64LE()),
  toBuffer: (value: number | bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: (value: unknown) => value,
  toJSON: (value: number | bigint) => (typeof value === "bigint" ? value.toString() : value),
  isValid: isLong,
  compare: (a: number | bigint, b: number | bigint) => (a === b ? 0 : a < b ? -1 : 1),
});
