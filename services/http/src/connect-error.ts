/** What kept a connection from being made. Nothing of any request was written. */
export type ConnectFault = "DNS_FAILED" | "ADDRESS_BLOCKED" | "CONNECT_FAILED" | "TLS_FAILED";

/** A connection that was not made. Its message holds no secrets. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  readonly fault: ConnectFault;

  constructor(fault: ConnectFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.fault = fault;
  }
}

/** System errors of a broken connection, which TLS passes on under the same codes. */
const NETWORK_CODES = new Set([
  "EADDRNOTAVAIL",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "EMFILE",
  "ENETDOWN",
  "ENETUNREACH",
  "ENFILE",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Names what kept a connection from being made. `isTcpOpen`: the failure came during the TLS handshake. */
export function connectError(error: Error, isTcpOpen: boolean): ConnectError {
  if (error instanceof ConnectError) return error;
  const code = codeOf(error);
  const isTls = isTcpOpen && !NETWORK_CODES.has(code);
  return new ConnectError(isTls ? "TLS_FAILED" : "CONNECT_FAILED", describe(error), error);
}

/** The code of a system, TLS or client error; empty when it has none. */
export function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Code and first line of an error, for people. */
export function describe(error: Error): string {
  const [line = ""] = error.message.split("\n", 1);
  const code = codeOf(error);
  return code === "" || line.includes(code) ? line : `${code}: ${line}`;
}
