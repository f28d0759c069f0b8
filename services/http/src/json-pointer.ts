import { MillraceError } from "@millrace/engine";

/**
 * Compiles a JSON pointer to a function that takes the value out of a document; undefined when there is none.
 * @throws MillraceError `CONFIG_INVALID` for a text that is no pointer.
 * @see https://www.rfc-editor.org/rfc/rfc6901
 */
export function jsonPointer(pointer: string): (document: unknown) => unknown {
  if (pointer !== "" && !pointer.startsWith("/")) {
    throw new MillraceError("CONFIG_INVALID", `no JSON pointer: auth (${pointer})`);
  }
  const keys = pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return (document) => keys.reduce(member, document);
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
