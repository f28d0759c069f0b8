/** CRC-32C (Castagnoli), RFC 3720 appendix B.4; four bytes a turn, by four tables. */
const [T0, T1, T2, T3] = makeTables();

/** The CRC-32C of `bytes` from `start` to their end, unsigned. */
export function crc32c(bytes: Uint8Array, start = 0): number {
  let crc = 0xffffffff;
  let at = start;
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^=
      at4(bytes, at) |
      (at4(bytes, at + 1) << 8) |
      (at4(bytes, at + 2) << 16) |
      (at4(bytes, at + 3) << 24);
    crc =
      word(T3, crc & 0xff) ^
      word(T2, (crc >>> 8) & 0xff) ^
      word(T1, (crc >>> 16) & 0xff) ^
      word(T0, crc >>> 24);
  }
  for (; at < bytes.length; at += 1) crc = word(T0, (crc ^ at4(bytes, at)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    first[byte] = crc;
  }
  const second = shifted(first, first);
  const third = shifted(first, second);
  return [first, second, third, shifted(first, third)];
}

/** The table for a byte one place further from the end. */
function shifted(first: Uint32Array, before: Uint32Array): Uint32Array {
  return before.map((crc) => word(first, crc & 0xff) ^ (crc >>> 8));
}

function at4(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function word(table: Uint32Array, index: number): number {
  return table[index] ?? 0;
}
