import type { Readable } from "node:stream";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** A stream kept in a file of its own, which goes with this object. */
export interface Spool extends AsyncDisposable {
  readonly path: string;
}

/** Writes a stream to a temporary file that only this user can read. */
export async function spool(stream: Readable): Promise<Spool> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const path = join(folder, "input");
  try {
    await pipeline(stream, createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, [Symbol.asyncDispose]: remove };
}
