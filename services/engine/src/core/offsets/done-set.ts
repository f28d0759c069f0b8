/**
 * The done set in a commit's metadata: which offsets above the committed one are settled, so that a new owner does
 * not deliver them again. Losing it (another tool's metadata, a later version, damage) means only duplicates.
 *
 * Form: `millrace/1:` + base64url of unsigned LEB128 varints, alternating lengths of runs of offsets, the first one
 * undone, beginning at the committed offset. What follows the last run is undone. At most 4,000 characters: Kafka's
 * `offset.metadata.max.bytes` is 4,096. A set that needs more is cut at its upper end.
 */

/** Longest metadata that is written, characters. */
export const METADATA_LENGTH_MAX = 4_000;

const PREFIX = "millrace/1:";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BYTES_MAX = Math.floor(((METADATA_LENGTH_MAX - PREFIX.length) * 3) / 4);

/**
 * Runs that fit whatever their lengths, over as many offsets as a partition may span: a run takes two bytes, and one
 * more for each 128 offsets.
 */
export const DONE_RUNS_MAX = 1_000;

/** A run of settled offsets; `from` in it, `to` not. */
export interface DoneRun {
  readonly from: number;
  readonly to: number;
}

/**
 * Encodes what is settled above the committed offset; empty for nothing.
 * @param runs settled runs above `committed`, ascending; those that touch are joined.
 */
export function encodeDoneSet(committed: number, runs: Iterable<DoneRun>): string {
  const bytes: number[] = [];
  let end = committed;
  let open: DoneRun | null = null;
  for (const run of runs) {
    if (open !== null && run.from <= open.to) {
      open = { from: open.from, to: run.to };
      continue;
    }
    if (open !== null && !pushRun(bytes, end, open)) return PREFIX + toBase64Url(bytes);
    end = open?.to ?? committed;
    open = run;
  }
  if (open !== null) pushRun(bytes, end, open);
  return bytes.length === 0 ? "" : PREFIX + toBase64Url(bytes);
}

/**
 * Reads a done set back.
 * @param logEnd the log end offset: nothing at or above it is believed.
 * @returns runs ascending, disjoint; empty for metadata that is not ours or does not hold.
 */
export function decodeDoneSet(
  metadata: string,
  committed: number,
  logEnd: number,
): readonly DoneRun[] {
  if (!metadata.startsWith(PREFIX) || metadata.length > METADATA_LENGTH_MAX) return [];
  const lengths = fromBase64Url(metadata.slice(PREFIX.length));
  if (lengths === null || lengths.length % 2 !== 0) return [];
  const runs: DoneRun[] = [];
  let offset = committed;
  for (let index = 0; index < lengths.length; index += 2) {
    const from = offset + (lengths[index] ?? 0);
    const to = from + (lengths[index + 1] ?? 0);
    if (from <= offset || to <= from || to > logEnd) return [];
    runs.push({ from, to });
    offset = to;
  }
  return runs;
}

function pushRun(bytes: number[], end: number, { from, to }: DoneRun): boolean {
  const { length } = bytes;
  pushVarint(bytes, from - end);
  pushVarint(bytes, to - from);
  if (bytes.length <= BYTES_MAX) return true;
  bytes.length = length;
  return false;
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

function toBase64Url(bytes: readonly number[]): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const group =
      ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const characters = Math.min(4, bytes.length - index + 1);
    for (let place = 0; place < characters; place += 1) {
      text += ALPHABET.charAt((group >> (18 - 6 * place)) & 63);
    }
  }
  return text;
}

/** The varints of a base64url text, or null where it is neither. */
function fromBase64Url(text: string): number[] | null {
  const values: number[] = [];
  let bits = 0;
  let bitCount = 0;
  let value = 0;
  let scale = 1;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return null;
    bits = ((bits << 6) | digit) & 0x3fff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    const byte = (bits >> bitCount) & 0xff;
    value += (byte % 0x80) * scale;
    scale *= 0x80;
    if (!Number.isSafeInteger(value) || scale > 2 ** 56) return null;
    if (byte >= 0x80) continue;
    values.push(value);
    value = 0;
    scale = 1;
  }
  return scale === 1 ? values : null;
}
