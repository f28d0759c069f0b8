import type { AttemptRequest } from "@millrace/engine";
import { credentialNames, fixedCredentials } from "./credentials.ts";
import { checkHeader, HeaderNames, isHeaderValue } from "./header-rules.ts";
import type { HttpTargetOptions } from "./options.ts";
import { TargetUrl } from "./target-url.ts";
import { WebhookSigner } from "./webhook-signer.ts";

/** The name under which the engine's side hands the bare key over. */
const KEY_HEADER = "idempotency-key";
const METHODS = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"]);

/** What varies between attempts of one request. */
export interface AttemptFacts {
  readonly wallNowMs: number;
  /** The token of auth kind `token`; null for other kinds. */
  readonly token: string | null;
}

/** A request as it goes on the wire, or why it cannot. */
export type WrittenRequest =
  | {
      readonly kind: "written";
      readonly method: string;
      readonly path: string;
      /** Name and value in turn. */
      readonly headers: string[];
      readonly body: Uint8Array | string | null;
    }
  | { readonly kind: "refused"; readonly detail: string };

/**
 * Writes requests of one target: checks place, method and headers, and adds what the target's options say. What is
 * the same for all requests is made once.
 */
export class RequestWriter {
  readonly #url: TargetUrl;
  readonly #names: HeaderNames;
  readonly #fixed: readonly string[];
  readonly #signer: WebhookSigner | null;
  readonly #keyName: string;
  readonly #isKeyQuoted: boolean;
  readonly #tokenHeader: { readonly name: string; readonly prefix: string } | null;

  /** @throws MillraceError `CONFIG_INVALID` for what no request could carry. */
  constructor({
    origin,
    auth,
    idempotency,
  }: Pick<HttpTargetOptions, "auth" | "idempotency" | "origin">) {
    this.#url = new TargetUrl(origin);
    this.#keyName = checkHeader(idempotency.header, "");
    this.#isKeyQuoted = idempotency.format === "sf-string";
    const credentials = credentialNames(auth);
    const ownKeyName = this.#keyName === KEY_HEADER ? [] : [this.#keyName];
    this.#names = new HeaderNames([...credentials, ...ownKeyName]);
    this.#fixed = fixedCredentials(auth);
    this.#signer = auth.type === "standard-webhooks" ? new WebhookSigner(auth.secrets) : null;
    this.#tokenHeader =
      auth.type === "token" ? { name: auth.header.toLowerCase(), prefix: auth.prefix } : null;
  }

  /** Scheme, host and port of every request. */
  get origin(): string {
    return this.#url.origin;
  }

  /** Writes one attempt's request. */
  write(request: AttemptRequest, facts: AttemptFacts): WrittenRequest {
    const { method, body } = request;
    const path = this.#url.pathOf(request.url);
    if (path === null) return refused("the url leaves the target's origin and path");
    if (!METHODS.has(method)) return refused(`no such method: ${JSON.stringify(method)}`);
    const headers = this.#fixed.slice();
    const detail = this.#addMapped(headers, request) ?? this.#addOwn(headers, request, facts);
    return detail === null ? { kind: "written", method, path, headers, body } : refused(detail);
  }

  #addMapped(headers: string[], request: AttemptRequest): string | null {
    let isAgentNamed = false;
    for (const name of Object.keys(request.headers)) {
      const value = request.headers[name] ?? "";
      if (!this.#names.allows(name)) return `header cannot be set: ${JSON.stringify(name)}`;
      if (!isHeaderValue(value)) return `header is not plain ASCII: ${name}`;
      if (name === KEY_HEADER) headers.push(this.#keyName, this.#formatKey(value));
      else headers.push(name, value);
      isAgentNamed ||= name === "user-agent";
    }
    if (!isAgentNamed) headers.push("user-agent", "millrace");
    return null;
  }

  #addOwn(headers: string[], request: AttemptRequest, facts: AttemptFacts): string | null {
    const { traceparent, tracestate, body } = request;
    if (traceparent !== null && isHeaderValue(traceparent)) {
      headers.push("traceparent", traceparent);
      if (tracestate !== null && isHeaderValue(tracestate)) headers.push("tracestate", tracestate);
    }
    if (this.#tokenHeader !== null && facts.token !== null) {
      headers.push(this.#tokenHeader.name, this.#tokenHeader.prefix + facts.token);
    }
    if (this.#signer === null) return null;
    const id = request.headers[KEY_HEADER];
    if (id === undefined || id.includes(".")) return "no idempotency key without a dot to sign";
    headers.push(...this.#signer.sign({ id, wallNowMs: facts.wallNowMs, body }));
    return null;
  }

  #formatKey(key: string): string {
    return this.#isKeyQuoted ? `"${key.replaceAll(/["\\]/g, "\\$&")}"` : key;
  }
}

function refused(detail: string): WrittenRequest {
  return { kind: "refused", detail };
}
