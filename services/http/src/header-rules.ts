import { MillraceError } from "@millrace/engine";

/** RFC 9110 token, in lower case. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** Headers that belong to the connection, or that the sender writes itself. */
const RESERVED = [
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "traceparent",
  "tracestate",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Names that have been looked at are remembered; a mapping has few, so more than these mean a fault elsewhere. */
const KNOWN_NAMES_MAX = 256;

/** Whether a text may be a header's value: visible ASCII, blanks and tabs, so nothing can begin another header. */
export function isHeaderValue(value: string): boolean {
  return VALUE.test(value);
}

/**
 * Checks a header of the configuration and gives its lower-case name.
 * @throws MillraceError `CONFIG_INVALID`, naming the header and never its value.
 */
export function checkHeader(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (!NAME.test(lower) || RESERVED.includes(lower)) {
    throw new MillraceError(
      "CONFIG_INVALID",
      `header cannot be set: name (${JSON.stringify(name)})`,
    );
  }
  if (!isHeaderValue(value)) {
    throw new MillraceError("CONFIG_INVALID", `not plain ASCII: value of header (${lower})`);
  }
  return lower;
}

/** Which header names an event's mapping may set; the sender's own are added to the reserved ones. */
export class HeaderNames {
  readonly #reserved: ReadonlySet<string>;
  readonly #known = new Set<string>();

  constructor(own: readonly string[]) {
    this.#reserved = new Set([...RESERVED, ...own]);
  }

  /** Whether the (lower-case) name is a token and not reserved. */
  allows(name: string): boolean {
    if (this.#known.has(name)) return true;
    if (!NAME.test(name) || this.#reserved.has(name)) return false;
    if (this.#known.size < KNOWN_NAMES_MAX) this.#known.add(name);
    return true;
  }
}
