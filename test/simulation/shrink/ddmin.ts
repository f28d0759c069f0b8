/**
 * The smallest part of a list that still does it, by halves, then quarters, and so on; each item that is left is needed.
 * Source: "Simplifying and Isolating Failure-Inducing Input", Zeller and Hildebrandt, 2002.
 * @param still whether a part still does it; asked one at a time.
 */
export async function ddmin<Item>(
  items: readonly Item[],
  still: (part: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let kept = items;
  if (kept.length > 0 && (await still([]))) return [];
  for (let partCount = 2; kept.length > 1;) {
    const smaller = await withoutOnePart(kept, partCount, still);
    if (smaller !== null) {
      kept = smaller;
      partCount = Math.max(2, partCount - 1);
    } else if (partCount >= kept.length) {
      return kept;
    } else {
      partCount = Math.min(kept.length, partCount * 2);
    }
  }
  return kept;
}

async function withoutOnePart<Item>(
  items: readonly Item[],
  partCount: number,
  still: (part: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[] | null> {
  const size = Math.ceil(items.length / partCount);
  for (let from = 0; from < items.length; from += size) {
    const rest = [...items.slice(0, from), ...items.slice(from + size)];
    if (rest.length > 0 && (await still(rest))) return rest;
  }
  return null;
}
