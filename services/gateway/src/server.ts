/**
 * The HTTP side: routes and limits. Whatever ends in an error is answered as an RFC 9457 problem.
 *
 * Order of a request to emit: its headers are looked at, the key is checked, form and size are judged, bytes are taken
 * from the budget; only then is the body read, parsed, checked whole, and emitted.
 */
import type { Server } from "node:http";
import {
  fastify,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { Telemetry, TraceContext } from "@millrace/engine";
import type { Emitter, Receipt } from "@millrace/emitter";
import { uuidV7, type Catalog, type EventContracts } from "@millrace/schemas";
import { admit, type Access } from "./access.ts";
import type { ApiKey } from "./api-key.ts";
import { ByteBudget } from "./byte-budget.ts";
import { callerTrace } from "./caller-trace.ts";
import { answerClientError } from "./client-error.ts";
import { addHealthRoutes } from "./health-routes.ts";
import { ingest } from "./ingest.ts";
import { BODY_BYTES_MAX, eventFormOf, type EventForm } from "./media-type.ts";
import { installProblems, sendRefusal, throwing, toRefusal } from "./problem-replies.ts";
import { Refusal } from "./problem.ts";
import type { Readiness } from "./readiness.ts";
import { assertPlainHeaders } from "./request-headers.ts";
import { IngestInstruments, RequestReport } from "./request-report.ts";

/** Times and sizes of the server. */
export interface ServerLimits {
  /** Bytes of bodies in work at most. Default 64 MiB. */
  readonly inFlightBytesMax: number;
  /** From a connection or request's first byte to the end of its headers, ms. Default 10,000. */
  readonly headersTimeoutMs: number;
  /** To the end of its body, ms. Default 30,000. */
  readonly requestTimeoutMs: number;
}

/** The defaults of {@link ServerLimits}. */
export const SERVER_LIMITS: ServerLimits = {
  inFlightBytesMax: 64 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
};

/** What a server works with. */
export interface ServerPorts {
  readonly access: Access;
  readonly readiness: Readiness;
  readonly catalog: Catalog;
  readonly telemetry: Telemetry;
}

/** How far a request to emit has come. */
interface Work {
  readonly report: RequestReport;
  readonly caller: TraceContext | null;
  readonly span: TraceContext | null;
  readonly key: ApiKey | null;
  readonly form: EventForm;
  readonly emitter: Emitter<EventContracts>;
}

/** A server that does not listen yet. */
export function createServer(
  ports: ServerPorts,
  limits: ServerLimits = SERVER_LIMITS,
): FastifyInstance {
  const app = fastify(serverOptions(limits));
  // Without it headers beyond the 2,000th would vanish silently; their count is judged with the request.
  app.server.maxHeadersCount = 0;
  installProblems(app);
  endConnectionsWhenStopping(app, ports.readiness);
  addHealthRoutes(app, { notReady: () => ports.readiness.reasons() });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  new IngestRoute(ports, limits).addTo(app);
  return app;
}

/** Closing a server ends idle connections only: one that is answered afterwards would stay open and hold the end up. */
function endConnectionsWhenStopping(app: FastifyInstance, readiness: Readiness): void {
  app.addHook("onSend", (_request, reply, ...[payload, done]) => {
    if (readiness.isStopping) void reply.header("connection", "close");
    done(null, payload);
  });
}

function serverOptions(limits: ServerLimits): FastifyHttpOptions<Server> {
  return {
    logger: false,
    bodyLimit: Math.max(...Object.values(BODY_BYTES_MAX)),
    requestTimeout: limits.requestTimeoutMs,
    // A connection that is silent for so long is gone.
    connectionTimeout: 2 * limits.requestTimeoutMs,
    forceCloseConnections: "idle",
    // Its own answer is no problem document; the route refuses for itself while stopping.
    return503OnClosing: false,
    genReqId: () => uuidV7(Date.now()),
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => sendRefusal(toRefusal(error), request, reply),
    http: {
      requireHostHeader: false,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
    },
  };
}

/** `POST /v1/events`. */
class IngestRoute {
  readonly #ports: ServerPorts;
  readonly #instruments: IngestInstruments;
  readonly #budget: ByteBudget;
  readonly #reports = new WeakMap<FastifyRequest, RequestReport>();
  readonly #works = new WeakMap<FastifyRequest, Work>();

  constructor(ports: ServerPorts, { inFlightBytesMax }: ServerLimits) {
    this.#ports = ports;
    this.#instruments = new IngestInstruments(ports.telemetry);
    this.#budget = new ByteBudget(inFlightBytesMax);
  }

  addTo(app: FastifyInstance): void {
    app.post("/v1/events", {
      onRequest: throwing((request, reply) => this.#begin(request, reply)),
      handler: (request, reply) => this.#emit(request, reply),
      errorHandler: (error, request, reply) => {
        const refusal = toRefusal(error);
        this.#reports.get(request)?.refused(refusal);
        if (refusal.kind === "brokers-unavailable") this.#ports.readiness.suspectBrokers();
        sendRefusal(refusal, request, reply);
      },
    });
  }

  /** By the headers alone; nothing of the body has been read. */
  #begin(request: FastifyRequest, reply: FastifyReply): void {
    const { access, readiness, telemetry } = this.#ports;
    const caller = callerTrace(request.headers);
    const span = telemetry.startSpan("POST /v1/events", {
      kind: "server",
      parent: caller,
      attributes: () => ({ "http.request.method": "POST", "http.route": "/v1/events" }),
    });
    const report = new RequestReport(this.#instruments, { span, requestId: request.id });
    this.#reports.set(request, report);
    reply.raw.once("close", () => {
      report.end(reply.raw.statusCode, reply.raw.writableFinished ? "answered" : "cut off");
    });
    assertPlainHeaders(request.raw.rawHeaders);
    const key = admit(access, request.headers, Date.now());
    report.admitted(key);
    const emitter = readiness.emitterOrRefusal();
    const form = eventFormOf(request.headers);
    reply.raw.once("close", this.#budget.take(announcedBytes(request, form)));
    this.#works.set(request, { report, caller, span: span.context, key, form, emitter });
  }

  async #emit(request: FastifyRequest, reply: FastifyReply): Promise<string> {
    const work = this.#works.get(request);
    if (work === undefined) throw new Error("a request came to its handler without its beginning");
    const { catalog } = this.#ports;
    const { headers, body } = request;
    const bytes = body instanceof Uint8Array ? body : new Uint8Array();
    const result = await ingest({ ...work, headers, body: bytes }, { ...work, catalog });
    work.report.accepted(result);
    const [first] = result.receipts;
    if (!result.isBatch && first !== undefined) void reply.header("location", locationOf(first));
    void reply.code(202).type("application/json");
    return JSON.stringify({ accepted: result.receipts.map((receipt) => wireReceipt(receipt)) });
  }
}

/** What the body takes at most. @throws Refusal `body-too-large`. */
function announcedBytes({ headers }: FastifyRequest, form: EventForm): number {
  const bytesMax = BODY_BYTES_MAX[form];
  const length = headers["content-length"];
  if (length === undefined) return Math.max(...Object.values(BODY_BYTES_MAX));
  if (Number(length) <= bytesMax) return Number(length);
  const detail = `a body of this form may have ${bytesMax} bytes, this one has ${length}`;
  throw new Refusal("body-too-large", detail, { headers: { connection: "close" } });
}

function locationOf({ source, id }: Receipt): string {
  return `/v1/events/${encodeURIComponent(source)}/${encodeURIComponent(id)}`;
}

/** Offsets are 64-bit, which JSON's numbers are not. */
function wireReceipt({ id, source, type, topic, partition, offset }: Receipt): object {
  return { id, source, type, topic, partition, offset: String(offset) };
}
