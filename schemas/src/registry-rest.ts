import type { Credentials, RegistryConnection } from "./registry-connection.ts";
import { SchemaError, reasonOf } from "./schema-error.ts";

/** One request to the registry. */
export interface RestRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Below the registry's URL, with its leading slash. */
  readonly path: string;
  readonly body?: unknown;
}

/** An answer that is the registry's own: its JSON, or that it does not know what was asked for. */
export type RestAnswer =
  { readonly kind: "found"; readonly json: unknown } | { readonly kind: "not-found" };

/** Sends requests to a Confluent-compatible registry. */
export type Rest = (request: RestRequest) => Promise<RestAnswer>;

/** The largest answer that is read: schemas are bounded far below. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/**
 * A client over the platform's `fetch`. The registry client of kafkajs reports a refused connection as status 400, which
 * would make an outage look like an answer; here the two are kept apart:
 * no answer, a timeout, 408, 429 or 5xx is `REGISTRY_UNREACHABLE`; only the registry's own 404 (it has an `error_code`) is
 * "not found"; everything else, such as a proxy's 404 or a 401, is `REGISTRY_REFUSED`.
 */
export function createRest({ url, timeoutMs, auth }: RegistryConnection): Rest {
  const headers = {
    accept: "application/vnd.schemaregistry.v1+json, application/json",
    "content-type": "application/vnd.schemaregistry.v1+json",
    ...(auth === null ? {} : { authorization: basic(auth) }),
  };
  return async ({ method, path, body }) => {
    const where = `${method} ${url}${path}`;
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers,
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return answerOf(response, { where, text: await boundedText(response) });
    } catch (error) {
      if (error instanceof SchemaError) throw error;
      const message = `schema registry does not answer: ${where} (${causeOf(error)})`;
      throw new SchemaError("REGISTRY_UNREACHABLE", message, { cause: error });
    }
  };
}

function answerOf(response: Response, of: { where: string; text: string }): RestAnswer {
  const { status } = response;
  const json = parseJson(of.text);
  if (response.ok && json !== undefined) return { kind: "found", json };
  const said = isRegistryError(json) ? `: ${json.message}` : "";
  if (status === 404 && isRegistryError(json)) return { kind: "not-found" };
  const message = `${of.where} answered ${status}${said}`;
  if (isAway(status)) {
    throw new SchemaError("REGISTRY_UNREACHABLE", `schema registry: ${message}`);
  }
  throw new SchemaError("REGISTRY_REFUSED", `schema registry: ${message}`);
}

/** Whether a status says nothing but that there is no answer now. */
export function isAway(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

interface RegistryError {
  readonly error_code: number;
  readonly message: string;
}

function isRegistryError(json: unknown): json is RegistryError {
  return (
    typeof json === "object" &&
    json !== null &&
    typeof Reflect.get(json, "error_code") === "number" &&
    typeof Reflect.get(json, "message") === "string"
  );
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(response)) {
    length += chunk.byteLength;
    if (length > ANSWER_BYTES_MAX) {
      throw new SchemaError("REGISTRY_REFUSED", "schema registry: its answer is too large");
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function chunksOf(response: Response): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  // The platform's types leave the chunks untyped.
  return (response.body as AsyncIterable<Uint8Array> | null) ?? [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not the registry's words: the caller judges by status.
    return undefined;
  }
}

function basic(auth: Credentials): string {
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
}

/** fetch says "fetch failed" and keeps the reason in the cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return reasonOf(cause instanceof Error && cause.message !== "" ? cause : error);
}
