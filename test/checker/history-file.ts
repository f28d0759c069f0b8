/**
 * Writes a history: `<folder>/<party>.jsonl`, one JSON object a line, and a last line that counts them, so that a file
 * cut short by a crash of the harness is not taken for a whole one.
 */
import { mkdirSync, openSync, writeSync, closeSync } from "node:fs";
import { join } from "node:path";
import type { HistoryLine, Party } from "./history.ts";

/** Characters gathered before a write. */
const BUFFER_MAX = 65_536;

/** The file of one party; `run` holds the run's first line. */
export class HistoryFile {
  readonly #descriptor: number;
  readonly #name: string;
  #buffer: string[] = [];
  #buffered = 0;
  #count = 0;
  #isClosed = false;

  /** Creates the file, and its folder; one that is there is overwritten. */
  constructor(folder: string, name: Party | "run") {
    mkdirSync(folder, { recursive: true });
    this.#name = name;
    this.#descriptor = openSync(join(folder, `${name}.jsonl`), "w");
  }

  /** Adds a line. Lines of one file ascend in `at`. */
  add(line: HistoryLine): void {
    this.#count += 1;
    this.#write(JSON.stringify(line));
  }

  /** Writes what is gathered. Idempotent. */
  flush(): void {
    if (this.#buffer.length === 0) return;
    writeSync(this.#descriptor, this.#buffer.join(""));
    this.#buffer = [];
    this.#buffered = 0;
  }

  /** Writes the last line and closes the file. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#write(JSON.stringify(endLine(this.#name, this.#count)));
    this.flush();
    closeSync(this.#descriptor);
  }

  #write(text: string): void {
    this.#buffer.push(text, "\n");
    this.#buffered += text.length + 1;
    if (this.#buffered >= BUFFER_MAX) this.flush();
  }
}

/** The last line of a file: how many stand before it. */
export interface EndLine {
  readonly h: "end";
  readonly name: string;
  readonly lineCount: number;
}

/** Makes it; for those who write their files themselves. */
export function endLine(name: string, lineCount: number): EndLine {
  return { h: "end", name, lineCount };
}
