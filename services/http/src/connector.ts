import { MillraceError } from "@millrace/engine";
import type { Clock } from "@millrace/engine";
import { lookup as dnsLookup } from "node:dns";
import { connect as connectTcp, isIP } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
import type { buildConnector } from "undici";
import type { AddressGuard } from "./address-guard.ts";
import { connectError, ConnectError } from "./connect-error.ts";
import { guardedLookup } from "./guarded-lookup.ts";
import type { TlsOptions } from "./options.ts";

/** Look-up, TCP and TLS together, ms. A dead host frees its connection after this. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Idle time before TCP asks whether the peer is still there, ms. */
const TCP_PROBE_MS = 60_000;

/** What connections of a target are made with. */
export interface ConnectorOptions {
  readonly guard: Pick<AddressGuard, "allows">;
  readonly clock: Clock;
  readonly tls?: TlsOptions;
  readonly lookup?: LookupFunction;
}

/**
 * Opens the sockets of one target. A socket is handed over only when its peer passed the address guard, before a byte
 * was written, and, with TLS, proved its name. No proxy is ever used, and verification cannot be turned off from the
 * environment.
 */
export class Connector {
  readonly #guard: Pick<AddressGuard, "allows">;
  readonly #clock: Clock;
  readonly #secureContext: SecureContext;
  readonly #servername: string | undefined;
  readonly #lookup: LookupFunction;
  readonly #opening = new Set<Socket>();

  /** @throws MillraceError `CONFIG_INVALID` for certificates or keys that cannot be read. */
  constructor({ guard, clock, tls = {}, lookup = dnsLookup }: ConnectorOptions) {
    this.#guard = guard;
    this.#clock = clock;
    this.#servername = tls.servername;
    this.#secureContext = secureContext(tls);
    this.#lookup = guardedLookup(lookup, guard);
  }

  /** Opens a socket; the callback gets it, or a `ConnectError`, once. */
  readonly connect: buildConnector.connector = (options, callback) => {
    const host = options.hostname;
    if (isIP(host) !== 0 && !this.#guard.allows(host)) {
      const error = new ConnectError("ADDRESS_BLOCKED", `address is not allowed: ${host}`);
      queueMicrotask(() => callback(error, null));
      return;
    }
    const isTls = options.protocol === "https:";
    const socket = this.#open(options, isTls);
    let isTcpOpen = false;
    const settle = (error: Error | null): void => {
      if (!this.#opening.delete(socket)) return;
      cancelTimeout();
      if (error === null) callback(null, socket);
      else callback(connectError(error, isTcpOpen), null);
    };
    const timeout = new ConnectError("CONNECT_FAILED", `no connection in ${CONNECT_TIMEOUT_MS} ms`);
    const cancelTimeout = this.#clock.schedule(CONNECT_TIMEOUT_MS, () => socket.destroy(timeout));
    this.#opening.add(socket);
    // First of all listeners: TLS sends its greeting from its own.
    socket.prependOnceListener("connect", () => {
      isTcpOpen = true;
      this.#checkPeer(socket);
    });
    socket.once(isTls ? "secureConnect" : "connect", () => {
      if (!socket.destroyed) settle(null);
    });
    socket.on("error", (error) => {
      settle(error);
      // With TLS 1.3 a refused client certificate comes as an alert after the handshake, and the end of the stream
      // right behind it; the client reports whichever it sees last, so nothing may follow the alert.
      socket.destroy(error);
    });
    socket.once("close", () => settle(new ConnectError("CONNECT_FAILED", "closed while opening")));
  };

  /** Destroys the sockets that are being opened. */
  close(): void {
    for (const socket of this.#opening) {
      socket.destroy(new ConnectError("CONNECT_FAILED", "closed"));
    }
  }

  #open({ hostname, port, protocol }: buildConnector.Options, isTls: boolean): Socket {
    const defaultPort = protocol === "https:" ? 443 : 80;
    const place = {
      host: hostname,
      port: port === "" ? defaultPort : Number(port),
      lookup: this.#lookup,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_PROBE_MS,
    };
    if (!isTls) return connectTcp(place);
    const servername = this.#servername ?? (isIP(hostname) === 0 ? hostname : undefined);
    return connectTls({
      ...place,
      ...(servername === undefined ? {} : { servername }),
      secureContext: this.#secureContext,
      rejectUnauthorized: true,
      ALPNProtocols: ["http/1.1"],
    });
  }

  #checkPeer(socket: Socket): void {
    const address = socket.remoteAddress;
    if (address !== undefined && this.#guard.allows(address)) return;
    const where = address ?? "peer without an address";
    socket.destroy(new ConnectError("ADDRESS_BLOCKED", `address is not allowed: ${where}`));
  }
}

function secureContext({ ca, cert, key }: TlsOptions): SecureContext {
  try {
    return createSecureContext({ ca, cert, key, minVersion: "TLSv1.2" });
  } catch (cause) {
    throw new MillraceError("CONFIG_INVALID", "certificate or key cannot be read: tls", { cause });
  }
}
