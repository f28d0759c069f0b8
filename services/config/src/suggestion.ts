import { nearest } from "@millrace/schemas";

/** `did you mean "x"?` where a candidate is near, else `known: a, b, c`; undefined without candidates. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const best = nearest(word, candidates);
  return best === null ? `known: ${candidates.join(", ")}` : `did you mean "${best}"?`;
}
