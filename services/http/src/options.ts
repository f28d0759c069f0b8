import type { Clock, Telemetry } from "@millrace/engine";
import type { LookupFunction } from "node:net";

/**
 * Where targets may be. Link-local addresses, cloud metadata, multicast, reserved and unspecified ones are refused
 * under every policy.
 *
 * - `internal`: public, private and loopback addresses.
 * - `public`: public addresses only.
 * - `list`: exactly the addresses of these CIDRs (`10.0.0.0/8`, `fd00::/8`).
 */
export type NetworkPolicy =
  | { readonly kind: "internal" }
  | { readonly kind: "public" }
  | { readonly kind: "list"; readonly cidrs: readonly string[] };

/** "Call A first": a token is fetched from a URL, kept until it expires, and fetched anew once when a call gets 401. */
export interface TokenAuth {
  readonly type: "token";
  /** Absolute `http:` or `https:` URL; the target's network policy and TLS options hold for it too. */
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** JSON pointer (RFC 6901) to the token in the answer. */
  readonly tokenPointer: string;
  /** JSON pointer to the token's life in seconds; null: it lives until a call gets 401. */
  readonly expiresInPointer: string | null;
  /** The header that carries the token, e.g. `authorization`. */
  readonly header: string;
  /** What stands before the token in that header, e.g. `"Bearer "`. */
  readonly prefix: string;
}

/** How calls prove who makes them. */
export type AuthConfig =
  | { readonly type: "none" }
  | { readonly type: "bearer"; readonly token: string }
  | { readonly type: "basic"; readonly username: string; readonly password: string }
  | { readonly type: "header"; readonly name: string; readonly value: string }
  | {
      readonly type: "standard-webhooks";
      /** `whsec_` + base64 of 24 to 64 bytes; several while one replaces another: each signs. */
      readonly secrets: readonly string[];
    }
  | TokenAuth;

/** TLS of one target; certificates are always verified, TLS 1.2 is the oldest. All fields PEM text but the name. */
export interface TlsOptions {
  /** Replaces the built-in certificate authorities. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name asked for and verified; default: the URL's host. */
  readonly servername?: string;
}

/** What 409 means: the target has the event already, or is still busy with it. */
export type ConflictRule = "duplicate-ok" | "retry";

/** What an answer is taken as, against the standard table. */
export type AnswerOverride = "delivered" | "retry" | "dead-letter";

/** How a target's answers are read. */
export interface AnswerRules {
  readonly onConflict: ConflictRule;
  /** By status (`"404"`) or class (`"5xx"`); the status wins over the class, both over everything else. */
  readonly answers?: Readonly<Record<string, AnswerOverride>>;
}

/** How the idempotency key travels. */
export interface IdempotencyHeader {
  /** Header name, any case; default by convention `Idempotency-Key`. */
  readonly header: string;
  /** `bare` as most APIs read it; `sf-string` quoted, as the IETF draft writes it. */
  readonly format: "bare" | "sf-string";
}

/** One target's HTTP side. */
export interface HttpTargetOptions extends AnswerRules {
  readonly target: string;
  /** Origin and path prefix that every URL must keep: the URL template up to its first placeholder. */
  readonly origin: string;
  readonly network: NetworkPolicy;
  /** Sockets at most, at least 1; attempts beyond them wait, within their deadline. */
  readonly connections: number;
  readonly tls?: TlsOptions;
  readonly auth: AuthConfig;
  readonly idempotency: IdempotencyHeader;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Bytes of a response body that are read before its connection is destroyed; default 65,536. */
  readonly responseBytesMax?: number;
  /** Headers of an answer that may name the call, lower case; the first there is counts. Default: none. */
  readonly requestIdHeaders?: readonly string[];
  /**
   * Whether the body of an answer comes with the result of its attempt, as far as it is read. One that repeats what the call
   * proved itself with comes without its bytes. Default: discarded.
   */
  readonly answerBodies?: "discarded" | "kept";
  /** Resolves names; default `dns.lookup`. Its addresses pass the network policy like any other. */
  readonly lookup?: LookupFunction;
}
