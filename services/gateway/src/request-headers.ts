import type { IncomingMessage } from "node:http";
import { Refusal } from "./problem.ts";

/** Headers of a request at most; their bytes are limited to 16 KiB by the server itself. */
const HEADERS_MAX = 100;

/** Headers that say one thing: of two, readers on the way may have taken different ones. */
const SINGLE: ReadonlySet<string> = new Set([
  "host",
  "authorization",
  "x-api-key",
  "content-type",
  "content-encoding",
  "traceparent",
]);

/**
 * HTTP/1.1 asks every request for its host (RFC 9112, section 3.2); older ones had none.
 * @throws Refusal `malformed-request`.
 */
export function assertHost({ httpVersion, headers }: IncomingMessage): void {
  if (headers.host !== undefined || httpVersion !== "1.1") return;
  throw new Refusal("malformed-request", "the host header is missing", {
    headers: { connection: "close" },
  });
}

/**
 * @param rawHeaders names and values in turn, as they came.
 * @throws Refusal `headers-too-large`, or `malformed-request` for a header that stands there twice or a transfer-encoding.
 */
export function assertPlainHeaders(rawHeaders: readonly string[]): void {
  if (rawHeaders.length > 2 * HEADERS_MAX) {
    throw new Refusal("headers-too-large", `a request may have ${HEADERS_MAX} headers`);
  }
  assertPlainCoding(rawHeaders);
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? "";
    if (!SINGLE.has(name) && !name.startsWith("ce-")) continue;
    if (!seen.has(name)) seen.add(name);
    else {
      throw new Refusal("malformed-request", "a header stands there twice", {
        errors: [{ header: name, detail: "must stand there once" }],
      });
    }
  }
}

/** A body in another coding has no end that readers on the way would agree about (RFC 9112, section 6.3). */
function assertPlainCoding(rawHeaders: readonly string[]): void {
  const at = rawHeaders.findIndex(
    (name, index) => index % 2 === 0 && name.toLowerCase() === "transfer-encoding",
  );
  if (at === -1 || rawHeaders[at + 1]?.toLowerCase() === "chunked") return;
  throw new Refusal("malformed-request", "the only transfer-encoding that is read is chunked", {
    headers: { connection: "close" },
  });
}
