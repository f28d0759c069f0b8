import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { PROBLEMS, problemBody, problemHeaders, Refusal, type ProblemKind } from "./problem.ts";

const KINDS: Readonly<Record<string, ProblemKind>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "timeout",
  HPE_HEADER_OVERFLOW: "headers-too-large",
};

/**
 * Answers what is not HTTP enough to become a request: it has a socket only. The connection ends with the answer, since
 * nobody knows where a next request would begin.
 */
export function answerClientError(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const kind = KINDS[error.code ?? ""] ?? "malformed-request";
  const refusal = new Refusal(kind, PROBLEMS[kind].title, { headers: { connection: "close" } });
  const body = problemBody(refusal, null);
  const headers = Object.entries(problemHeaders(refusal)).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const length = `content-length: ${Buffer.byteLength(body)}\r\n`;
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}\r\n${headers.join("")}${length}\r\n${body}`,
  );
}
