import { closeSync, openSync, writeSync } from "node:fs";

/** A line of an API's log: what arrived, how it ended, and when the API was away. */
export type ArrivalLogLine =
  | {
      readonly t: "arrived";
      /** Counts arrivals from 1; the order in which they came. */
      readonly seq: number;
      /** Epoch milliseconds. */
      readonly at: number;
      readonly method: string;
      readonly path: string;
      readonly idempotencyKey: string | null;
      readonly position: string | null;
      readonly traceparent: string | null;
      readonly key: string | null;
      readonly bodySha256: string;
      readonly body: string;
      /** Counts connections from 1. */
      readonly connection: number;
    }
  | {
      readonly t: "ended";
      readonly seq: number;
      readonly at: number;
      /** What was answered, or would have been; null when the call was cut before it was decided. */
      readonly status: number | null;
      /** `answered`: handed to the network whole; `reset`: cut by the API; `gone`: the caller went away. */
      readonly end: "answered" | "reset" | "gone";
      readonly effect: "applied" | "repeated" | "none";
    }
  | { readonly t: "down"; readonly at: number; readonly cut: number }
  /** A connection refused while down. */
  | { readonly t: "refused"; readonly at: number }
  | { readonly t: "up"; readonly at: number };

/** Append-only NDJSON file. What was written survives the process being killed. */
export interface ArrivalLog {
  /** Queues a line; it is in the file before any `afterWrite` callback queued later runs. */
  append(line: ArrivalLogLine): void;
  /** Calls back when all lines queued so far are in the file: an answer is sent only after its arrival is on record. */
  afterWrite(callback: () => void): void;
  /** Writes what is queued and closes the file. Idempotent. */
  close(): void;
}

/**
 * Opens a log for appending. Lines of one event-loop turn are written in one `O_APPEND` write: a write per line would
 * cost more than the HTTP call it records.
 */
export function openArrivalLog(path: string): ArrivalLog {
  const file = openSync(path, "a");
  let queued = "";
  let callbacks: (() => void)[] = [];
  let scheduled = false;
  let closed = false;
  const flush = (): void => {
    scheduled = false;
    writeWhole(file, queued);
    queued = "";
    const due = callbacks;
    callbacks = [];
    for (const callback of due) callback();
  };
  const schedule = (): void => {
    if (scheduled || closed) return;
    scheduled = true;
    setImmediate(() => {
      if (!closed) flush();
    });
  };
  return {
    append(line) {
      if (closed) return;
      queued += `${JSON.stringify(line)}\n`;
      schedule();
    },
    afterWrite(callback) {
      callbacks.push(callback);
      schedule();
    },
    close() {
      if (closed) return;
      closed = true;
      writeWhole(file, queued);
      closeSync(file);
    },
  };
}

function writeWhole(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length;)
    written += writeSync(file, bytes, written, bytes.length - written);
}
