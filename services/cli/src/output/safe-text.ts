/**
 * Text from events, as a terminal may show it: control characters could move its cursor, set its title or worse, so they
 * are written as escapes.
 */
export function safeText(text: string): string {
  return text.replaceAll(CONTROL, escapeOf);
}

/** JSON on one line; C1 controls are escaped too, which JSON.stringify leaves as they are. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replaceAll(C1, escapeOf);
}

/** C0 (tab and line feed among them), DEL and C1. */
const CONTROL = /\p{Cc}/gu;
const C1 = /[\u007f-\u009f]/gu;

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
