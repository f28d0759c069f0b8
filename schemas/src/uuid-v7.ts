import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

/** Random bits are fetched for many ids at a time: one fetch costs more than the rest of an id. */
const POOL_BYTES = 4_096;
/** Room for one id: 12 bits for the counter's start, 62 bits at its end. */
const BYTES_EACH = 10;
const COUNTER_MAX = 0xfff;

const pool = Buffer.alloc(POOL_BYTES);
let next = POOL_BYTES;

/**
 * A new UUID, version 7 (RFC 9562 section 5.7): sorts by the millisecond it was made in, 74 random bits.
 * `epochMs` must be a whole number below 2^48.
 */
export function uuidV7(epochMs: number): string {
  const at = takeRandom();
  return textOf({ epochMs, counter: pool.readUInt16BE(at) & COUNTER_MAX, at });
}

/**
 * A maker of UUIDs of version 7 that also sort within a millisecond, and when the clock goes back: the 12 bits after the
 * time are a counter with a random start (RFC 9562 section 6.2, method 1). When it is full the next millisecond is taken.
 */
export function createUuidV7(): (epochMs: number) => string {
  let lastMs = -1;
  let counter = 0;
  return (epochMs) => {
    const at = takeRandom();
    if (epochMs <= lastMs && counter < COUNTER_MAX) counter += 1;
    else {
      lastMs = Math.max(epochMs, lastMs + 1);
      // Half of the range stays free for what comes in the same millisecond.
      counter = pool.readUInt16BE(at) & (COUNTER_MAX >> 1);
    }
    return textOf({ epochMs: lastMs, counter, at });
  };
}

/** Where ten random bytes stand that nothing else was given. */
function takeRandom(): number {
  if (next + BYTES_EACH > POOL_BYTES) {
    randomFillSync(pool);
    next = 0;
  }
  const at = next;
  next += BYTES_EACH;
  return at;
}

function textOf(id: {
  readonly epochMs: number;
  readonly counter: number;
  readonly at: number;
}): string {
  const time = id.epochMs.toString(16).padStart(12, "0");
  const counter = id.counter.toString(16).padStart(3, "0");
  const variant = ((pool.readUInt16BE(id.at + 2) & 0x3fff) | 0x8000).toString(16);
  const node = pool.toString("hex", id.at + 4, id.at + 10);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${variant}-${node}`;
}
