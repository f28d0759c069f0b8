/** Letters that may differ, for each so many letters of a word. */
const LETTERS_PER_SLIP = 3;
const LENGTH_MAX = 64;

/** The name nearest to a misspelt word; null where none is near. */
export function nearName(word: string, names: readonly string[]): string | null {
  if (word.length > LENGTH_MAX) return null;
  const slipsMax = Math.max(1, Math.floor(word.length / LETTERS_PER_SLIP));
  const [best] = names
    .map((name) => ({ name, slips: slipsBetween(word.toLowerCase(), name) }))
    .filter(({ slips }) => slips <= slipsMax)
    .sort((one, other) => one.slips - other.slips);
  return best?.name ?? null;
}

/** Letters to change, add or leave out (Levenshtein), row by row. */
function slipsBetween(word: string, name: string): number {
  let row = Array.from({ length: name.length + 1 }, (_, index) => index);
  for (const [at, letter] of Array.from(word).entries()) {
    const next = [at + 1];
    for (const [to, other] of Array.from(name).entries()) {
      const changed = (row[to] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[to + 1] ?? 0) + 1, (next[to] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
