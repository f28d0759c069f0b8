/**
 * Unpacks the first frame of LZ4, as the Java client does. Checksums are passed over: the batch has its own. Time and
 * memory are bounded by the input and `bytesMax`.
 *
 * Formats: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md beside it.
 */
import { ByteReader } from "./byte-reader.ts";
import { UnpackedBytes } from "./unpacked-bytes.ts";

const MAGIC = 0x184d2204;
const VERSION = 1;
const INDEPENDENT_BIT = 0x20;
const BLOCK_CHECKSUM_BIT = 0x10;
const CONTENT_SIZE_BIT = 0x08;
const DICTIONARY_BIT = 0x01;
/** The bit of a block's length that says its bytes are not packed. */
const PLAIN_BIT = 0x8000_0000;
const REPEAT_BYTES_MIN = 4;

/** @throws RangeError when the bytes are broken or unpack to more than `bytesMax`. */
export function unpackLz4(bytes: Buffer, bytesMax: number): Buffer {
  const output = new UnpackedBytes({ expected: bytes.length * 3, max: bytesMax });
  const reader = new ByteReader(bytes);
  const flags = readFrameHead(reader);
  for (;;) {
    const head = reader.littleEndian(4);
    if (head === 0) return output.view();
    const start = (flags & INDEPENDENT_BIT) === 0 ? 0 : output.length;
    const isPlain = head >= PLAIN_BIT;
    const length = isPlain ? head - PLAIN_BIT : head;
    if (length > bytes.length - reader.position) throw new RangeError("read beyond the end");
    if (isPlain) output.copy(bytes, reader.position, length);
    else unpackBlock(bytes.subarray(reader.position, reader.position + length), { output, start });
    reader.skip(length + ((flags & BLOCK_CHECKSUM_BIT) === 0 ? 0 : 4));
  }
}

/** The flags of a frame; the reader goes to its first block. */
function readFrameHead(reader: ByteReader): number {
  if (reader.littleEndian(4) !== MAGIC) throw new RangeError("not a frame of lz4");
  const flags = reader.uint8();
  if (flags >>> 6 !== VERSION) throw new RangeError(`unknown version of lz4: ${flags >>> 6}`);
  if ((flags & DICTIONARY_BIT) !== 0) throw new RangeError("lz4 with a dictionary");
  reader.skip(2 + ((flags & CONTENT_SIZE_BIT) === 0 ? 0 : 8));
  return flags;
}

/** Literals and repeats in turn; the last literals have no repeat. Repeats reach back to `start` of the output. */
function unpackBlock(
  bytes: Buffer,
  { output, start }: { readonly output: UnpackedBytes; readonly start: number },
): void {
  const reader = new ByteReader(bytes);
  while (reader.position < bytes.length) {
    const token = reader.uint8();
    const literals = readCount(reader, token >>> 4);
    output.copy(bytes, reader.position, literals);
    reader.skip(literals);
    if (reader.position === bytes.length) return;
    const distance = reader.littleEndian(2);
    const count = readCount(reader, token & 15) + REPEAT_BYTES_MIN;
    output.repeat(distance, count, output.length - start);
  }
}

/** A count of four bits, and the bytes that go on with it: each 255 says that another follows. */
function readCount(reader: ByteReader, first: number): number {
  let count = first;
  if (first < 15) return count;
  for (;;) {
    const byte = reader.uint8();
    count += byte;
    if (byte < 255) return count;
  }
}
