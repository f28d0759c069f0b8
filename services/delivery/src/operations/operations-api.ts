/** `/v1`: what this process knows of its targets, and the document of that (openapi/). Read only: what is wanted of them goes over the control topic. */
import type { TargetView } from "@millrace/diagnosis";
import type { Access } from "./access.ts";
import { ruleAccess } from "./access.ts";
import { OPENAPI_DOCUMENT } from "./openapi/openapi-document.ts";

/** What the answers are made of. */
export interface OperationsSources {
  readonly access: Access;
  readonly targets: () => readonly TargetView[];
}

/** A request, as far as it matters. */
export interface OperationsRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** An answer: a document `{apiVersion, kind, items}`, the API's own, or a problem (RFC 9457). */
export interface OperationsReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** What all paths begin with. */
export const OPERATIONS_PREFIX = "/v1";

const TARGETS = `${OPERATIONS_PREFIX}/targets`;
const OPENAPI = `${OPERATIONS_PREFIX}/openapi.json`;

/** Answers a request. */
export function answerOperations(
  { method, path, authorization }: OperationsRequest,
  { access, targets }: OperationsSources,
): OperationsReply {
  const ruling = ruleAccess(access, authorization);
  if (ruling === "unauthorized") return UNAUTHORIZED;
  if (ruling === "closed") return CLOSED;
  if (method !== "GET") return NOT_ALLOWED;
  if (path === TARGETS) return document("TargetStateList", targets());
  if (path === OPENAPI) return json(OPENAPI_DOCUMENT);
  const name = path.startsWith(`${TARGETS}/`) ? path.slice(TARGETS.length + 1) : null;
  if (name === null) return notFound(`see ${TARGETS}, ${OPENAPI}`);
  const found = targets().filter((target) => target.name === name);
  if (found.length > 0) return document("TargetState", found);
  const known = targets().map((target) => target.name);
  return notFound(`no target ${name} runs here; there are: ${known.join(", ")}`);
}

const UNAUTHORIZED = problem(
  { status: 401, title: "Unauthorized", detail: "say Authorization: Bearer <token>" },
  { "www-authenticate": "Bearer" },
);
const CLOSED = problem({
  status: 403,
  title: "Forbidden",
  detail: "this process listens beyond its machine without a token: set MILLRACE_ADMIN_TOKEN",
});
const NOT_ALLOWED = problem(
  { status: 405, title: "Method Not Allowed", detail: "only GET: the state is read here" },
  { allow: "GET" },
);

function notFound(detail: string): OperationsReply {
  return problem({ status: 404, title: "Not Found", detail });
}

function document(kind: string, items: readonly TargetView[]): OperationsReply {
  return json({ apiVersion: "millrace/v1", kind, items });
}

function json(body: object): OperationsReply {
  return { status: 200, headers: { "content-type": "application/json" }, body };
}

function problem(
  body: { readonly status: number; readonly title: string; readonly detail: string },
  headers: Readonly<Record<string, string>> = {},
): OperationsReply {
  const type = { "content-type": "application/problem+json" };
  return { status: body.status, headers: { ...type, ...headers }, body };
}
