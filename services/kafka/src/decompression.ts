/** Unpacks what a batch holds, in each of Kafka's compressions. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { unpackLz4 } from "./lz4.ts";
import { unpackSnappy } from "./snappy.ts";

/** What a batch may hold unpacked: a bound against compression bombs; a broker takes 1 MiB packed by default. */
export const BATCH_BYTES_MAX = 67_108_864;

type Unpack = (bytes: Buffer, bytesMax: number) => Buffer;

interface Codec {
  readonly name: string;
  readonly unpack: Unpack;
}

/** By the number in a batch's attributes: https://kafka.apache.org/documentation/#recordbatch */
const CODECS: readonly Codec[] = [
  { name: "none", unpack: (bytes) => bytes },
  { name: "gzip", unpack: (bytes, bytesMax) => gunzipSync(bytes, { maxOutputLength: bytesMax }) },
  { name: "snappy", unpack: unpackSnappy },
  { name: "lz4", unpack: unpackLz4 },
  {
    name: "zstd",
    unpack: (bytes, bytesMax) => zstdDecompressSync(bytes, { maxOutputLength: bytesMax }),
  },
];

/**
 * The bytes as they were before a producer packed them; the same bytes for codec 0, a view or a copy else.
 * @throws Error that names the compression, when they are broken or unpack to more than `BATCH_BYTES_MAX`.
 */
export function decompress(codec: number, bytes: Buffer): Buffer {
  const known = CODECS[codec];
  if (known === undefined) throw new Error(`unknown compression: ${codec}`);
  try {
    return known.unpack(bytes, BATCH_BYTES_MAX);
  } catch (error) {
    throw new Error(`cannot unpack ${known.name}: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isTooLarge = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
  return isTooLarge ? `unpacks to more than ${BATCH_BYTES_MAX} bytes` : error.message;
}
