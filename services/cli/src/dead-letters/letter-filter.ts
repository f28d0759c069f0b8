import type { OpenDeadLetter } from "@millrace/jobs";
import { recordKeyText } from "./key-text.ts";
import { placeText } from "./letter-item.ts";

/** Which dead letters are meant; what is left out means all. */
export interface LetterFilter {
  readonly key?: readonly string[] | undefined;
  /** Of events, or their places: topic:partition:offset. */
  readonly id?: readonly string[] | undefined;
  /** The reason's code. */
  readonly error?: string | undefined;
  readonly status?: number | undefined;
  readonly type?: string | undefined;
}

/** Dead letters of a target, as the command line names them. */
export interface LetterFlags extends LetterFilter {
  readonly target: string;
  /** CEL over the event; it is asked about those that the others leave. */
  readonly filter?: string | undefined;
}

/** Those that are meant by what is known without their values, in the order given. */
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
      (isIn(id, letter.id) || isIn(id, placeText(letter))) &&
      isSo(error, letter.reason) &&
      isSo(status, letter.httpStatus) &&
      isSo(type, letter.type),
  );
}
