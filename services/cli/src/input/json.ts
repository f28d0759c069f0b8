/** JSON in, without losing what JavaScript's numbers cannot hold: whole numbers beyond 2^53 become bigint. */

/**
 * Parses JSON.
 * @throws SyntaxError as JSON.parse does.
 */
export function parseJson(text: string): unknown {
  // Reviving costs; only a text with that many digits in a row can need it.
  return /\d{16}/u.test(text) ? JSON.parse(text, reviveLong) : (JSON.parse(text) as unknown);
}

function reviveLong(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) {
    return value;
  }
  return /^-?\d+$/u.test(source) ? BigInt(source) : value;
}

/** What is wrong with a JSON text, in one line without the text itself. */
export function jsonProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const position = /at position (\d+)/u.exec(message)?.[1];
  return position === undefined ? "no JSON" : `no JSON (at character ${Number(position) + 1})`;
}
