/**
 * The done set of a commit, read from what a group's log holds, by the words of its format and no code of the engine:
 * `millrace/1:` + base64url of unsigned LEB128 varints, alternating lengths of runs, the first one undone, from the
 * committed offset on.
 */
const PREFIX = "millrace/1:";
const LENGTH_MAX = 4_000;

/** What a commit covers: all below `offset`, and `runs`, pairs of first and past-the-last offset, ascending. */
export interface Coverage {
  readonly offset: number;
  readonly runs: readonly number[];
}

/** Reads a commit; metadata that is not ours or does not hold covers nothing above the offset. */
export function readCoverage(offset: number, metadata: string): Coverage {
  if (metadata === "") return { offset, runs: [] };
  return { offset, runs: readRuns(offset, metadata) ?? [] };
}

/** Whether a commit covers an offset. */
export function covers({ offset, runs }: Coverage, candidate: number): boolean {
  if (candidate < offset) return true;
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle] ?? 0) <= candidate) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

function readRuns(offset: number, metadata: string): number[] | null {
  if (!metadata.startsWith(PREFIX) || metadata.length > LENGTH_MAX) return null;
  const text = metadata.slice(PREFIX.length);
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const bounds: number[] = [];
  let value = 0;
  let scale = 1;
  let position = offset;
  for (const byte of Buffer.from(text, "base64url")) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    if (value === 0) return null;
    position += value;
    bounds.push(position);
    value = 0;
    scale = 1;
  }
  const isWhole = scale === 1 && bounds.length % 2 === 0;
  return isWhole && bounds.every(Number.isSafeInteger) ? bounds : null;
}
