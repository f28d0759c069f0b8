/**
 * 53 bits of a text, so that a history of a million events keeps numbers and not strings. Two texts of a run have the
 * same one with a chance of about 1 in 10,000 at a million events.
 */
export function fingerprint(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x85ebca77);
    low = Math.imul(low ^ code, 0xc2b2ae3d);
  }
  high = Math.imul(high ^ (high >>> 15), 0x735a2d97) ^ (low >>> 13);
  low = Math.imul(low ^ (low >>> 16), 0xcaf649a9) ^ (high >>> 12);
  return 2 ** 32 * (low & 0x1fffff) + (high >>> 0);
}

/** 30 bits of a text: to tell two texts apart that ought to be one, in the least memory. */
export function digest(text: string): number {
  let value = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x85ebca77);
  }
  return (value ^ (value >>> 15)) & 0x3fffffff;
}
