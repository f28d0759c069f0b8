/** Every error that leaves the server as a reply, Fastify's own included, becomes a problem. */
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import { problemBody, problemHeaders, Refusal, type ProblemKind } from "./problem.ts";
import { assertHost } from "./request-headers.ts";

const KIND_BY_STATUS: Readonly<Record<number, ProblemKind>> = {
  400: "malformed-request",
  404: "not-found",
  408: "timeout",
  413: "body-too-large",
  414: "malformed-request",
  415: "media-type-unsupported",
};

/** Sends a refusal. */
export function sendRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): void {
  void reply
    .code(refusal.status)
    .headers(problemHeaders(refusal))
    .send(problemBody(refusal, request.id));
}

/** An error of the framework, or one that nobody expected, as a refusal. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const status = statusOf(error);
  const kind = KIND_BY_STATUS[status];
  const said = error instanceof Error ? error.message : String(error);
  if (kind !== undefined) return new Refusal(kind, said, { cause: error });
  return new Refusal("internal", "see the gateway's log", { cause: error });
}

/**
 * Handles errors of handlers and hooks, and requests that no route takes, before any of their body is read. The server
 * must be made with `requireHostHeader: false`: its own answer to a missing host is no problem.
 */
export function installProblems(app: FastifyInstance): void {
  app.server.on("checkExpectation", (_request, response) => answerExpectation(response));
  app.setErrorHandler((error, request, reply) => sendRefusal(toRefusal(error), request, reply));
  app.addHook(
    "onRequest",
    throwing((request) => {
      assertHost(request.raw);
      if (request.is404) throw nothingHere(app, request);
    }),
  );
}

/** A hook that ends the request by throwing; Fastify itself takes errors of a synchronous hook by callback only. */
export function throwing(
  look: (request: FastifyRequest, reply: FastifyReply) => void,
): onRequestHookHandler {
  return (request, reply, done) => {
    try {
      look(request, reply);
      done();
    } catch (error) {
      done(toRefusal(error));
    }
  };
}

/** Node answers 100-continue itself; whatever else is expected of the server never becomes a request. */
function answerExpectation(response: ServerResponse): void {
  const refusal = new Refusal(
    "expectation-failed",
    "the only expectation that is met is 100-continue",
    {
      headers: { connection: "close" },
    },
  );
  response.writeHead(refusal.status, problemHeaders(refusal)).end(problemBody(refusal, null));
}

function nothingHere(app: FastifyInstance, { url }: FastifyRequest): Refusal {
  const path = url.split("?", 1).join();
  const allowed = ["GET", "HEAD", "POST"].filter((method) => app.hasRoute({ method, url: path }));
  if (allowed.length === 0) return new Refusal("not-found", "see POST /v1/events");
  const allow = allowed.join(", ");
  return new Refusal("method-not-allowed", `use ${allow}`, { headers: { allow } });
}

function statusOf(error: unknown): number {
  const status: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, "statusCode") : undefined;
  return typeof status === "number" ? status : 500;
}
