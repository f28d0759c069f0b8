import { describe, expect, test } from "vitest";
import { connectError, ConnectError } from "./connect-error.ts";
import { failure } from "./failure.ts";

function coded(code: string): Error {
  return Object.assign(new Error("it broke"), { code });
}

describe("an attempt without an answer", () => {
  test.each([
    ["ECONNRESET", "RESET"],
    ["EPIPE", "RESET"],
    ["UND_ERR_SOCKET", "RESET"],
    ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "RESET"],
    ["HPE_INVALID_CONSTANT", "RESPONSE_INVALID"],
    ["UND_ERR_HEADERS_OVERFLOW", "RESPONSE_INVALID"],
    ["", "RESET"],
  ])("that ended in %j is repeated for %s, ambiguous when it was sent", (code, reason) => {
    const ends = [true, false].map((isSent) =>
      failure({ kind: "failed", error: coded(code), isSent }),
    );

    expect(ends).toMatchObject([
      { kind: "retry", reason, status: null, ambiguous: true },
      { kind: "retry", reason, status: null, ambiguous: false },
    ]);
  });

  test("without a code, from the parser, is an answer that is no HTTP", () => {
    const error = Object.assign(new Error("Invalid header token"), { name: "HTTPParserError" });

    expect(failure({ kind: "failed", error, isSent: true })).toMatchObject({
      reason: "RESPONSE_INVALID",
      ambiguous: true,
    });
  });

  test.each([
    "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
    "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
  ])("whose certificate the server refused late (%s) is the configuration's", (code) => {
    expect(failure({ kind: "failed", error: coded(code), isSent: true })).toMatchObject({
      kind: "misconfigured",
      reason: "TLS_FAILED",
    });
  });

  test.each([
    ["DNS_FAILED", { kind: "retry", reason: "DNS_FAILED", ambiguous: false }],
    ["CONNECT_FAILED", { kind: "retry", reason: "CONNECT_FAILED", ambiguous: false }],
    ["TLS_FAILED", { kind: "misconfigured", reason: "TLS_FAILED", detail: "why" }],
    ["ADDRESS_BLOCKED", { kind: "misconfigured", reason: "ADDRESS_BLOCKED", detail: "why" }],
  ] as const)("whose connection failed with %s ends as %j", (fault, expected) => {
    const error = new ConnectError(fault, "why");

    expect(failure({ kind: "failed", error, isSent: false })).toMatchObject(expected);
  });
});

describe("a failed connection", () => {
  test.each([
    ["CERT_HAS_EXPIRED", "TLS_FAILED"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "TLS_FAILED"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "TLS_FAILED"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "TLS_FAILED"],
    ["EPROTO", "TLS_FAILED"],
    ["ECONNRESET", "CONNECT_FAILED"],
    ["ETIMEDOUT", "CONNECT_FAILED"],
  ])("with %s during the handshake is %s", (code, fault) => {
    expect(connectError(coded(code), true)).toMatchObject({ fault, message: `${code}: it broke` });
  });

  test("before TCP is open is never a matter of TLS", () => {
    expect(connectError(coded("EACCES"), false).fault).toBe("CONNECT_FAILED");
  });

  test("keeps the fault that is known already", () => {
    const known = new ConnectError("ADDRESS_BLOCKED", "why");

    expect(connectError(known, true)).toBe(known);
  });
});
