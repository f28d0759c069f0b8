import type { OpenDeadLetter } from "@millrace/jobs";
import { recordKeyText } from "./key-text.ts";

/** Which dead letters are meant; what is left out means all. */
export interface LetterFilter {
  readonly key?: readonly string[] | undefined;
  readonly id?: readonly string[] | undefined;
  /** The reason's code. */
  readonly error?: string | undefined;
  readonly status?: number | undefined;
  readonly type?: string | undefined;
}

/** Dead letters of a target, as the command line names them. */
export interface LetterFlags extends LetterFilter {
  readonly target: string;
}

/** Those that are meant, in the order given. */
export function filterLetters(
  letters: readonly OpenDeadLetter[],
  { key, id, error, status, type }: LetterFilter,
): readonly OpenDeadLetter[] {
  const isIn = (list: readonly string[] | undefined, value: string | null): boolean =>
    list === undefined || (value !== null && list.includes(value));
  const isSo = <Value>(wanted: Value | undefined, value: Value | null): boolean =>
    wanted === undefined || wanted === value;
  return letters.filter(
    (letter) =>
      isIn(key, recordKeyText(letter.key)) &&
      isIn(id, letter.id) &&
      isSo(error, letter.reason) &&
      isSo(status, letter.httpStatus) &&
      isSo(type, letter.type),
  );
}
