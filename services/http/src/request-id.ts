/** Characters of an id that are kept. */
export const REQUEST_ID_MAX = 128;

const PLAIN = /^[\x20-\x7e]*$/;
const NOT_PLAIN = /[^\x20-\x7e]/gu;

/** An id as it is told: cut after {@link REQUEST_ID_MAX} characters, `?` for what is no printable ASCII. */
export function requestIdText(value: string): string {
  const text = value.length > REQUEST_ID_MAX ? value.slice(0, REQUEST_ID_MAX) : value;
  return PLAIN.test(text) ? text : text.replaceAll(NOT_PLAIN, "?");
}
