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

/** What avsc reads from and writes to; not part of its published types. The version is pinned. */
interface Tap {
  pos: number;
  readLong(): number;
  writeLong(value: number): void;
}

interface LongCodec {
  readonly _read: (tap: Tap) => number | bigint | undefined;
  readonly _write: (tap: Tap, value: number | bigint) => void;
}

/** Every long exactly, by eight bytes and a bigint: avsc's own throws beyond 2^53, which would make such records poison. */
const EXACT_TYPE = avsc.types.LongType.__with({
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
// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- the two methods that avsc calls
const exact = EXACT_TYPE as unknown as LongCodec;

/** Below this size avsc's arithmetic is exact: zigzag doubles a number, and a double holds 53 bits. */
const SMALL_END = 2 ** 52;

const isSmall = (value: unknown): value is number =>
  Number.isInteger(value) && Math.abs(Number(value)) < SMALL_END;

const codec: LongCodec = {
  _read: (tap) => {
    const start = tap.pos;
    const value = tap.readLong();
    if (isSmall(value)) return value;
    tap.pos = start;
    return exact._read(tap);
  },
  _write: (tap, value) => {
    if (isSmall(value)) tap.writeLong(value);
    else exact._write(tap, value);
  },
};

/** Avro's long without loss. Numbers that a double holds, nearly all, go without a bigint, at a fraction of the time. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- Object.create is typed as any
export const LONG_TYPE = Object.create(EXACT_TYPE, {
  _read: { value: codec._read },
  _write: { value: codec._write },
}) as avsc.Type;
