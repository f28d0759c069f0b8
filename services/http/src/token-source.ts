import type { AttemptResult, Clock } from "@millrace/engine";
import { Pool } from "undici";
import { ConnectError, describe } from "./connect-error.ts";
import type { Connector } from "./connector.ts";
import { checkHeader, isHeaderValue } from "./header-rules.ts";
import { jsonPointer } from "./json-pointer.ts";
import type { TokenAuth } from "./options.ts";
import { TargetUrl } from "./target-url.ts";

/** From request to the end of the answer, ms. */
const FETCH_TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 65_536;
/** A token is renewed this long before it expires, or at half of its life when that is shorter, ms. */
const RENEW_BEFORE_MS = 60_000;

/** Why there is no token: the target cannot be called as configured, so nothing is charged to the event. */
export type TokenFailure = Extract<AttemptResult, { kind: "misconfigured" }>;

interface Token {
  readonly value: string;
  /** Monotonic ms; Infinity: until it is refused. */
  readonly renewAt: number;
}

/** Fetches, keeps and renews the token of one target. One fetch at a time, whoever asks. */
export class TokenSource {
  readonly #auth: TokenAuth;
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #tokenAt: (document: unknown) => unknown;
  readonly #lifeAt: (document: unknown) => unknown;
  #token: Token | null = null;
  #fetching: Promise<TokenFailure | null> | null = null;

  /** @throws MillraceError `CONFIG_INVALID` for a URL, header or pointer that can never serve. */
  constructor(auth: TokenAuth, connector: Connector, clock: Clock) {
    this.#auth = auth;
    this.#clock = clock;
    const url = new TargetUrl(auth.url);
    this.#path = url.pathOf(auth.url) ?? "/";
    this.#tokenAt = jsonPointer(auth.tokenPointer);
    this.#lifeAt = auth.expiresInPointer === null ? () => null : jsonPointer(auth.expiresInPointer);
    for (const [name, value] of Object.entries(auth.headers)) checkHeader(name, value);
    this.#pool = new Pool(url.origin, {
      connections: 1,
      connect: connector.connect,
      allowH2: false,
      maxResponseSize: ANSWER_BYTES_MAX,
    });
  }

  /** The token to send, or null when one must be fetched first. */
  get current(): string | null {
    if (this.#token === null || this.#clock.now() >= this.#token.renewAt) return null;
    return this.#token.value;
  }

  /** Forgets a token that the target refused, unless a newer one has taken its place. */
  drop(refused: string | null): void {
    if (this.#token?.value === refused) this.#token = null;
  }

  /** Fetches a token, or joins the fetch under way; gives null on success. Never rejects. */
  fetch(): Promise<TokenFailure | null> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  /** Ends the connection; a fetch under way fails. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #fetch(): Promise<TokenFailure | null> {
    const abort = new AbortController();
    const cancel = this.#clock.schedule(FETCH_TIMEOUT_MS, () => abort.abort());
    try {
      const { method, headers, body } = this.#auth;
      const { signal } = abort;
      const response = await this.#pool.request({
        path: this.#path,
        method,
        headers,
        body,
        signal,
      });
      const text = await response.body.text();
      if (response.statusCode !== 200) return refused(`HTTP ${response.statusCode}`);
      return this.#take(text);
    } catch (error) {
      return failed(error);
    } finally {
      cancel();
    }
  }

  #take(text: string): TokenFailure | null {
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      // The parser's message quotes the text, which may hold the token.
      return refused("the answer is no JSON");
    }
    const value = this.#tokenAt(document);
    if (typeof value !== "string" || value === "" || !isHeaderValue(value)) {
      return refused("no token where tokenPointer points");
    }
    this.#token = { value, renewAt: this.#renewAt(this.#lifeAt(document)) };
    return null;
  }

  #renewAt(lifeSeconds: unknown): number {
    const lifeMs = Number(lifeSeconds) * 1_000;
    if (lifeSeconds === null || !(lifeMs > 0)) return Infinity;
    return this.#clock.now() + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 2);
  }
}

function failed(error: unknown): TokenFailure {
  if (!(error instanceof ConnectError)) {
    return refused(error instanceof Error ? describe(error) : "no answer");
  }
  const { fault, message } = error;
  const isConfiguration = fault === "TLS_FAILED" || fault === "ADDRESS_BLOCKED";
  return isConfiguration ? { ...refused(message), reason: fault } : refused(message);
}

function refused(detail: string): TokenFailure {
  return {
    kind: "misconfigured",
    reason: "HTTP_UNAUTHORIZED",
    status: null,
    detail: `no token from the auth URL: ${detail}`,
  };
}
