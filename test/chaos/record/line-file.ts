import { closeSync, openSync, writeSync } from "node:fs";

/** An append-only file of JSON lines with one writer. */
export interface LineFile {
  /** Queues a line; it is in the file before the next turn of the event loop is over. */
  append(line: object): void;
  /** Writes what is queued and closes the file. Idempotent. */
  close(): void;
}

/** Opens a file for appending. Lines of one turn of the event loop are one write: what was written survives a kill. */
export function openLineFile(path: string): LineFile {
  const file = openSync(path, "a");
  let queued = "";
  let isScheduled = false;
  let isClosed = false;
  const flush = (): void => {
    isScheduled = false;
    if (isClosed || queued === "") return;
    const bytes = Buffer.from(queued);
    queued = "";
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
  };
  return {
    append(line) {
      if (isClosed) throw new Error("a line came after its file was closed");
      queued += `${JSON.stringify(line)}\n`;
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(flush);
    },
    close() {
      flush();
      if (!isClosed) closeSync(file);
      isClosed = true;
    },
  };
}
