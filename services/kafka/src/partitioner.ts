/** The partition of a key among `count`, as Kafka's Java client chooses it: murmur2, sign bit off, modulo. */
export function partitionOfKey(key: Uint8Array, count: number): number {
  return (murmur2(key) & 0x7fffffff) % count;
}

const MULTIPLIER = 0x5bd1e995;

/** murmur2 as in Kafka's `Utils.murmur2`: seed 0x9747b28c, signed 32 bit. */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  const byte = (index: number): number => data[index] ?? 0;
  let hash = 0x9747b28c ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const left = length - at;
  if (left > 2) hash ^= byte(at + 2) << 16;
  if (left > 1) hash ^= byte(at + 1) << 8;
  if (left > 0) hash = Math.imul(hash ^ byte(at), MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}
