import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  answerOperations,
  OPERATIONS_PREFIX,
  type OperationsSources,
} from "./operations/operations-api.ts";

/** What the admin server answers from. */
export interface AdminSources {
  /** Why the process is not ready; empty when it is. */
  readonly notReady: () => readonly string[];
  /** Metrics in Prometheus text format. */
  readonly metrics: () => Promise<string>;
  readonly operations: OperationsSources;
}

/** `/livez`, `/readyz`, `/metrics` and `/v1` of one process. */
export interface AdminServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens.
 * @throws Error with `code` `EADDRINUSE` when the port is taken.
 */
export async function startAdminServer(
  sources: AdminSources,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<AdminServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    reply(request, sources).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, { status: 500, type: "text/plain", body: String(error) }),
    );
  });
  await listen(server, host, port);
  const bound = server.address();
  const boundPort = typeof bound === "object" && bound !== null ? bound.port : port;
  return { host, port: boundPort, close: () => close(server) };
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function reply(request: IncomingMessage, sources: AdminSources): Promise<Reply> {
  const path = (request.url ?? "/").split("?", 1).join();
  if (path.startsWith(`${OPERATIONS_PREFIX}/`)) return operationsReply(request, path, sources);
  if (path === "/livez") return { status: 200, type: "text/plain", body: "ok\n" };
  if (path === "/metrics") {
    const body = await sources.metrics();
    return { status: 200, type: "text/plain; version=0.0.4", body };
  }
  if (path === "/readyz") {
    const reasons = sources.notReady();
    const body = JSON.stringify({ status: reasons.length === 0 ? "ready" : "waiting", reasons });
    return { status: reasons.length === 0 ? 200 : 503, type: "application/json", body };
  }
  const detail = "see /livez, /readyz, /metrics, /v1/targets, /v1/openapi.json";
  const problem = { title: "Not Found", status: 404, detail };
  return { status: 404, type: "application/problem+json", body: JSON.stringify(problem) };
}

function operationsReply(
  { method = "GET", headers: { authorization } }: IncomingMessage,
  path: string,
  { operations }: AdminSources,
): Reply {
  const answer = answerOperations({ method, path, authorization }, operations);
  const { "content-type": type = "application/json", ...headers } = answer.headers;
  return { status: answer.status, type, headers, body: JSON.stringify(answer.body) };
}

function send(response: ServerResponse, { status, type, body, headers = {} }: Reply): void {
  const all = { ...headers, "content-type": type, "cache-control": "no-store" };
  response.writeHead(status, all).end(body);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
