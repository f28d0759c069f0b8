/**
 * Errors over HTTP: RFC 9457 problem details. `type` is a stable name, `urn:millrace:problem:<kind>`; the README has a
 * row for each. No stack trace, no payload value and no secret ever stands in one.
 */

/** One thing wrong with a request, and where: an RFC 6901 pointer into its body, or the name of a header. */
export type ProblemPlace = { readonly pointer: string } | { readonly header: string };

/** A place and what is wrong there. */
export type ProblemError = ProblemPlace & { readonly detail: string };

interface ProblemFact {
  readonly status: number;
  readonly title: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number;
}

const fact = (status: number, title: string, retryAfter?: number): ProblemFact => ({
  status,
  title,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

/** Every problem the gateway answers with. */
export const PROBLEMS = {
  "malformed-request": fact(400, "The request is not valid HTTP"),
  "malformed-body": fact(400, "The body cannot be read"),
  "event-invalid": fact(400, "An event is not valid"),
  "event-type-unknown": fact(400, "The catalog has no such event type"),
  unauthenticated: fact(401, "An API key is needed"),
  forbidden: fact(403, "The API key does not allow this"),
  "not-found": fact(404, "There is nothing here"),
  "method-not-allowed": fact(405, "This method is not for this path"),
  timeout: fact(408, "The request did not arrive in time"),
  "body-too-large": fact(413, "The body is too large"),
  "event-too-large": fact(413, "An event is too large"),
  "media-type-unsupported": fact(415, "The body's media type is not supported"),
  "expectation-failed": fact(417, "What is expected of the server cannot be met"),
  "wrong-host": fact(421, "This host name is not served here"),
  "event-refused": fact(422, "The brokers refused an event for good"),
  "headers-too-large": fact(431, "The headers are too large"),
  internal: fact(500, "The gateway failed"),
  overloaded: fact(503, "The gateway holds its most", 1),
  "brokers-unavailable": fact(503, "The brokers do not acknowledge", 5),
  "not-ready": fact(503, "The gateway is not ready", 5),
  stopping: fact(503, "The gateway is stopping", 1),
} as const satisfies Record<string, ProblemFact>;

/** A kind of problem. */
export type ProblemKind = keyof typeof PROBLEMS;

/** What a refusal says besides its kind. */
export interface RefusalOptions {
  readonly errors?: readonly ProblemError[];
  /** Headers of the answer, such as `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Characters of a text that may quote names the sender made up; longer ones would be theirs to fill logs with. */
const TEXT_LENGTH_MAX = 500;

/** A text cut to what an answer or a log line takes. */
export function clipped(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`;
}

function clippedError(error: ProblemError): ProblemError {
  const detail = clipped(error.detail);
  return "pointer" in error
    ? { pointer: clipped(error.pointer), detail }
    : { header: clipped(error.header), detail };
}

/** Ends a request with a problem. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly kind: ProblemKind;
  readonly errors: readonly ProblemError[];
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, unknown>>;

  /** @param detail what is wrong with this request, for its sender. */
  constructor(kind: ProblemKind, detail: string, options: RefusalOptions = {}) {
    super(clipped(detail), options.cause === undefined ? {} : { cause: options.cause });
    this.kind = kind;
    this.errors = (options.errors ?? []).map((error) => clippedError(error));
    this.headers = options.headers ?? {};
    this.members = options.members ?? {};
  }

  get status(): number {
    return PROBLEMS[this.kind].status;
  }
}

/** The media type of problems. */
export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** The answer's headers: its own, and Retry-After where trying again makes sense. */
export function problemHeaders({ kind, headers }: Refusal): Readonly<Record<string, string>> {
  const { retryAfter }: ProblemFact = PROBLEMS[kind];
  return {
    "content-type": PROBLEM_MEDIA_TYPE,
    "cache-control": "no-store",
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
    ...headers,
  };
}

/** The answer's body. `instance` names the request; its log line has the same id. */
export function problemBody(refusal: Refusal, requestId: string | null): string {
  const { kind, message, errors, members } = refusal;
  const { status, title } = PROBLEMS[kind];
  return JSON.stringify({
    type: `urn:millrace:problem:${kind}`,
    title,
    status,
    detail: message,
    ...(requestId === null ? {} : { instance: `urn:uuid:${requestId}` }),
    ...(errors.length === 0 ? {} : { errors }),
    ...members,
  });
}
