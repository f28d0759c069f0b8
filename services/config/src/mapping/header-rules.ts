/** Names and values of headers. Source: RFC 9110 sections 5.1 and 5.5. */

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** Set by the connection, by Millrace or by the signature; a mapping could only break them. */
const RESERVED = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "idempotency-key",
  "traceparent",
  "tracestate",
]);
const RESERVED_PREFIXES = ["webhook-", "millrace-", "proxy-"];

/** Whether a value can be sent; a line break would start another header. */
export function isHeaderValue(value: string): boolean {
  return VALUE.test(value);
}

/** What is wrong with a header's name; null when it may be set. */
export function headerNameProblem(name: string): string | null {
  if (!TOKEN.test(name)) return "is no header name";
  const lower = name.toLowerCase();
  if (RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return "is a header that Millrace sets itself";
  }
  return null;
}

/** Whether a content type is JSON, the one form of bodies. */
export function isJsonType(value: string): boolean {
  return /^application\/([a-z0-9!#$&^_.-]+\+)?json(\s*;.*)?$/i.test(value);
}
