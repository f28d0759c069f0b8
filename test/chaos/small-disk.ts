/** A disk that can be filled: a tmpfs in place of a broker's data folder. Needs the right to mount. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, rm, rmdir, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const SIZE_MIB = 1_024;
const FILLER = "filler";
/** Waits for the end of its input, which is the end of this process. */
const GUARD = 'cat > /dev/null; umount -l "$0" && rmdir "$0"';

/** It. */
export interface SmallDisk {
  /** Writes until nothing fits any more. */
  fill(): Promise<void>;
  /** Makes room again. */
  free(): Promise<void>;
  /** Takes it away, and what is on it. */
  close(): Promise<void>;
}

/**
 * Mounts one, and makes a folder that does not exist yet lead to it. It is taken away too when this process ends, however
 * it ends.
 * @throws Error with what `mount` said where this machine does not allow it.
 */
export async function mountSmallDisk(folder: string): Promise<SmallDisk> {
  const place = await mkdtemp(join(tmpdir(), "millrace-disk-"));
  try {
    const options = ["-t", "tmpfs", "-o", `size=${SIZE_MIB}m`, "tmpfs", place];
    await promisify(execFile)("mount", options);
  } catch (error) {
    await rmdir(place);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `this machine mounts no disk that could be filled: leave disk-full out of --faults; ${why}`,
      { cause: error },
    );
  }
  const guard = spawn("/bin/sh", ["-c", GUARD, place], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.stdin.on("error", () => undefined);
  const ended = once(guard, "exit");
  await mkdir(dirname(folder), { recursive: true });
  await symlink(place, folder);
  const filler = join(place, FILLER);
  return {
    fill: () => fill(filler),
    free: () => rm(filler, { force: true }),
    async close() {
      guard.stdin.end();
      await ended;
    },
  };
}

/** Piece by piece, beside the event loop: a gibibyte takes about a second. */
async function fill(path: string): Promise<void> {
  const file = await open(path, "w");
  try {
    const piece = Buffer.alloc(1_048_576);
    for (let size = piece.length; size >= 1;) {
      try {
        await file.write(piece, 0, size);
      } catch {
        size = Math.floor(size / 16);
      }
    }
  } finally {
    await file.close();
  }
}
