/**
 * Unpacks snappy: the bare format, which librdkafka and Go's clients write, and blocks of it in the framing of
 * snappy-java, which the Java client writes. Time and memory are bounded by the input and `bytesMax`.
 *
 * Formats: https://github.com/google/snappy/blob/main/format_description.txt and
 * https://github.com/xerial/snappy-java#compatibility-notes
 */
import { ByteReader } from "./byte-reader.ts";
import { UnpackedBytes } from "./unpacked-bytes.ts";

const FRAMING = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** The framing's magic and two version numbers. */
const FRAMING_BYTES = 16;
/** A repeat of 64 bytes takes 3: what a block says it unpacks to is not believed beyond that. */
const RATIO_MAX = 22;

/** @throws RangeError when the bytes are broken or unpack to more than `bytesMax`. */
export function unpackSnappy(bytes: Buffer, bytesMax: number): Buffer {
  const isFramed = bytes.subarray(0, FRAMING.length).equals(FRAMING);
  const expected = isFramed ? bytes.length * 2 : readSize(new ByteReader(bytes));
  const output = new UnpackedBytes({
    expected: Math.min(expected, bytes.length * RATIO_MAX),
    max: bytesMax,
  });
  if (isFramed) unpackBlocks(bytes, output);
  else unpackBlock(bytes, output);
  return output.view();
}

function unpackBlocks(bytes: Buffer, output: UnpackedBytes): void {
  let at = FRAMING_BYTES;
  while (at < bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new RangeError("read beyond the end");
    unpackBlock(bytes.subarray(at + 4, end), output);
    at = end;
  }
}

/** One block: its size, then literals and repeats; repeats reach back to the block's start. */
function unpackBlock(bytes: Buffer, output: UnpackedBytes): void {
  const reader = new ByteReader(bytes);
  const start = output.length;
  const size = readSize(reader);
  while (reader.position < bytes.length) {
    const tag = reader.uint8();
    if ((tag & 3) === 0) {
      const count = 1 + readCode(reader, tag >>> 2);
      output.copy(bytes, reader.position, count);
      reader.skip(count);
    } else repeat(reader, tag, { output, reach: output.length - start });
    if (output.length - start > size) throw new RangeError("unpacks to more than it says");
  }
  if (output.length - start !== size) throw new RangeError("unpacks to less than it says");
}

/** Six bits, or the 1 to 4 bytes that their last values stand for. */
function readCode(reader: ByteReader, code: number): number {
  return code < 60 ? code : reader.littleEndian(code - 59);
}

function repeat(
  reader: ByteReader,
  tag: number,
  { output, reach }: { readonly output: UnpackedBytes; readonly reach: number },
): void {
  const code = tag >>> 2;
  if ((tag & 3) === 1) {
    output.repeat(((code >>> 3) << 8) | reader.uint8(), (code & 7) + 4, reach);
  } else output.repeat(reader.littleEndian((tag & 3) === 2 ? 2 : 4), code + 1, reach);
}

/** A varint of 32 bits. */
function readSize(reader: ByteReader): number {
  let size = 0;
  for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
    const byte = reader.uint8();
    size += (byte & 0x7f) * factor;
    if (byte < 0x80) return size;
  }
  throw new RangeError("size is too long");
}
