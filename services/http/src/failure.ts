import type { AttemptResult, RetryReason } from "@millrace/engine";
import { codeOf, ConnectError, describe } from "./connect-error.ts";
import type { ExchangeEnd } from "./exchange.ts";

type Failed = Extract<ExchangeEnd, { kind: "failed" }>;

/** Answers that are not HTTP: parser errors (which may lack a code), headers past their bound, lengths that disagree. */
const NOT_HTTP = /^(?:HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)/;
const PARSER_ERROR = "HTTPParserError";
/** With TLS 1.3 a server refuses our certificate after we take the handshake for done; it has read no request. */
const CERTIFICATE_ALERT = /^ERR_SSL_.*ALERT_(?:.*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE)/;

/** How an attempt ended that got no answer. Only one that may have left is ambiguous. */
export function failure({ error, isSent }: Failed): AttemptResult {
  if (error instanceof ConnectError) return unconnected(error);
  const code = codeOf(error);
  if (CERTIFICATE_ALERT.test(code)) return untrusted(describe(error));
  const isNotHttp = error.name === PARSER_ERROR || NOT_HTTP.test(code);
  return lost(isNotHttp ? "RESPONSE_INVALID" : "RESET", isSent);
}

function unconnected({ fault, message }: ConnectError): AttemptResult {
  switch (fault) {
    case "DNS_FAILED":
    case "CONNECT_FAILED":
      return lost(fault, false);
    case "TLS_FAILED":
      return untrusted(message);
    case "ADDRESS_BLOCKED":
      return { kind: "misconfigured", reason: "ADDRESS_BLOCKED", status: null, detail: message };
  }
}

function untrusted(detail: string): AttemptResult {
  return { kind: "misconfigured", reason: "TLS_FAILED", status: null, detail };
}

function lost(reason: RetryReason, ambiguous: boolean): AttemptResult {
  return { kind: "retry", reason, status: null, ambiguous, retryAfterMs: null };
}
