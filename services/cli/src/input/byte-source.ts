/**
 * The bytes of a file or of standard input, unpacked where they are gzip: told by their first two bytes, not by a name.
 */
import { once } from "node:events";
import { createReadStream, open } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { addAbortSignal, type Readable } from "node:stream";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { CliError, reasonOf } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";

/** Bytes to read, and how far the reading is. */
export interface ByteSource {
  /** As messages name it. */
  readonly name: string;
  /** @throws CliError naming the source, when it cannot be read or is damaged gzip. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes taken from the source itself so far, before unpacking. */
  readonly bytesRead: () => number;
}

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** A file; it is opened when the first chunk is asked for. The bytes end early when `signal` aborts. */
export function fileSource(path: string, name: string, signal: AbortSignal): ByteSource {
  return byteSource(name, () => openFile(path), signal);
}

/** A stream that is open already. The bytes end early when `signal` aborts. */
export function streamSource(name: string, stream: Readable, signal: AbortSignal): ByteSource {
  return byteSource(name, () => Promise.resolve(stream), signal);
}

function byteSource(name: string, open: () => Promise<Readable>, signal: AbortSignal): ByteSource {
  let bytesRead = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    // Without this a wait for bytes that never come would outlast the interruption.
    const stream: AsyncIterable<Uint8Array | string> = addAbortSignal(signal, await open());
    for await (const chunk of stream) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      bytesRead += bytes.length;
      yield bytes;
    }
  };
  const chunks = named(name, unpacked(counted()), signal);
  return { name, chunks, bytesRead: () => bytesRead };
}

/**
 * A named pipe (`--file <(command)`) is read as the socket it is: a file's reads wait in a thread that nothing can
 * interrupt, not even the end of the process.
 */
async function openFile(path: string): Promise<Readable> {
  const stats = await stat(path);
  if (!stats.isFIFO()) return createReadStream(path);
  const fd = await promisify(open)(path, "r");
  return new Socket({ fd, readable: true, writable: false });
}

/** Says which source failed: a stream's own errors do not always. */
async function* named(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (signal.aborted) return;
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): CliError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") {
    return new CliError(EXIT.notFound, `no such file: ${name}`, { cause: error });
  }
  const detail = code === "Z_BUF_ERROR" ? "the gzip data ends too early" : reasonOf(error);
  return new CliError(EXIT.error, `cannot read ${name}: ${detail}`, { cause: error });
}

async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = new Uint8Array(0);
  while (head.length < GZIP_MAGIC.length) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const rest = (async function* () {
    if (head.length > 0) yield head;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      yield next.value;
    }
  })();
  const isGzip = GZIP_MAGIC.every((byte, index) => head[index] === byte);
  yield* isGzip ? gunzipped(rest) : rest;
}

async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip: Readable & NodeJS.WritableStream = createGunzip();
  const feeding = (async () => {
    for await (const chunk of chunks) {
      if (!gunzip.write(chunk)) await Promise.race([once(gunzip, "drain"), once(gunzip, "close")]);
    }
    gunzip.end();
  })();
  feeding.catch((error: unknown) => gunzip.destroy(asError(error)));
  for await (const chunk of gunzip) if (chunk instanceof Uint8Array) yield chunk;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
