/**
 * JSON of strangers, read strictly: UTF-8 only, bounded depth, no member twice (readers of such text disagree about what
 * it says), no `__proto__`. Numbers are JSON's own: what they cannot hold exactly is refused by the schema's types.
 */
import { Refusal } from "./problem.ts";

/** How deep arrays and objects may nest. Schemas allow 64 in the data; the rest is the request's own form. */
export const JSON_DEPTH_MAX = 70;

/** Values (members and items) of a body: bounds the time that one request takes from all others. */
export const JSON_VALUES_MAX = 250_000;

/** @throws Refusal `malformed-body`. */
export function parseJsonBody(body: Uint8Array): unknown {
  const text = textOf(body);
  if (text === "") throw malformed("the body is empty");
  const { depth, memberCount, valueCount } = measure(text);
  if (depth > JSON_DEPTH_MAX) throw malformed(`the body nests deeper than ${JSON_DEPTH_MAX}`);
  if (valueCount > JSON_VALUES_MAX) {
    throw malformed(`the body holds more than ${JSON_VALUES_MAX} values`);
  }
  const value = parse(text);
  if (countMembers(value) !== memberCount) throw malformed("an object has a member twice");
  return value;
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw malformed("the body is not UTF-8");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's own message quotes the text; only the place is taken over.
    const at = error instanceof Error ? /\(line \d+ column \d+\)/u.exec(error.message)?.[0] : null;
    throw malformed(`the body is not JSON${at === null || at === undefined ? "" : ` ${at}`}`);
  }
}

interface Measure {
  readonly depth: number;
  readonly memberCount: number;
  /** Opened brackets and commas: never fewer than values less one. */
  readonly valueCount: number;
}

/** What brackets, colons and commas tell of a text; exact for valid JSON. */
function measure(text: string): Measure {
  let open = 0;
  let depth = 0;
  let memberCount = 0;
  let valueCount = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case "{":
      case "[":
        open += 1;
        valueCount += 1;
        depth = Math.max(depth, open);
        break;
      case "}":
      case "]":
        open -= 1;
        break;
      case ",":
        valueCount += 1;
        break;
      case ":":
        memberCount += 1;
        break;
      default:
    }
  }
  return { depth, memberCount, valueCount };
}

function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}

function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  for (const [name, member] of Object.entries(value)) {
    if (name === "__proto__") throw malformed("an object has a member that is named __proto__");
    count += 1 + countMembers(member);
  }
  return count;
}

function malformed(detail: string): Refusal {
  return new Refusal("malformed-body", detail);
}
