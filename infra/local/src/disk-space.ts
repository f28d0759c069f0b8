import { statfs } from "node:fs/promises";
import { StackError } from "./stack-error.ts";

const FREE_BYTES_MIN = 1_073_741_824;

/** @throws StackError `DISK_FULL` when less than this is free at a folder (default: 1 GiB). */
export async function assertDiskSpace(folder: string, bytesMin = FREE_BYTES_MIN): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytesMin) return;
  const mebibytes = (bytes: number): number => Math.round(bytes / 1_048_576);
  throw new StackError("DISK_FULL", {
    message: `disk nearly full: ${mebibytes(bavail * bsize)} MiB free at ${folder}`,
    hint: `free at least ${mebibytes(bytesMin)} MiB, or point MILLRACE_CACHE and MILLRACE_HOME elsewhere`,
  });
}
