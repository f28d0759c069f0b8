import { nearest } from "@millrace/schemas";

/** What a name that is not there may have meant: the nearest that is, else all of them, else `none`. */
export function nearestHint(name: string, known: readonly string[], none: string): string {
  if (known.length === 0) return none;
  const best = nearest(name, known);
  return best === null ? `it has ${known.join(", ")}` : `did you mean ${best}?`;
}
