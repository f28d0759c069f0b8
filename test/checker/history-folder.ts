/** Reads a history's files as one stream of lines, merged by `at`. Nothing else runs meanwhile, so it does not wait. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import type { HistoryLine } from "./history.ts";
import type { EndLine } from "./history-file.ts";
import { isReadAfterwards, timeOf } from "./in-order.ts";
import { faultOfLine } from "./line-format.ts";

/** Bytes read at once. */
const CHUNK_BYTES = 1_048_576;

/** A history that cannot be read: where, and what is wrong. */
export class HistoryUnreadable extends Error {
  override readonly name = "HistoryUnreadable";
}

/** A folder of `*.jsonl` as one history; can be iterated again, which reads the files again. */
export class HistoryFolder implements Iterable<HistoryLine> {
  readonly #paths: readonly string[];

  /**
   * Finds the files.
   * @throws HistoryUnreadable when there is no such folder or no `run.jsonl` in it.
   */
  constructor(folder: string) {
    const files = filesOf(folder);
    if (!files.includes("run.jsonl")) {
      throw new HistoryUnreadable(`${folder}: no run.jsonl, so this is not a history`);
    }
    this.#paths = files.map((name) => join(folder, name));
  }

  /** @throws HistoryUnreadable at a line that is broken, unknown or out of order, and for a file that is cut short. */
  *[Symbol.iterator](): Generator<HistoryLine> {
    let open = this.#paths.flatMap((path) => openFile(path) ?? []);
    while (open.length > 0) {
      const first = earliest(open);
      yield first.line;
      if (!first.advance()) open = open.filter((file) => file !== first);
    }
  }
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".jsonl"))
      .sort();
  } catch {
    throw new HistoryUnreadable(`${folder}: no such folder`);
  }
}

/** A file at one of its lines. */
interface OpenFile {
  line: HistoryLine;
  at: number;
  /** Goes to the next line; false behind the last one. */
  readonly advance: () => boolean;
}

function openFile(path: string): OpenFile | null {
  const lines = checkedLines(path);
  const first = lines.next();
  if (first.done === true) return null;
  const file: OpenFile = {
    line: first.value,
    at: timeOf(first.value, -Infinity),
    advance: () => {
      const next = lines.next();
      if (next.done === true) return false;
      file.line = next.value;
      file.at = timeOf(next.value, file.at);
      return true;
    },
  };
  return file;
}

function earliest(files: readonly OpenFile[]): OpenFile {
  return files.reduce((best, file) => (isBefore(file, best) ? file : best));
}

function isBefore(a: OpenFile, b: OpenFile): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return isReadAfterwards(a.line) && !isReadAfterwards(b.line);
}

function* checkedLines(path: string): Generator<HistoryLine> {
  let number = 0;
  let last = -Infinity;
  let isEnded = false;
  for (const text of textLines(path)) {
    number += 1;
    const here = `${path}:${number}`;
    if (isEnded) throw new HistoryUnreadable(`${here}: a line behind the last one`);
    const line = parse(text, here);
    if (line.h === "end") {
      isEnded = true;
      judgeEnd(line, number - 1, here);
      continue;
    }
    const at = timeOf(line, last);
    if (at < last) throw new HistoryUnreadable(`${here}: goes back in time, from ${last} to ${at}`);
    last = at;
    yield line;
  }
  if (!isEnded) throw new HistoryUnreadable(`${path}: no last line, it was cut short`);
}

function judgeEnd({ lineCount }: EndLine, foundCount: number, here: string): void {
  if (lineCount === foundCount) return;
  throw new HistoryUnreadable(
    `${here}: ${foundCount} lines stand before it, ${lineCount} were written`,
  );
}

function* textLines(path: string): Generator<string> {
  const descriptor = openSync(path, "r");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const decoder = new StringDecoder("utf8");
  try {
    let rest = "";
    for (let size = -1; size !== 0;) {
      size = readSync(descriptor, chunk);
      const texts = (rest + decoder.write(chunk.subarray(0, size))).split("\n");
      rest = texts.pop() ?? "";
      yield* texts;
    }
    if (rest !== "") yield rest;
  } finally {
    closeSync(descriptor);
  }
}

function parse(text: string, here: string): HistoryLine | EndLine {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new HistoryUnreadable(`${here}: not JSON`);
  }
  const fault = faultOfLine(parsed);
  if (fault !== null) throw new HistoryUnreadable(`${here}: ${fault}`);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- its kind and fields are checked above
  return parsed as HistoryLine | EndLine;
}
