import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { nearest } from "@millrace/schemas";
import { optionsOf, readWords } from "./read-words.ts";

/** What there is to say of words that are no options of their command, as commander says it; empty where all are. */
export function misspeltText(program: CommandUnknownOpts, words: readonly string[]): string {
  const { command, unknown } = readWords(program, words);
  const known = optionsOf(command).flatMap(({ long, hidden }) =>
    long === undefined || hidden ? [] : [long],
  );
  return unknown
    .map((word) => {
      const near = nearest(word, known);
      const hint = near === null ? "" : `(Did you mean ${near}?)\n`;
      return `millrace: unknown option '${word}'\n${hint}`;
    })
    .join("");
}
